-- What is shown only once has a page of its own, which a reload or the back button opens
-- again: recovery codes, sealed, for the session that has made them and for some minutes,
-- and which session may see the secret of an app that has shown no code yet.
CREATE TABLE shown_codes (
  user_id    INTEGER PRIMARY KEY REFERENCES users (id),
  session_id TEXT    NOT NULL UNIQUE,
  codes      BLOB    NOT NULL, -- sealed
  at         INTEGER NOT NULL
) STRICT;

CREATE INDEX shown_codes_at ON shown_codes (at);

ALTER TABLE authenticators ADD COLUMN shown_to TEXT NOT NULL DEFAULT '';

CREATE INDEX authenticators_shown ON authenticators (shown_to) WHERE proved_at IS NULL;
