-- A browser that has completed a sign-in is known to the account from then on, also
-- after it has signed out. It has one cookie for all its accounts, and a row for
-- each of them; what is taken back is deleted.
CREATE TABLE devices (
  id           INTEGER PRIMARY KEY,
  user_id      INTEGER NOT NULL REFERENCES users (id),
  device       TEXT    NOT NULL CHECK (device <> ''), -- hash of what the cookie holds
  ip           TEXT    NOT NULL, -- of the sign-in that made it known, as is the next
  user_agent   TEXT    NOT NULL,
  created_at   INTEGER NOT NULL,
  last_used_at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX devices_known ON devices (device, user_id);
CREATE INDEX devices_of_user ON devices (user_id, last_used_at);
CREATE INDEX devices_unused ON devices (last_used_at);

-- The browser of a session, '' for one without such a cookie.
ALTER TABLE sessions ADD COLUMN device TEXT NOT NULL DEFAULT '';
