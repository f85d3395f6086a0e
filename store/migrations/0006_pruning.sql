-- What is old is found by an index and deleted a little at a time: nothing
-- reads a whole table while the writer waits.
CREATE INDEX password_failures_at ON password_failures (at);
CREATE INDEX code_sends_at ON code_sends (at);
CREATE INDEX code_tries_at ON code_tries (at);
CREATE INDEX used_codes_at ON used_codes (at);
CREATE INDEX approvals_old ON approvals (created_at) WHERE kind = 'login' AND status <> 'pending';
CREATE INDEX sessions_over ON sessions ((COALESCE(ended_at, expires_at)));
CREATE INDEX factors_revoked ON factors (revoked_at) WHERE revoked_at IS NOT NULL;
CREATE INDEX events_at ON events (at);
