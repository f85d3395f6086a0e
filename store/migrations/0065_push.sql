-- Where the browser of an own phone is woken. It has one subscription, and its push
-- service takes messages of one key alone, which is made of the secret key.
CREATE TABLE push_subscriptions (
  phone_id   TEXT    PRIMARY KEY REFERENCES own_phones (id) ON DELETE CASCADE,
  endpoint   TEXT    NOT NULL, -- a URL at the push service
  p256dh     BLOB    NOT NULL, -- the browser's public key
  auth       BLOB    NOT NULL, -- its secret
  created_at INTEGER NOT NULL,
  outcome    TEXT    NOT NULL DEFAULT '' CHECK (outcome IN ('', 'accepted', 'key_refused', 'refused', 'late')), -- of the last message
  outcome_at INTEGER
) STRICT;
