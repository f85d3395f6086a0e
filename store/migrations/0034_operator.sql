-- A phone whose account an operator has closed: whoever can reach the provider tells
-- it to forget the phone.
ALTER TABLE factors ADD COLUMN forget_since INTEGER;
CREATE INDEX factors_to_forget ON factors (forget_since) WHERE forget_since IS NOT NULL;
