-- What a page is told carries the revision of its session. It grows with every
-- change of the session or of its requests, over all sign-ins of a user: no
-- order rests on a clock.
ALTER TABLE users ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
