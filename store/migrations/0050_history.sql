-- The lines of a user are read by their time, newest first.
CREATE INDEX events_history ON events (user_id, at, id);
DROP INDEX events_user;
