-- The code that adds a phone has a page of its own, as recovery codes do, see 0053.
ALTER TABLE own_codes ADD COLUMN code BLOB; -- sealed
ALTER TABLE own_codes ADD COLUMN shown_to TEXT NOT NULL DEFAULT '';

CREATE INDEX own_codes_shown ON own_codes (shown_to);
