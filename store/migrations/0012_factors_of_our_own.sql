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

-- A recovery code is one more way to pass the second step, and begins a sign-in in
-- the place of a forgotten password.
-- <PostgreSQL>
ALTER TABLE sessions DROP CONSTRAINT sessions_method_check;
ALTER TABLE sessions ADD CONSTRAINT sessions_method_check CHECK (method IN ('', 'push', 'app', 'sms', 'call', 'recovery'));
ALTER TABLE sessions ADD COLUMN resets_password INTEGER NOT NULL DEFAULT 0 CHECK (resets_password IN (0, 1));
-- </PostgreSQL>
-- <SQLite>
-- The check of a column that another check names can neither be changed nor dropped, so
-- the table is made anew. That foreign keys point to it counts at the commit, when all
-- rows are back.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE sessions_before AS SELECT * FROM sessions ORDER BY rowid;
DROP TABLE sessions;
CREATE TABLE sessions (
  id              TEXT    PRIMARY KEY, -- no credential: the cookie holds another
  user_id         INTEGER NOT NULL REFERENCES users (id),
  level           INTEGER NOT NULL CHECK (level IN (1, 2)),
  method          TEXT    NOT NULL DEFAULT '' CHECK (method IN ('', 'push', 'app', 'sms', 'call', 'recovery')),
  ip              TEXT    NOT NULL,
  user_agent      TEXT    NOT NULL,
  created_at      INTEGER NOT NULL,
  last_seen       INTEGER NOT NULL, -- exact to a minute
  expires_at      INTEGER NOT NULL,
  ended_at        INTEGER,
  end_reason      TEXT    NOT NULL DEFAULT '',
  replaced_by     TEXT    NOT NULL DEFAULT '',
  approval_id     TEXT    NOT NULL DEFAULT '', -- what was consumed for it
  latency         INTEGER NOT NULL DEFAULT 0,  -- milliseconds from the decision to the door
  code_tries      INTEGER NOT NULL DEFAULT 0,
  code_via        TEXT    NOT NULL DEFAULT '' CHECK (code_via IN ('', 'sms', 'call')),
  revision        INTEGER NOT NULL DEFAULT 0,
  form            TEXT    NOT NULL DEFAULT '', -- digest of the form's token
  used_at         INTEGER,
  code_state      TEXT    NOT NULL DEFAULT '' CHECK (code_state IN ('', 'sent', 'ignored', 'failed', 'unconfirmed')),
  unanswered_code TEXT    NOT NULL DEFAULT '', -- hash of the last code whose check got no answer
  device          TEXT    NOT NULL DEFAULT '',
  resets_password INTEGER NOT NULL DEFAULT 0 CHECK (resets_password IN (0, 1)),
  -- nobody is signed in without having passed a second step
  CHECK ((level = 2) = (method <> ''))
) STRICT;
INSERT INTO sessions (
  id, user_id, level, method, ip, user_agent, created_at, last_seen, expires_at, ended_at, end_reason, replaced_by,
  approval_id, latency, code_tries, code_via, revision, form, used_at, code_state, unanswered_code, device
)
SELECT
  id, user_id, level, method, ip, user_agent, created_at, last_seen, expires_at, ended_at, end_reason, replaced_by,
  approval_id, latency, code_tries, code_via, revision, form, used_at, code_state, unanswered_code, device
FROM sessions_before
ORDER BY rowid;
DROP TABLE sessions_before;
CREATE INDEX sessions_user ON sessions (user_id) WHERE ended_at IS NULL;
CREATE INDEX sessions_old ON sessions (expires_at) WHERE ended_at IS NULL;
CREATE INDEX sessions_idle ON sessions (last_seen) WHERE ended_at IS NULL AND level = 2;
CREATE INDEX sessions_over ON sessions ((COALESCE(ended_at, expires_at)));
-- </SQLite>
