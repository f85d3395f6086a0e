-- Which cookie belongs to which session: Fiber's storage keeps that in a file of its own
-- beside SQLite, and here. Made by us, so that of several processes one does.
-- <PostgreSQL>
CREATE TABLE nod_cookies (
  k VARCHAR(64) NOT NULL PRIMARY KEY DEFAULT '', -- hash of the cookie
  v BYTEA       NOT NULL,
  e BIGINT      NOT NULL DEFAULT 0 -- when it expires, in seconds
);
CREATE INDEX nod_cookies_old ON nod_cookies (e);
-- </PostgreSQL>
