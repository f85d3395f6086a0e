package store

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"
)

// OwnNumberTries is how often a wrong number may be typed before the request ends.
const OwnNumberTries = 3

// OwnRequest is a request as phones of one's own show it, and sign it.
type OwnRequest struct {
	ID        string
	SessionID string // that has asked
	Kind      Kind
	Status    ApprovalStatus
	Reason    Reason
	Nonce     string // makes the signature good for this request alone
	Shown     string // JSON, as it was kept
	CreatedAt time.Time
	ExpiresAt time.Time
	TriesLeft int          // of the number
	PhoneID   string       // that has answered, "" if none has
	Why       NoticeAnswer // what its owner says of a denial
	Phone     string       // its name
}

const ownRequestColumns = `
	approvals.id,
	approvals.session_id,
	approvals.kind,
	approvals.status,
	approvals.reason,
	own_requests.nonce,
	own_requests.shown,
	approvals.created_at,
	approvals.expires_at,
	own_requests.wrong,
	own_requests.phone_id,
	own_requests.why,
	COALESCE((SELECT name FROM own_phones WHERE own_phones.id = own_requests.phone_id), '')`

const ownRequestsOf = `
	SELECT ` + ownRequestColumns + `
	FROM own_requests JOIN approvals ON approvals.id = own_requests.approval_id`

// scanOwnRequest reads a request as it is at this moment.
func scanOwnRequest(now int64) func(row) (OwnRequest, error) {
	return func(r row) (OwnRequest, error) {
		var o OwnRequest
		var created, expires int64
		var wrong int
		err := r.Scan(&o.ID, &o.SessionID, &o.Kind, &o.Status, &o.Reason, &o.Nonce, &o.Shown, &created, &expires, &wrong, &o.PhoneID, &o.Why, &o.Phone)
		o.CreatedAt, o.ExpiresAt, o.TriesLeft = at(created), at(expires), max(0, OwnNumberTries-wrong)
		o.Status = Approval{Status: o.Status, ExpiresAt: o.ExpiresAt, ConsumedAt: o.ExpiresAt}.as(now).Status
		return o, err
	}
}

// KeepOwnRequest keeps what phones show of a request, before they ring.
func (s *Store) KeepOwnRequest(ctx context.Context, a Approval, shown string) error {
	const insert = `INSERT INTO own_requests (approval_id, user_id, nonce, shown, created_at) VALUES (?, ?, ?, ?, ?)`
	return s.inTx(ctx, func(tx *txn) error {
		_, err := tx.ExecContext(ctx, insert, a.ID, a.UserID, rand.Text(), shown, tx.now)
		return err
	})
}

// OwnRequests are the newest requests that a phone has been shown, newest first.
func (s *Store) OwnRequests(ctx context.Context, p OwnPhone, since time.Time, limit int) ([]OwnRequest, error) {
	const query = ownRequestsOf + `
		WHERE own_requests.user_id = ? AND own_requests.created_at >= ?
		ORDER BY own_requests.created_at DESC, approvals.seq DESC
		LIMIT ?`
	return list(ctx, s.read, scanOwnRequest(s.now()), query, p.UserID, max(ms(since), ms(p.ConfirmedAt)), limit)
}

// OwnRequestOf finds a request that a phone may answer. ErrNotFound also for another
// account's.
func (s *Store) OwnRequestOf(ctx context.Context, p OwnPhone, id string) (OwnRequest, error) {
	const query = ownRequestsOf + ` WHERE approvals.id = ? AND own_requests.user_id = ?`
	o, err := scanOwnRequest(s.now())(s.read.QueryRowContext(ctx, query, id, p.UserID))
	return o, wrap(err)
}

// OwnAnswer is an answer of an own phone whose signatures are right.
type OwnAnswer struct {
	RequestID string
	PhoneID   string
	Status    ApprovalStatus // Approved or Denied
	Number    string         // as typed, of an approval
	SignCount uint32         // of the passkey, of an approval
	Receipt   string         // JSON, of an approval
}

// WrongNumber refuses an approval with another number than the browser's. Without a try
// left the request has ended.
type WrongNumber struct{ Left int }

func (e *WrongNumber) Error() string { return fmt.Sprintf("wrong number; %d tries left", e.Left) }

// ErrPasskeyTaken refuses a passkey that another phone has.
var ErrPasskeyTaken = errors.New("another phone has this passkey")

// ErrCounterWentBack refuses the signature of a passkey that may have been copied.
var ErrCounterWentBack = errors.New("the counter of the passkey went back")

