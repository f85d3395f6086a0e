-- What a page is told carries the revision of its session, which grows with
-- every change of the session or of its requests: no order rests on a clock.
ALTER TABLE sessions ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
