-- What the owner says of a denial on a phone of theirs, and the address of the site at
-- which a phone was added: at another one its keys are worth nothing.
ALTER TABLE own_requests ADD COLUMN why TEXT NOT NULL DEFAULT '' CHECK (why IN ('', 'me', 'not_me'));
ALTER TABLE own_phones ADD COLUMN origin TEXT NOT NULL DEFAULT '';
