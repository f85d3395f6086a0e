-- The last step of a sign-in may be sent again when its reply was lost: by the
-- same form, and only until the new session was used.
ALTER TABLE sessions ADD COLUMN form TEXT NOT NULL DEFAULT ''; -- digest of the form's token
ALTER TABLE sessions ADD COLUMN used_at INTEGER;
UPDATE sessions SET used_at = last_seen WHERE level = 2;
