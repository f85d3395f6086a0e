-- Phones of one's own: pages of this server that sign each answer with keys of theirs.
-- Those of an account are one factor, since they ring together.
-- <PostgreSQL>
ALTER TABLE factors DROP CONSTRAINT factors_provider_check;
ALTER TABLE factors ADD CONSTRAINT factors_provider_check CHECK (provider IN ('authy', 'simulator', 'own'));
-- </PostgreSQL>
-- <SQLite>
-- The check of a column cannot be changed, so the table of factors is made anew. That
-- foreign keys point to it counts at the commit, when all rows are back.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE factors_before AS SELECT * FROM factors ORDER BY id;
DROP TABLE factors;
CREATE TABLE factors (
  id                 INTEGER PRIMARY KEY,
  user_id            INTEGER NOT NULL REFERENCES users (id),
  provider           TEXT    NOT NULL CHECK (provider IN ('authy', 'simulator', 'own')),
  -- the provider's name for the phone; not unique, since two accounts may share one
  handle             TEXT    NOT NULL CHECK (handle <> ''),
  created_at         INTEGER NOT NULL,
  proved_at          INTEGER, -- the user has signed in by it
  revoked_at         INTEGER,
  secret_shown       INTEGER NOT NULL DEFAULT 0 CHECK (secret_shown IN (0, 1)),
  secret_replaced_at INTEGER,
  forget_since       INTEGER
) STRICT;
INSERT INTO factors (
  id, user_id, provider, handle, created_at, proved_at, revoked_at, secret_shown, secret_replaced_at, forget_since
)
SELECT
  id, user_id, provider, handle, created_at, proved_at, revoked_at, secret_shown, secret_replaced_at, forget_since
FROM factors_before
ORDER BY id;
DROP TABLE factors_before;
CREATE UNIQUE INDEX factors_user ON factors (user_id, provider) WHERE revoked_at IS NULL;
CREATE INDEX factors_handle ON factors (provider, handle);
CREATE INDEX factors_of_user ON factors (user_id);
CREATE INDEX factors_revoked ON factors (revoked_at) WHERE revoked_at IS NOT NULL;
CREATE INDEX factors_to_forget ON factors (provider) WHERE forget_since IS NOT NULL;
-- </SQLite>

CREATE TABLE own_phones (
  id             TEXT    PRIMARY KEY,
  user_id        INTEGER NOT NULL REFERENCES users (id),
  name           TEXT    NOT NULL,
  device_key     BLOB    NOT NULL, -- SubjectPublicKeyInfo, P-256
  credential     BLOB    NOT NULL UNIQUE, -- the passkey's id
  passkey_key    BLOB    NOT NULL, -- COSE
  passkey_user   BLOB    NOT NULL, -- what the passkey calls its owner; another one for each phone
  sign_count     INTEGER NOT NULL,
  synced         INTEGER NOT NULL CHECK (synced IN (0, 1)), -- the passkey may leave the phone
  cookie         BLOB    NOT NULL UNIQUE, -- keyed hash of what the cookie holds
  challenge      TEXT    NOT NULL, -- what the next renewal of the cookie signs
  signed_at      INTEGER NOT NULL, -- when the device key last did so
  created_at     INTEGER NOT NULL,
  confirmed_at   INTEGER, -- in a browser of the account; until then it counts for nothing
  used_at        INTEGER,
  revoked_at     INTEGER
) STRICT;

CREATE INDEX own_phones_user ON own_phones (user_id);
CREATE INDEX own_phones_unconfirmed ON own_phones (created_at) WHERE confirmed_at IS NULL;
CREATE INDEX own_phones_revoked ON own_phones (revoked_at) WHERE revoked_at IS NOT NULL;

-- What a browser shows to add a phone, one at a time for an account.
CREATE TABLE own_codes (
  user_id      INTEGER PRIMARY KEY REFERENCES users (id),
  hash         BLOB    NOT NULL UNIQUE, -- keyed
  created_at   INTEGER NOT NULL,
  tries        INTEGER NOT NULL DEFAULT 0,
  challenge    TEXT    NOT NULL DEFAULT '', -- of the passkey that is being made
  passkey_user BLOB,
  phone_id     TEXT    NOT NULL DEFAULT '' -- that it has added: it is good once
) STRICT;

CREATE INDEX own_codes_old ON own_codes (created_at);

-- What phones show of a request and sign with their answer. It is kept as long as the
-- request, and not tied to it: either may be pruned first.
CREATE TABLE own_requests (
  approval_id TEXT    PRIMARY KEY,
  user_id     INTEGER NOT NULL REFERENCES users (id),
  nonce       TEXT    NOT NULL,
  shown       TEXT    NOT NULL, -- JSON
  created_at  INTEGER NOT NULL,
  wrong       INTEGER NOT NULL DEFAULT 0, -- numbers typed
  phone_id    TEXT    NOT NULL DEFAULT '', -- that has answered
  receipt     TEXT    NOT NULL DEFAULT '' -- of an approval: all it takes to check it
) STRICT;

CREATE INDEX own_requests_user ON own_requests (user_id, created_at);
CREATE INDEX own_requests_old ON own_requests (created_at);
