-- Times are unix milliseconds in UTC.

CREATE TABLE users (
  id            INTEGER PRIMARY KEY,
  name          TEXT    NOT NULL,
  email         TEXT    NOT NULL,
  -- what e-mails are compared by, so that case does not matter; NULL once closed
  email_key     TEXT    UNIQUE,
  password_hash TEXT    NOT NULL,
  country_code  INTEGER NOT NULL,
  phone_number  TEXT    NOT NULL, -- E.164
  -- not unique: the provider gives one id to a phone, and two may share it
  authy_id      INTEGER NOT NULL,
  created_at    INTEGER NOT NULL,
  closed_at     INTEGER,
  CHECK ((email_key IS NULL) = (closed_at IS NOT NULL))
) STRICT;

CREATE TABLE sessions (
  id          TEXT    PRIMARY KEY, -- no credential: the cookie holds another
  user_id     INTEGER NOT NULL REFERENCES users (id),
  level       INTEGER NOT NULL CHECK (level IN (1, 2)),
  method      TEXT    NOT NULL DEFAULT '' CHECK (method IN ('', 'push', 'app', 'sms', 'call')),
  ip          TEXT    NOT NULL,
  user_agent  TEXT    NOT NULL,
  created_at  INTEGER NOT NULL,
  last_seen   INTEGER NOT NULL, -- exact to a minute
  expires_at  INTEGER NOT NULL,
  ended_at    INTEGER,
  end_reason  TEXT    NOT NULL DEFAULT '',
  replaced_by TEXT    NOT NULL DEFAULT '',
  approval_id TEXT    NOT NULL DEFAULT '', -- what was consumed for it
  latency     INTEGER NOT NULL DEFAULT 0,  -- milliseconds from the decision to the door
  code_tries  INTEGER NOT NULL DEFAULT 0,
  code_via    TEXT    NOT NULL DEFAULT '' CHECK (code_via IN ('', 'sms', 'call')),
  -- nobody is signed in without having passed a second step
  CHECK ((level = 2) = (method <> ''))
) STRICT;

CREATE INDEX sessions_user ON sessions (user_id) WHERE ended_at IS NULL;
CREATE INDEX sessions_old ON sessions (expires_at) WHERE ended_at IS NULL;
CREATE INDEX sessions_idle ON sessions (last_seen) WHERE ended_at IS NULL AND level = 2;

CREATE TABLE approvals (
  seq         INTEGER PRIMARY KEY, -- the order they began in; a clock may go back
  id          TEXT    NOT NULL UNIQUE,
  uuid        TEXT    UNIQUE CHECK (uuid <> ''), -- the provider's, known once it has replied
  kind        TEXT    NOT NULL CHECK (kind IN ('login', 'transfer')),
  session_id  TEXT    NOT NULL REFERENCES sessions (id),
  user_id     INTEGER NOT NULL REFERENCES users (id),
  authy_id    INTEGER NOT NULL,
  status      TEXT    NOT NULL CHECK (status IN ('pending', 'approved', 'denied', 'expired', 'cancelled')),
  reason      TEXT    NOT NULL DEFAULT '',
  number      TEXT    NOT NULL,
  subject     TEXT    NOT NULL DEFAULT '', -- digest of what the phone shows of a transfer
  created_at  INTEGER NOT NULL,
  expires_at  INTEGER NOT NULL,
  decided_at  INTEGER,
  decided_via TEXT    NOT NULL DEFAULT '',
  asked_at    INTEGER, -- the provider was asked near the deadline
  consumed_at INTEGER,
  CHECK ((decided_at IS NULL) = (status = 'pending')),
  CHECK (consumed_at IS NULL OR status = 'approved')
) STRICT;

-- Never two phones ringing for one user.
CREATE UNIQUE INDEX approvals_one_pending ON approvals (user_id, kind) WHERE status = 'pending';
CREATE INDEX approvals_session ON approvals (session_id, kind, seq);
CREATE INDEX approvals_due ON approvals (expires_at) WHERE status = 'pending';
CREATE INDEX approvals_phone ON approvals (authy_id, kind, seq);

-- Callbacks that decided something, so that the same delivery counts once.
CREATE TABLE receipts (
  receipt TEXT    PRIMARY KEY,
  at      INTEGER NOT NULL
) STRICT;

CREATE INDEX receipts_old ON receipts (at);

CREATE TABLE password_failures (
  email_hash TEXT    NOT NULL, -- keyed: the list does not say whose
  ip         TEXT    NOT NULL,
  at         INTEGER NOT NULL
) STRICT;

CREATE INDEX password_failures_email ON password_failures (email_hash, at);
CREATE INDEX password_failures_ip ON password_failures (ip, at);

CREATE TABLE code_sends (
  user_id INTEGER NOT NULL REFERENCES users (id),
  via     TEXT    NOT NULL CHECK (via IN ('sms', 'call')),
  at      INTEGER NOT NULL
) STRICT;

CREATE INDEX code_sends_user ON code_sends (user_id, at);

CREATE TABLE code_tries (
  user_id INTEGER NOT NULL REFERENCES users (id),
  at      INTEGER NOT NULL
) STRICT;

CREATE INDEX code_tries_user ON code_tries (user_id, at);

CREATE TABLE used_codes (
  user_id   INTEGER NOT NULL REFERENCES users (id),
  code_hash TEXT    NOT NULL,
  at        INTEGER NOT NULL,
  PRIMARY KEY (user_id, code_hash)
) STRICT;

CREATE TABLE transfers (
  seq          INTEGER PRIMARY KEY,
  id           TEXT    NOT NULL UNIQUE,
  user_id      INTEGER NOT NULL REFERENCES users (id),
  session_id   TEXT    NOT NULL REFERENCES sessions (id),
  approval_id  TEXT    NOT NULL UNIQUE REFERENCES approvals (id),
  payee        TEXT    NOT NULL,
  amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
  currency     TEXT    NOT NULL,
  created_at   INTEGER NOT NULL,
  executed_at  INTEGER
) STRICT;

CREATE INDEX transfers_user ON transfers (user_id, seq);
CREATE INDEX transfers_session ON transfers (session_id);

CREATE TABLE events (
  id          INTEGER PRIMARY KEY,
  at          INTEGER NOT NULL,
  kind        TEXT    NOT NULL,
  user_id     INTEGER,
  session_id  TEXT    NOT NULL DEFAULT '',
  approval_id TEXT    NOT NULL DEFAULT '',
  detail      TEXT    NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX events_user ON events (user_id, id);

CREATE TABLE secrets (
  name  TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT;

-- One row, rewritten to find out whether the file can be written.
CREATE TABLE health (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  at INTEGER NOT NULL
) STRICT;
