-- What the browser was known by that a notice is about: it does not answer for itself,
-- also once its session is forgotten.
ALTER TABLE notices ADD COLUMN device TEXT NOT NULL DEFAULT '';
UPDATE notices
SET device = (SELECT device FROM sessions WHERE sessions.id = notices.session_id)
WHERE session_id IN (SELECT id FROM sessions);

CREATE INDEX notices_device ON notices (device);
CREATE INDEX notices_new ON notices (user_id) WHERE kind = 'new_browser';
CREATE INDEX sessions_device ON sessions (device);
