-- A sign-up asks for an e-mail, and gets it when its phone is proved: until then
-- any number of them may ask for the same one, also for one that has an account.
-- claims is the key of the e-mail that is asked for; NULL once it is owned. Its
-- email_key is a random text meanwhile. Accounts from before keep their e-mails.
ALTER TABLE users ADD COLUMN claims TEXT;
CREATE INDEX users_claims ON users (claims, id) WHERE claims IS NOT NULL;
CREATE INDEX users_unproved ON users (created_at) WHERE claims IS NOT NULL;
