-- Lines of the audit trail are signed in batches: each checkpoint says what its
-- lines are and which checkpoint came before. Checkpoints are kept for good; the
-- lines of a batch are pruned together.
CREATE TABLE checkpoints (
  batch     INTEGER PRIMARY KEY,
  at        INTEGER NOT NULL,
  lines     INTEGER NOT NULL,
  newest    INTEGER NOT NULL, -- time of the newest of its lines
  digest    TEXT    NOT NULL, -- of its lines
  hash      TEXT    NOT NULL, -- of all that is signed, with the hash before
  key       TEXT    NOT NULL, -- the public one
  signature TEXT    NOT NULL
) STRICT;

ALTER TABLE events ADD COLUMN batch INTEGER;
CREATE INDEX events_unsigned ON events (id) WHERE batch IS NULL;
CREATE INDEX events_batch ON events (batch, id) WHERE batch IS NOT NULL;
DROP INDEX events_at; -- pruning goes by checkpoints

-- What was refused to somebody unknown is counted; once its minute is over it
-- becomes a line of the audit trail.
CREATE TABLE refusals (
  id      INTEGER PRIMARY KEY,
  minute  INTEGER NOT NULL, -- the time it began at
  kind    TEXT    NOT NULL,
  detail  TEXT    NOT NULL,
  source  TEXT    NOT NULL, -- an IPv4 address or an IPv6 network, '' for many
  user_id INTEGER NOT NULL, -- whose account a limit has kept closed, 0 for nobody's
  times   INTEGER NOT NULL,
  UNIQUE (minute, kind, detail, source, user_id)
) STRICT;
