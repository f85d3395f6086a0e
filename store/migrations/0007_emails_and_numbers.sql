-- The key of an e-mail no longer has what nobody sees in it, and one spelling
-- of its domain. SQL cannot compute it: a step in Go follows, see inGo.

-- Whether a number was ever proved, and how often it was corrected.
CREATE INDEX factors_of_user ON factors (user_id);
