-- What limits count: a row for each key that something is counted under. A key
-- names what, by whom, and a subject; e-mails and numbers stand there as keyed
-- hashes. The rows of one act go together, so that it can be taken back.
CREATE TABLE usage (
  key TEXT    NOT NULL,
  act TEXT    NOT NULL,
  at  INTEGER NOT NULL
) STRICT;

CREATE INDEX usage_key ON usage (key, at);
CREATE INDEX usage_act ON usage (act);
CREATE INDEX usage_at ON usage (at);
