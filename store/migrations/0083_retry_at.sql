-- When a provider that has not taken a request may be asked again; 0 if it has not said.
ALTER TABLE approvals ADD COLUMN retry_at INTEGER NOT NULL DEFAULT 0;
