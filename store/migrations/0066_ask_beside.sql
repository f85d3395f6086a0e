-- Whether the phone with the number is asked beside those of one's own, too.
ALTER TABLE users ADD COLUMN ask_beside INTEGER NOT NULL DEFAULT 0 CHECK (ask_beside IN (0, 1));