// AnswerOwn applies the answer of an own phone by the same conditional update as any
// other: the first answer wins. The number is compared, the passkey's counter moved and
// the receipt kept in the same transaction. ErrNotFound for a phone that does not count
// and for the request of another account; *WrongNumber, with the request as it is then;
// ErrCounterWentBack.
func (s *Store) AnswerOwn(ctx context.Context, d OwnAnswer) (a Approval, applied bool, err error) {
	err = s.inTx(ctx, func(tx *txn) error {
		applied = false
		a, err = tx.askedOfOwn(ctx, d)
		if err != nil {
			return err
		}
		if d.Status == Approved && a.as(tx.now).Status == Pending {
			if err := tx.compareNumber(ctx, &a, d.Number); err != nil {
				return err
			}
			if err := tx.moveCounter(ctx, d.PhoneID, d.SignCount); err != nil {
				return err
			}
		}
		decision := Decision{ApprovalID: a.ID, UUID: cmp.Or(a.UUID, a.ID), Handle: a.Handle, Status: d.Status, Via: ViaOwnPhone}
		if a, applied, err = tx.decide(ctx, decision, Own); err != nil || !applied {
			return err
		}
		return tx.answeredBy(ctx, d)
	})
	return a, applied && err == nil, err
}

// askedOfOwn finds the request that an own phone answers.
func (tx *txn) askedOfOwn(ctx context.Context, d OwnAnswer) (Approval, error) {
	const query = `
		SELECT ` + approvalColumns + `
		FROM approvals
		WHERE id = ?
			AND user_id = (SELECT user_id FROM own_phones WHERE own_phones.id = ? AND confirmed_at IS NOT NULL AND revoked_at IS NULL)
			AND EXISTS (SELECT 1 FROM own_requests WHERE own_requests.approval_id = approvals.id)`
	return scanApproval(tx.QueryRowContext(ctx, query, d.RequestID, d.PhoneID))
}

// compareNumber counts a wrong number, and ends the request with the last try:
// *WrongNumber, with what was changed kept.
func (tx *txn) compareNumber(ctx context.Context, a *Approval, typed string) error {
	if subtle.ConstantTimeCompare([]byte(a.Number), []byte(typed)) == 1 {
		return nil
	}
	const count = `UPDATE own_requests SET wrong = wrong + 1 WHERE approval_id = ? RETURNING wrong`
	var wrong int
	if err := tx.QueryRowContext(ctx, count, a.ID).Scan(&wrong); err != nil {
		return err
	}
	if err := tx.record(ctx, Event{Kind: EventNumberRefused, UserID: a.UserID, SessionID: a.SessionID, ApprovalID: a.ID}); err != nil {
		return err
	}
	refused := &kept{&WrongNumber{max(0, OwnNumberTries-wrong)}}
	if wrong < OwnNumberTries {
		return refused
	}
	ended, err := tx.cancelOrExpire(ctx, ReasonWrongNumber, `id = ?3`, a.ID)
	if err != nil {
		return err
	}
	if len(ended) == 1 {
		*a = ended[0]
	}
	return refused
}

// moveCounter moves the counter of a passkey forward. Most do not count: they stay at 0.
func (tx *txn) moveCounter(ctx context.Context, phoneID string, signCount uint32) error {
	const move = `UPDATE own_phones SET sign_count = ?1 WHERE id = ?2 AND (sign_count < ?1 OR sign_count = 0 AND ?1 = 0)`
	moved, err := changed(tx.ExecContext(ctx, move, signCount, phoneID))
	if err == nil && !moved {
		err = ErrCounterWentBack
	}
	return err
}

// answeredBy notes which phone has answered, with the receipt of an approval.
func (tx *txn) answeredBy(ctx context.Context, d OwnAnswer) error {
	const note = `UPDATE own_requests SET phone_id = ?, receipt = ? WHERE approval_id = ?`
	if _, err := tx.ExecContext(ctx, note, d.PhoneID, d.Receipt, d.RequestID); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `UPDATE own_phones SET used_at = ? WHERE id = ?`, tx.now, d.PhoneID)
	return err
}

// OwnReceipts are the newest approvals of a user with a receipt, newest first.
func (s *Store) OwnReceipts(ctx context.Context, userID int64, limit int) ([]OwnRequest, error) {
	const query = ownRequestsOf + `
		WHERE own_requests.user_id = ? AND own_requests.receipt <> ''
		ORDER BY own_requests.created_at DESC, approvals.seq DESC
		LIMIT ?`
	return list(ctx, s.read, scanOwnRequest(s.now()), query, userID, limit)
}

// OwnReceipt is the receipt of an approval of a user, as JSON. ErrNotFound.
func (s *Store) OwnReceipt(ctx context.Context, userID int64, approvalID string) (receipt string, err error) {
	const query = `SELECT receipt FROM own_requests WHERE approval_id = ? AND user_id = ? AND receipt <> ''`
	err = s.read.QueryRowContext(ctx, query, approvalID, userID).Scan(&receipt)
	return receipt, wrap(err)
}
