-- What nobody knows is no refusal: a code may have been sent, or used up, though the
-- provider did not answer. The check of a column cannot be changed, so a new one
-- takes its place.
ALTER TABLE sessions ADD COLUMN code_became TEXT NOT NULL DEFAULT '' CHECK (code_became IN ('', 'sent', 'ignored', 'failed', 'unconfirmed'));
UPDATE sessions SET code_became = code_state WHERE code_state <> '';
ALTER TABLE sessions DROP COLUMN code_state;
ALTER TABLE sessions RENAME COLUMN code_became TO code_state;
ALTER TABLE sessions ADD COLUMN unanswered_code TEXT NOT NULL DEFAULT ''; -- hash of the last code whose check got no answer
