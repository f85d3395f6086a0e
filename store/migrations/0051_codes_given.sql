-- When a code last said who sits at a session: it ends a pause of the phone's requests,
-- which a tap cannot.
ALTER TABLE sessions ADD COLUMN code_at INTEGER NOT NULL DEFAULT 0;
UPDATE sessions SET code_at = created_at WHERE level = 2 AND method <> 'push';
