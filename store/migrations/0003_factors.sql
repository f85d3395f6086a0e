-- A phone is a factor of its user: how its provider knows it no longer stands
-- with the user, the request or the limits.
CREATE TABLE factors (
  id         INTEGER PRIMARY KEY,
  user_id    INTEGER NOT NULL REFERENCES users (id),
  provider   TEXT    NOT NULL CHECK (provider IN ('authy', 'simulator')),
  -- the provider's name for the phone; not unique, since two accounts may share one
  handle     TEXT    NOT NULL CHECK (handle <> ''),
  created_at INTEGER NOT NULL,
  proved_at  INTEGER, -- the user has signed in by it
  revoked_at INTEGER
) STRICT;

-- One phone a provider, for now.
CREATE UNIQUE INDEX factors_user ON factors (user_id, provider) WHERE revoked_at IS NULL;
CREATE INDEX factors_handle ON factors (provider, handle);

-- A closed account has forgotten its phone; its requests have not, and the
-- limits of that phone rest on them.
INSERT INTO factors (user_id, provider, handle, created_at, proved_at, revoked_at)
SELECT
  users.id,
  '{{legacy provider}}',
  CAST(phones.authy_id AS TEXT),
  users.created_at,
  (SELECT MIN(created_at) FROM sessions WHERE sessions.user_id = users.id AND sessions.level = 2),
  users.closed_at
FROM users
JOIN (
  SELECT id AS user_id, authy_id FROM users WHERE authy_id <> 0
  UNION
  SELECT user_id, authy_id FROM approvals WHERE authy_id <> 0
) AS phones ON phones.user_id = users.id;

ALTER TABLE approvals ADD COLUMN factor_id INTEGER REFERENCES factors (id);
UPDATE approvals
SET factor_id = (
  SELECT factors.id
  FROM factors
  WHERE factors.user_id = approvals.user_id AND factors.handle = CAST(approvals.authy_id AS TEXT));

DROP INDEX approvals_phone;
DROP INDEX users_phone;
ALTER TABLE approvals DROP COLUMN authy_id;
ALTER TABLE users DROP COLUMN authy_id;
CREATE INDEX approvals_factor ON approvals (factor_id, kind, seq);

-- A delivery that comes twice finds its request decided; no list of
-- deliveries is needed for that.
DROP TABLE receipts;
