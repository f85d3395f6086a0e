-- What a pause keeps from the phone: '' is everything, 'transfer' is transfers alone. Those
-- that were denied are counted apart from sign-ins and changes.
ALTER TABLE pauses ADD COLUMN kind TEXT NOT NULL DEFAULT '' CHECK (kind IN ('', 'transfer'));
ALTER TABLE users ADD COLUMN transfer_denials INTEGER NOT NULL DEFAULT 0;
