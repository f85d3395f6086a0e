-- How the owner of an account reads, as BCP 47, for what rings; '' where nobody has
-- said.
ALTER TABLE users ADD COLUMN language TEXT NOT NULL DEFAULT '';
