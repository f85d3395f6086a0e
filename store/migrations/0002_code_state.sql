-- What became of the last code of an attempt: the page says what is true, not
-- what was tried. And limits of codes count by phone.
ALTER TABLE sessions ADD COLUMN code_state TEXT NOT NULL DEFAULT '' CHECK (code_state IN ('', 'sent', 'ignored', 'failed'));
UPDATE sessions SET code_state = 'sent' WHERE code_via <> '';
CREATE INDEX users_phone ON users (authy_id) WHERE closed_at IS NULL;
