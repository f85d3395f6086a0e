-- A code is sent to a phone: its limits stay with the phone when the account is
-- closed or gets another number.
ALTER TABLE code_sends ADD COLUMN factor_id INTEGER REFERENCES factors (id);
UPDATE code_sends
SET factor_id = (
  SELECT MAX(factors.id)
  FROM factors
  WHERE factors.user_id = code_sends.user_id);
CREATE INDEX code_sends_factor ON code_sends (factor_id, at);
