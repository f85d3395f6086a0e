-- The simulated service. Times are milliseconds since 1970, UTC; 0 means "not"
-- (not yet answered, never expires, not removed).

CREATE TABLE IF NOT EXISTS settings (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS users (
  authy_id       INTEGER PRIMARY KEY,
  hex_id         TEXT    NOT NULL,
  email          TEXT    NOT NULL,
  country_code   INTEGER NOT NULL,
  phone_number   TEXT    NOT NULL,
  os             TEXT    NOT NULL,
  app_installed  INTEGER NOT NULL DEFAULT 1,
  confirmed      INTEGER NOT NULL DEFAULT 0,
  app_secret     TEXT    NOT NULL,
  generic_secret TEXT    NOT NULL DEFAULT '',
  created_at     INTEGER NOT NULL,
  removed_at     INTEGER NOT NULL DEFAULT 0,
  seq            INTEGER NOT NULL DEFAULT 0, -- order of registration
  UNIQUE (country_code, phone_number)
) STRICT;

-- Everybody who registered the number of a phone: people share one.
CREATE TABLE IF NOT EXISTS owners (
  seq      INTEGER PRIMARY KEY,
  authy_id INTEGER NOT NULL,
  email    TEXT    NOT NULL,
  UNIQUE (authy_id, email)
) STRICT;

-- Who scanned an application's QR code, by the application's own id.
CREATE TABLE IF NOT EXISTS scans (
  custom_user_id TEXT PRIMARY KEY,
  authy_id       INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS scans_of_user ON scans (authy_id);

-- What a phone's app for everybody's codes has scanned.
CREATE TABLE IF NOT EXISTS apps (
  authy_id INTEGER NOT NULL,
  name     TEXT    NOT NULL,
  secret   TEXT    NOT NULL,
  at       INTEGER NOT NULL,
  PRIMARY KEY (authy_id, name)
) STRICT;

-- QR codes. The ticket is the unguessable part of the URL.
CREATE TABLE IF NOT EXISTS pictures (
  ticket     TEXT PRIMARY KEY,
  authy_id   INTEGER NOT NULL,
  url        TEXT    NOT NULL,
  size       INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS requests (
  seq               INTEGER PRIMARY KEY,
  uuid              TEXT    NOT NULL UNIQUE,
  hex_id            TEXT    NOT NULL,
  authy_id          INTEGER NOT NULL,
  message           TEXT    NOT NULL,
  details           TEXT    NOT NULL,
  hidden_details    TEXT    NOT NULL,
  logos             TEXT    NOT NULL,
  seconds_to_expire INTEGER NOT NULL,
  status            TEXT    NOT NULL DEFAULT 'pending'
                    CHECK (status IN ('pending', 'approved', 'denied', 'expired')),
  pushed            INTEGER NOT NULL,
  notified          INTEGER NOT NULL DEFAULT 0,
  created_at        INTEGER NOT NULL,
  updated_at        INTEGER NOT NULL,
  expires_at        INTEGER NOT NULL,
  processed_at      INTEGER NOT NULL DEFAULT 0,
  callback_until    INTEGER NOT NULL DEFAULT 0, -- when the last retry is due; 0 = no callback is due
  withdrawn         TEXT    NOT NULL DEFAULT '' -- why the application no longer waits; '' = it does
) STRICT;
CREATE INDEX IF NOT EXISTS requests_of_user ON requests (authy_id, seq);
CREATE INDEX IF NOT EXISTS requests_to_call_back ON requests (processed_at) WHERE callback_until <> 0;
CREATE INDEX IF NOT EXISTS requests_to_expire ON requests (authy_id, expires_at) WHERE status = 'pending' AND expires_at <> 0;
CREATE INDEX IF NOT EXISTS requests_by_age ON requests (updated_at);

-- Messages to a number: codes for its user (kind token), and codes of the
-- phone verification, which has no users (kind verification).
CREATE TABLE IF NOT EXISTS messages (
  seq          INTEGER PRIMARY KEY,
  country_code INTEGER NOT NULL,
  phone_number TEXT    NOT NULL,
  kind         TEXT    NOT NULL CHECK (kind IN ('token', 'verification')),
  via          TEXT    NOT NULL CHECK (via IN ('sms', 'call', 'email')),
  code         TEXT    NOT NULL,
  action       TEXT    NOT NULL DEFAULT '',
  text         TEXT    NOT NULL,
  at           INTEGER NOT NULL,
  expires_at   INTEGER NOT NULL,
  spent_at     INTEGER NOT NULL DEFAULT 0,
  ringing      INTEGER NOT NULL DEFAULT 0, -- a call that nobody has hung up
  answered     INTEGER NOT NULL DEFAULT 0  -- a call that somebody has heard
) STRICT;
CREATE INDEX IF NOT EXISTS messages_of_number ON messages (country_code, phone_number, seq);
CREATE INDEX IF NOT EXISTS messages_by_age ON messages (at);

CREATE TABLE IF NOT EXISTS verifications (
  country_code INTEGER NOT NULL,
  phone_number TEXT    NOT NULL,
  uuid         TEXT    NOT NULL,
  code         TEXT    NOT NULL,
  expires_at   INTEGER NOT NULL,
  verified_at  INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (country_code, phone_number)
) STRICT;
CREATE INDEX IF NOT EXISTS verifications_by_age ON verifications (expires_at);
CREATE INDEX IF NOT EXISTS verifications_by_uuid ON verifications (uuid);

-- Time-based tokens that were used: each is valid once.
CREATE TABLE IF NOT EXISTS spent_tokens (
  authy_id INTEGER NOT NULL,
  secret   TEXT    NOT NULL,
  step     INTEGER NOT NULL,
  at       INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (authy_id, secret, step)
) STRICT;
CREATE INDEX IF NOT EXISTS spent_tokens_by_age ON spent_tokens (at);

CREATE TABLE IF NOT EXISTS activities (
  seq      INTEGER PRIMARY KEY,
  authy_id INTEGER NOT NULL,
  type     TEXT    NOT NULL,
  data     TEXT    NOT NULL,
  user_ip  TEXT    NOT NULL,
  at       INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS activities_by_age ON activities (at);

CREATE TABLE IF NOT EXISTS statistics (
  month TEXT    NOT NULL, -- 2026-11
  name  TEXT    NOT NULL, -- api_calls, auths, calls, sms, users
  n     INTEGER NOT NULL,
  PRIMARY KEY (month, name)
) STRICT;
