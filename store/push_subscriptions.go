package store

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"time"
)

// PushSubscription is where the browser of an own phone is woken.
type PushSubscription struct {
	PhoneID   string
	Endpoint  string // a URL that the browser has told
	P256dh    []byte // its public key
	Auth      []byte // its secret
	CreatedAt time.Time

	Outcome   PushOutcome // of the last message
	OutcomeAt time.Time   // zero before the first
}

// PushOutcome is what became of a message to a phone.
type PushOutcome string

// What push services say. PushGone ends the subscription, and is never kept.
const (
	PushAccepted   PushOutcome = "accepted"
	PushGone       PushOutcome = "gone"
	PushKeyRefused PushOutcome = "key_refused"
	PushRefused    PushOutcome = "refused"
	PushLate       PushOutcome = "late"
)

const pushColumns = `
	push_subscriptions.phone_id,
	push_subscriptions.endpoint,
	push_subscriptions.p256dh,
	push_subscriptions.auth,
	push_subscriptions.created_at,
	push_subscriptions.outcome,
	COALESCE(push_subscriptions.outcome_at, 0)`

func scanPushSubscription(r row) (PushSubscription, error) {
	var p PushSubscription
	var created, outcome int64
	err := r.Scan(&p.PhoneID, &p.Endpoint, &p.P256dh, &p.Auth, &created, &p.Outcome, &outcome)
	p.CreatedAt, p.OutcomeAt = at(created), at(outcome)
	return p, err
}

// KeepPushSubscription keeps where an own phone is woken, in the place of where it was
// before. To keep the same again changes nothing. ErrNotFound for a phone that was
// revoked.
func (s *Store) KeepPushSubscription(ctx context.Context, p PushSubscription) error {
	return s.inTx(ctx, func(tx *txn) error {
		const keep = `
			INSERT INTO push_subscriptions (phone_id, endpoint, p256dh, auth, created_at)
			SELECT own_phones.id, ?2, ?3, ?4, ?5
			FROM own_phones
			WHERE own_phones.id = ?1 AND own_phones.revoked_at IS NULL
			ON CONFLICT (phone_id) DO UPDATE
			SET endpoint = excluded.endpoint,
				p256dh = excluded.p256dh,
				auth = excluded.auth,
				created_at = CASE push_subscriptions.endpoint WHEN excluded.endpoint THEN push_subscriptions.created_at ELSE excluded.created_at END,
				outcome = CASE push_subscriptions.endpoint WHEN excluded.endpoint THEN push_subscriptions.outcome ELSE '' END,
				outcome_at = CASE push_subscriptions.endpoint WHEN excluded.endpoint THEN push_subscriptions.outcome_at END`
		kept, err := changed(tx.ExecContext(ctx, keep, p.PhoneID, p.Endpoint, p.P256dh, p.Auth, tx.now))
		if err == nil && !kept {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		return tx.useKey(ctx) // another one could wake nobody
	})
}

// PushSubscriptionOf is where an own phone is woken. ErrNotFound where nothing is kept.
func (s *Store) PushSubscriptionOf(ctx context.Context, phoneID string) (PushSubscription, error) {
	const query = `SELECT ` + pushColumns + ` FROM push_subscriptions WHERE phone_id = ?`
	p, err := scanPushSubscription(s.read.QueryRowContext(ctx, query, phoneID))
	return p, wrap(err)
}

// PushSubscriptions are where the own phones of a user that count are woken.
func (s *Store) PushSubscriptions(ctx context.Context, userID int64) ([]PushSubscription, error) {
	const query = `
		SELECT ` + pushColumns + `
		FROM own_phones JOIN push_subscriptions ON push_subscriptions.phone_id = own_phones.id
		WHERE own_phones.user_id = ? AND own_phones.confirmed_at IS NOT NULL AND own_phones.revoked_at IS NULL
		ORDER BY own_phones.created_at, own_phones.id`
	return list(ctx, s.read, scanPushSubscription, query, userID)
}

// NotePush notes what became of a message to a phone, unless it is woken elsewhere by
// now. One that is gone is forgotten.
func (s *Store) NotePush(ctx context.Context, p PushSubscription, o PushOutcome) error {
	return s.inTx(ctx, func(tx *txn) error {
		if o == PushGone {
			_, err := tx.ExecContext(ctx, `DELETE FROM push_subscriptions WHERE phone_id = ? AND endpoint = ?`, p.PhoneID, p.Endpoint)
			return err
		}
		const note = `UPDATE push_subscriptions SET outcome = ?, outcome_at = ? WHERE phone_id = ? AND endpoint = ?`
		_, err := tx.ExecContext(ctx, note, o, tx.now, p.PhoneID, p.Endpoint)
		return err
	})
}

// ForgetPushSubscription wakes an own phone no more. That none is kept is no error.
func (s *Store) ForgetPushSubscription(ctx context.Context, phoneID string) error {
	return s.inTx(ctx, func(tx *txn) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM push_subscriptions WHERE phone_id = ?`, phoneID)
		return err
	})
}

// stopWaking forgets where the phones of a user were woken that were revoked.
func (tx *txn) stopWaking(ctx context.Context, userID int64) error {
	const forget = `
		DELETE FROM push_subscriptions
		WHERE phone_id IN (SELECT id FROM own_phones WHERE user_id = ? AND revoked_at IS NOT NULL)`
	_, err := tx.ExecContext(ctx, forget, userID)
	return err
}

// PushKey signs messages to push services. It is made of the secret key, so that it is
// kept wherever that is, and never in the database.
func (s *Store) PushKey() *ecdsa.PrivateKey { return s.keys.push }

// PushTopic is what the pushes of one sort to a user's phones have in common, for push
// services: as long as a topic may be. Without the secret key nobody can tell whose it is.
func (s *Store) PushTopic(sort string, userID int64) string {
	const longest = 32
	return base64.RawURLEncoding.EncodeToString(s.keyedHash("topic of "+sort, strconv.FormatInt(userID, 10)))[:longest]
}

// p256 is the key of a seed. One seed in 2^32 is too great for a key: the next is made
// of it.
func p256(seed []byte) *ecdsa.PrivateKey {
	for {
		key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed)
		if err == nil {
			return key
		}
		next := sha256.Sum256(seed)
		seed = next[:]
	}
}
