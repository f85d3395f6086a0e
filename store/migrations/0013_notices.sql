-- What the owner of an account is told of, until they have read it.
CREATE TABLE notices (
  id          INTEGER PRIMARY KEY,
  user_id     INTEGER NOT NULL REFERENCES users (id),
  kind        TEXT    NOT NULL,
  at          INTEGER NOT NULL,
  detail      TEXT    NOT NULL DEFAULT '',
  ip          TEXT    NOT NULL DEFAULT '', -- where it was done from, as far as that is known
  user_agent  TEXT    NOT NULL DEFAULT '',
  place       TEXT    NOT NULL DEFAULT '',
  session_id  TEXT    NOT NULL DEFAULT '',
  approval_id TEXT    NOT NULL DEFAULT '',
  read_at     INTEGER,
  answer      TEXT    NOT NULL DEFAULT '' CHECK (answer IN ('', 'me', 'not_me')),
  rung_by     TEXT    NOT NULL DEFAULT '', -- the request that showed it on the phone
  carried_at  INTEGER -- handed to the other carriers
) STRICT;

CREATE INDEX notices_unread ON notices (user_id, id) WHERE read_at IS NULL;
CREATE INDEX notices_to_carry ON notices (at) WHERE carried_at IS NULL;
CREATE INDEX notices_at ON notices (at);

-- While one is not over, the phone of its user is not asked.
CREATE TABLE pauses (
  id       INTEGER PRIMARY KEY,
  user_id  INTEGER NOT NULL REFERENCES users (id),
  at       INTEGER NOT NULL,
  until    INTEGER NOT NULL,
  why      TEXT    NOT NULL CHECK (why IN ('denied', 'not_me')),
  ended_at INTEGER,
  ended_by TEXT    NOT NULL DEFAULT '' -- the session of whoever ended it
) STRICT;

CREATE INDEX pauses_user ON pauses (user_id, until) WHERE ended_at IS NULL;
CREATE INDEX pauses_at ON pauses (at);

-- Denials since the last approval.
ALTER TABLE users ADD COLUMN denials INTEGER NOT NULL DEFAULT 0;

-- The place of an address, in words, and the network by which a new one is told
-- from those before. A step in Go fills in the network of what is there, see inGo.
ALTER TABLE sessions ADD COLUMN place TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN network TEXT NOT NULL DEFAULT '';
CREATE INDEX sessions_network ON sessions (user_id, network) WHERE level = 2;
