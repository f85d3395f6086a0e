-- Times are unix milliseconds in UTC. Booleans are 0 and 1.

CREATE TABLE users (
  id            INTEGER PRIMARY KEY,
  name          TEXT    NOT NULL,
  email         TEXT    NOT NULL,
  -- what e-mails are compared by: folded, so that case does not matter
  email_key     TEXT    NOT NULL UNIQUE,
  password_hash TEXT    NOT NULL,
  country_code  INTEGER NOT NULL,
  phone_number  TEXT    NOT NULL, -- E.164
  -- not unique: the provider gives one id to a phone, and two may share it
  authy_id      INTEGER NOT NULL,
  created_at    INTEGER NOT NULL,
  closed_at     INTEGER
) STRICT;

CREATE TABLE sessions (
  id          TEXT    PRIMARY KEY, -- no credential: the cookie holds another
  user_id     INTEGER NOT NULL REFERENCES users (id),
  level       INTEGER NOT NULL CHECK (level IN (1, 2)),
  method      TEXT    NOT NULL DEFAULT '',
  ip          TEXT    NOT NULL,
  user_agent  TEXT    NOT NULL,
  created_at  INTEGER NOT NULL,
  last_seen   INTEGER NOT NULL,
  expires_at  INTEGER NOT NULL,
  ended_at    INTEGER,
  end_reason  TEXT    NOT NULL DEFAULT '',
  replaced_by TEXT    NOT NULL DEFAULT '',
  approval_id TEXT    NOT NULL DEFAULT '',
  latency     INTEGER NOT NULL DEFAULT 0,
  code_tries  INTEGER NOT NULL DEFAULT 0,
  code_via    TEXT    NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX sessions_user ON sessions (user_id) WHERE ended_at IS NULL;

CREATE TABLE approvals (
  id          TEXT    PRIMARY KEY,
  uuid        TEXT    UNIQUE, -- the provider's, known once it has replied
  kind        TEXT    NOT NULL CHECK (kind IN ('login', 'transfer')),
  session_id  TEXT    NOT NULL REFERENCES sessions (id),
  user_id     INTEGER NOT NULL REFERENCES users (id),
  authy_id    INTEGER NOT NULL,
  status      TEXT    NOT NULL CHECK (status IN ('pending', 'approved', 'denied', 'expired', 'cancelled')),
  reason      TEXT    NOT NULL DEFAULT '',
  number      TEXT    NOT NULL,
  subject     TEXT    NOT NULL DEFAULT '',
  created_at  INTEGER NOT NULL,
  expires_at  INTEGER NOT NULL,
  decided_at  INTEGER,
  decided_via TEXT    NOT NULL DEFAULT '',
  asked_at    INTEGER, -- the provider was asked near the deadline
  consumed_at INTEGER,
  CHECK (consumed_at IS NULL OR status = 'approved')
) STRICT;

-- Never two phones ringing for one user.
CREATE UNIQUE INDEX approvals_one_pending ON approvals (user_id, kind) WHERE status = 'pending';
CREATE INDEX approvals_session ON approvals (session_id, kind, created_at);
CREATE INDEX approvals_due ON approvals (expires_at) WHERE status = 'pending';
CREATE INDEX approvals_user ON approvals (authy_id, created_at);

-- Callbacks that were accepted, so that the same delivery counts once.
CREATE TABLE receipts (
  receipt TEXT    PRIMARY KEY,
  at      INTEGER NOT NULL
) STRICT;

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
  id           TEXT    PRIMARY KEY,
  user_id      INTEGER NOT NULL REFERENCES users (id),
  session_id   TEXT    NOT NULL REFERENCES sessions (id),
  approval_id  TEXT    NOT NULL UNIQUE REFERENCES approvals (id),
  payee        TEXT    NOT NULL,
  amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
  currency     TEXT    NOT NULL,
  created_at   INTEGER NOT NULL,
  executed_at  INTEGER
) STRICT;

CREATE INDEX transfers_user ON transfers (user_id, created_at);

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
