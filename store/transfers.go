package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"
)

// Transfer is money somebody asked to send.
type Transfer struct {
	ID          string
	UserID      int64
	SessionID   string
	ApprovalID  string
	Payee       string
	AmountMinor int64  // in the smallest unit of the currency
	Currency    string // ISO 4217
	Status      string // awaiting, approved, executed, denied, expired, cancelled
	CreatedAt   time.Time
	ExecutedAt  time.Time
}

// subject digests what the phone shows of a transfer. JSON keeps the fields
// apart, whatever they contain.
func (t Transfer) subject() string {
	shown, err := json.Marshal([]any{t.ID, t.Payee, t.AmountMinor, t.Currency})
	if err != nil {
		panic("strings and a number cannot fail to encode: " + err.Error())
	}
	sum := sha256.Sum256(shown)
	return hex.EncodeToString(sum[:])
}

// BeginTransfer writes a transfer and the request to approve it, bound to its
// payee, amount and currency. ErrTransferPending while another one waits.
func (s *Store) BeginTransfer(ctx context.Context, sessionID string, t Transfer, ttl time.Duration) (Transfer, Approval, error) {
	t.ID, t.SessionID, t.CreatedAt, t.Status = rand.Text(), sessionID, at(s.now()), "awaiting"
	var a Approval
	err := s.inTx(ctx, func(tx *sql.Tx) (err error) {
		// One past its deadline does not wait any more, though no sweep has come.
		const expire = `
			UPDATE approvals SET status = 'expired', decided_at = ?1
			WHERE kind = 'transfer' AND status = 'pending' AND expires_at <= ?1
				AND user_id = (SELECT user_id FROM sessions WHERE id = ?2)`
		if _, err := tx.ExecContext(ctx, expire, s.now(), sessionID); err != nil {
			return err
		}
		a, err = s.beginApproval(ctx, tx, sessionID, KindTransfer, t.subject(), ttl)
		if isUnique(err) {
			return ErrTransferPending
		}
		if err != nil {
			return err
		}
		t.UserID, t.ApprovalID = a.UserID, a.ID
		const insert = `
			INSERT INTO transfers (id, user_id, session_id, approval_id, payee, amount_minor, currency, created_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
		_, err = tx.ExecContext(ctx, insert, t.ID, t.UserID, t.SessionID, t.ApprovalID, t.Payee, t.AmountMinor, t.Currency, t.CreatedAt.UnixMilli())
		return err
	})
	return t, a, err
}

// ExecuteTransfer carries out an approved transfer, once. shown is what the
// browser says it is about: ErrChanged if that is not what was approved.
// ErrNotApproved, ErrNotFound.
func (s *Store) ExecuteTransfer(ctx context.Context, sessionID, id string, shown Transfer) (t Transfer, err error) {
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		t, err = scanTransfer(tx.QueryRowContext(ctx, transferQuery+` WHERE transfers.id = ? AND transfers.session_id = ?`, s.now(), id, sessionID))
		if err != nil {
			return err
		}
		shown.ID = t.ID
		if shown.subject() != t.subject() {
			return ErrChanged
		}
		if _, err := s.consume(ctx, tx, sessionID, KindTransfer, t.subject()); err != nil {
			return err
		}
		const update = `UPDATE transfers SET executed_at = ? WHERE id = ? AND executed_at IS NULL`
		done, err := changed(tx.ExecContext(ctx, update, s.now(), id))
		if err != nil || !done {
			return errors.Join(err, ErrNotApproved)
		}
		t.Status, t.ExecutedAt = "executed", at(s.now())
		return s.record(ctx, tx, Event{Kind: "transfer_executed", UserID: t.UserID, SessionID: sessionID, ApprovalID: t.ApprovalID})
	})
	return t, err
}

// transferQuery reads transfers with the state of their approvals. Its first
// parameter is the time.
const transferQuery = `
	SELECT
		transfers.id,
		transfers.user_id,
		transfers.session_id,
		transfers.approval_id,
		transfers.payee,
		transfers.amount_minor,
		transfers.currency,
		transfers.created_at,
		COALESCE(transfers.executed_at, 0),
		CASE
			WHEN transfers.executed_at IS NOT NULL THEN 'executed'
			WHEN approvals.status = 'pending' AND approvals.expires_at <= ?1 THEN 'expired'
			WHEN approvals.status = 'pending' THEN 'awaiting'
			WHEN approvals.status = 'approved' AND approvals.expires_at + 30000 <= ?1 THEN 'expired'
			ELSE approvals.status
		END
	FROM transfers JOIN approvals ON approvals.id = transfers.approval_id`

func scanTransfer(r row) (Transfer, error) {
	var t Transfer
	var created, executed int64
	err := r.Scan(&t.ID, &t.UserID, &t.SessionID, &t.ApprovalID, &t.Payee, &t.AmountMinor, &t.Currency, &created, &executed, &t.Status)
	t.CreatedAt, t.ExecutedAt = at(created), at(executed)
	return t, err
}

// Transfers returns the newest transfers of a user, newest first.
func (s *Store) Transfers(ctx context.Context, userID int64, limit int) ([]Transfer, error) {
	return list(ctx, s.read, scanTransfer, transferQuery+`
		WHERE transfers.user_id = ?2
		ORDER BY transfers.created_at DESC, transfers.rowid DESC
		LIMIT ?3`, s.now(), userID, limit)
}
