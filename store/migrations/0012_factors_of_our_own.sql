-- Authenticator apps whose secrets are ours, and are checked here.
CREATE TABLE authenticators (
  id         TEXT    PRIMARY KEY,
  user_id    INTEGER NOT NULL REFERENCES users (id),
  name       TEXT    NOT NULL,
  secret     BLOB    NOT NULL, -- sealed
  created_at INTEGER NOT NULL,
  proved_at  INTEGER, -- by its first code; until then it counts for nothing
  last_step  INTEGER NOT NULL DEFAULT 0, -- of the last code that was taken
  used_at    INTEGER
) STRICT;

CREATE INDEX authenticators_user ON authenticators (user_id);
CREATE INDEX authenticators_unproved ON authenticators (created_at) WHERE proved_at IS NULL;

CREATE TABLE recovery_codes (
  user_id    INTEGER NOT NULL REFERENCES users (id),
  hash       BLOB    NOT NULL, -- keyed
  created_at INTEGER NOT NULL,
  used_at    INTEGER,
  PRIMARY KEY (user_id, hash)
) STRICT;

-- Recovery codes were made, or the offer declined: it is made once.
ALTER TABLE users ADD COLUMN codes_offered_at INTEGER;

-- Of a sign-in that began with a recovery code in the place of a forgotten
-- password.
ALTER TABLE sessions ADD COLUMN resets_password INTEGER NOT NULL DEFAULT 0 CHECK (resets_password IN (0, 1));

-- An earlier version showed the secret that the provider keeps for a phone to
-- every account with its number, and left no line about it. So every phone from
-- before may have one that was carried away: the provider replaces it, unseen,
-- before it checks the next code.
ALTER TABLE factors ADD COLUMN secret_shown INTEGER NOT NULL DEFAULT 0 CHECK (secret_shown IN (0, 1));
ALTER TABLE factors ADD COLUMN secret_replaced_at INTEGER;
UPDATE factors SET secret_shown = 1;

-- Another phone, on its way into the place of the one that an account has.
CREATE TABLE phone_changes (
  id           TEXT    PRIMARY KEY,
  user_id      INTEGER NOT NULL REFERENCES users (id),
  session_id   TEXT    NOT NULL, -- that asked for it
  handle       TEXT    NOT NULL DEFAULT '', -- '' until the provider knows it
  phone_number TEXT    NOT NULL,
  country_code INTEGER NOT NULL,
  number       TEXT    NOT NULL DEFAULT '', -- to compare with what the new phone shows
  request_id   TEXT    UNIQUE CHECK (request_id <> ''), -- the provider's
  created_at   INTEGER NOT NULL,
  allowed_at   INTEGER, -- by the old phone, or a recovery code
  ready_at     INTEGER, -- when it takes effect, at the earliest
  expires_at   INTEGER NOT NULL, -- until when the phone that is asked can answer
  proved_at    INTEGER, -- the new phone has approved
  ended_at     INTEGER,
  outcome      TEXT    NOT NULL DEFAULT '' CHECK (outcome IN ('', 'changed', 'stopped', 'denied', 'expired', 'replaced', 'closed')),
  CHECK ((allowed_at IS NULL) = (ready_at IS NULL)),
  CHECK (proved_at IS NULL OR allowed_at IS NOT NULL),
  CHECK ((ended_at IS NULL) = (outcome = ''))
) STRICT;

CREATE UNIQUE INDEX phone_changes_one ON phone_changes (user_id) WHERE ended_at IS NULL;
CREATE INDEX phone_changes_ready ON phone_changes (ready_at) WHERE ended_at IS NULL AND proved_at IS NOT NULL;
CREATE INDEX phone_changes_ended ON phone_changes (ended_at) WHERE ended_at IS NOT NULL;

-- A recovery code is one more way to pass the second step. The check of a column
-- that another check names can be changed only in the text of the table, as
-- described in "Making Other Kinds Of Table Schema Changes" of SQLite's manual.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema
SET sql = replace(sql, '''push'', ''app'', ''sms'', ''call'')', '''push'', ''app'', ''sms'', ''call'', ''recovery'')')
WHERE type = 'table' AND name = 'sessions';
PRAGMA writable_schema = RESET;
