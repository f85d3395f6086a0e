-- A change of the account asks for a sign-in, a tap or a code that is not older
-- than ten minutes.
ALTER TABLE sessions ADD COLUMN fresh_until INTEGER NOT NULL DEFAULT 0;
UPDATE sessions SET fresh_until = created_at + 600000 WHERE level = 2;

-- A request may be about such a change, too. The check of a column cannot be
-- changed, so a new one takes its place, and the indexes on it are made again.
DROP INDEX approvals_one_pending;
DROP INDEX approvals_session;
DROP INDEX approvals_factor;
DROP INDEX approvals_old;
ALTER TABLE approvals ADD COLUMN about TEXT NOT NULL DEFAULT 'login' CHECK (about IN ('login', 'transfer', 'confirm'));
UPDATE approvals SET about = kind WHERE about <> kind;
ALTER TABLE approvals DROP COLUMN kind;
ALTER TABLE approvals RENAME COLUMN about TO kind;
-- Never two phones ringing for one user.
CREATE UNIQUE INDEX approvals_one_pending ON approvals (user_id, kind) WHERE status = 'pending';
CREATE INDEX approvals_session ON approvals (session_id, kind, seq);
CREATE INDEX approvals_factor ON approvals (factor_id, kind, seq);
CREATE INDEX approvals_old ON approvals (created_at) WHERE kind <> 'transfer' AND status <> 'pending';
