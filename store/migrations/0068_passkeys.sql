-- A passkey may sign in by itself.
-- <PostgreSQL>
ALTER TABLE sessions DROP CONSTRAINT sessions_method_check;
ALTER TABLE sessions ADD CONSTRAINT sessions_method_check CHECK (method IN ('', 'push', 'app', 'sms', 'call', 'recovery', 'passkey'));
-- </PostgreSQL>
-- <SQLite>
-- The table is made anew, see 0012.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE sessions_before AS SELECT * FROM sessions ORDER BY rowid;
DROP TABLE sessions;
CREATE TABLE sessions (
  id              TEXT    PRIMARY KEY, -- no credential: the cookie holds another
  user_id         INTEGER NOT NULL REFERENCES users (id),
  level           INTEGER NOT NULL CHECK (level IN (1, 2)),
  method          TEXT    NOT NULL DEFAULT '' CHECK (method IN ('', 'push', 'app', 'sms', 'call', 'recovery', 'passkey')),
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
  place           TEXT    NOT NULL DEFAULT '',
  network         TEXT    NOT NULL DEFAULT '',
  fresh_until     INTEGER NOT NULL DEFAULT 0,
  code_at         INTEGER NOT NULL DEFAULT 0,
  -- nobody is signed in without having passed a second step
  CHECK ((level = 2) = (method <> ''))
) STRICT;
INSERT INTO sessions (
  id, user_id, level, method, ip, user_agent, created_at, last_seen, expires_at, ended_at, end_reason, replaced_by,
  approval_id, latency, code_tries, code_via, revision, form, used_at, code_state, unanswered_code, device,
  resets_password, place, network, fresh_until, code_at
)
SELECT
  id, user_id, level, method, ip, user_agent, created_at, last_seen, expires_at, ended_at, end_reason, replaced_by,
  approval_id, latency, code_tries, code_via, revision, form, used_at, code_state, unanswered_code, device,
  resets_password, place, network, fresh_until, code_at
FROM sessions_before
ORDER BY rowid;
DROP TABLE sessions_before;
CREATE INDEX sessions_user ON sessions (user_id) WHERE ended_at IS NULL;
CREATE INDEX sessions_old ON sessions (expires_at) WHERE ended_at IS NULL;
CREATE INDEX sessions_idle ON sessions (last_seen) WHERE ended_at IS NULL AND level = 2;
CREATE INDEX sessions_over ON sessions ((COALESCE(ended_at, expires_at)));
CREATE INDEX sessions_network ON sessions (user_id, network) WHERE level = 2;
CREATE INDEX sessions_device ON sessions (device);
-- </SQLite>
