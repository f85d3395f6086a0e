package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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
	Status      TransferStatus
	Reason      Reason    // of one that waits: ReasonUnconfirmed, or ""
	Number      string    // as of Approval
	RetryAt     time.Time // as of Approval
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
// payee, amount and currency. ErrTransferPending while another one waits;
// ErrNotFound when the session is not signed in; *RateError when the phone was asked
// too often, logins and transfers alike, or is left in peace.
func (s *Store) BeginTransfer(ctx context.Context, sessionID string, t Transfer, ttl time.Duration) (_ Transfer, a Approval, err error) {
	t.ID, t.SessionID, t.Status = rand.Text(), sessionID, TransferAwaiting
	err = s.inTx(ctx, func(tx *txn) error {
		// One past its deadline does not wait any more, though no sweep has come.
		const over = `
			expires_at <= ?1
			AND kind = 'transfer'
			AND user_id = (SELECT user_id FROM sessions WHERE id = ?3)`
		if _, err := tx.cancelOrExpire(ctx, "", over, sessionID); err != nil {
			return err
		}
		a, err = tx.beginApproval(ctx, sessionID, KindTransfer, t.subject(), ttl, "")
		if isUnique(err) {
			return ErrTransferPending
		}
		if err != nil {
			return err
		}
		if err := tx.spendPush(ctx, a); err != nil {
			return err
		}
		t.UserID, t.ApprovalID, t.CreatedAt, t.Number = a.UserID, a.ID, a.CreatedAt, a.Number
		return tx.insertTransfer(ctx, t)
	})
	if err != nil {
		return Transfer{}, Approval{}, err
	}
	return t, a, nil
}

func (tx *txn) insertTransfer(ctx context.Context, t Transfer) error {
	const insert = `
		INSERT INTO transfers (
			id,
			user_id,
			session_id,
			approval_id,
			payee,
			amount_minor,
			currency,
			created_at
		)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
	_, err := tx.ExecContext(ctx, insert, t.ID, t.UserID, t.SessionID, t.ApprovalID, t.Payee, t.AmountMinor, t.Currency, tx.now)
	return err
}

// ExecuteTransfer carries out an approved transfer, once; that it has been done
// already is told as the same success. shown is what the browser says it is
// about: ErrChanged if that is not what was approved, and the transfer is over;
// ErrExecuted if it is not what was carried out already.
// ErrNotApproved, ErrNotFound; also for the transfer of another session.
func (s *Store) ExecuteTransfer(ctx context.Context, sessionID, id string, shown Transfer) (t Transfer, err error) {
	tampered := false
	err = s.inTx(ctx, func(tx *txn) error {
		tampered = false
		t, err = transferOf(ctx, tx, tx.now, sessionID, id)
		if err != nil {
			return err
		}
		shown.ID = t.ID
		switch same := shown.subject() == t.subject(); {
		case t.Status == TransferExecuted && !same:
			return ErrExecuted
		case t.Status == TransferExecuted:
			return nil
		case !same:
			tampered = true
			return tx.refuse(ctx, t)
		}
		if _, err := tx.consume(ctx, sessionID, KindTransfer, t.subject()); err != nil {
			return err
		}
		return tx.execute(ctx, &t)
	})
	switch {
	case err != nil:
		return Transfer{}, err
	case tampered:
		return Transfer{}, ErrChanged
	}
	return t, nil
}

// refuse spends the approval of a transfer that was changed after its request:
// nobody knows any more which of the two was meant.
func (tx *txn) refuse(ctx context.Context, t Transfer) error {
	const spend = `
		UPDATE approvals
		SET consumed_at = ?
		WHERE id = ? AND status = 'approved' AND consumed_at IS NULL`
	spent, err := changed(tx.ExecContext(ctx, spend, tx.now, t.ApprovalID))
	if err != nil {
		return err
	}
	open, err := tx.cancelOrExpire(ctx, ReasonChanged, `id = ?3`, t.ApprovalID)
	if err != nil || (!spent && len(open) == 0) {
		return err
	}
	if err := tx.revise(ctx, t.SessionID); err != nil {
		return err
	}
	return tx.record(ctx, Event{Kind: EventTransferRefused, UserID: t.UserID, SessionID: t.SessionID, ApprovalID: t.ApprovalID})
}

func (tx *txn) execute(ctx context.Context, t *Transfer) error {
	const update = `
		UPDATE transfers
		SET executed_at = ?
		WHERE id = ? AND executed_at IS NULL`
	done, err := changed(tx.ExecContext(ctx, update, tx.now, t.ID))
	if err != nil {
		return err
	}
	if !done {
		return ErrNotApproved
	}
	t.Status, t.ExecutedAt = TransferExecuted, at(tx.now)
	if err := tx.revise(ctx, t.SessionID); err != nil {
		return err
	}
	return tx.record(ctx, Event{Kind: EventTransferExecuted, UserID: t.UserID, SessionID: t.SessionID, ApprovalID: t.ApprovalID})
}

// transferQuery reads transfers with the state of their approvals. ?1 is the
// time, ?2 how long after its deadline an approval may still be used.
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
			WHEN approvals.consumed_at IS NOT NULL OR approvals.reason = 'changed' THEN 'refused'
			WHEN approvals.status = 'pending' AND approvals.expires_at <= ?1 THEN 'expired'
			WHEN approvals.status = 'pending' THEN 'awaiting'
			WHEN approvals.reason IN ('signed_out', 'by_user') THEN 'withdrawn'
			WHEN approvals.status = 'approved' AND approvals.expires_at + ?2 <= ?1 THEN 'expired'
			ELSE approvals.status
		END,
		CASE
			WHEN approvals.status = 'pending' AND approvals.expires_at > ?1 THEN approvals.reason
			ELSE ''
		END,
		approvals.number,
		approvals.retry_at
	FROM transfers JOIN approvals ON approvals.id = transfers.approval_id`

func scanTransfer(r row) (Transfer, error) {
	var t Transfer
	var created, executed, retry int64
	err := r.Scan(&t.ID, &t.UserID, &t.SessionID, &t.ApprovalID, &t.Payee, &t.AmountMinor, &t.Currency, &created, &executed, &t.Status, &t.Reason, &t.Number, &retry)
	t.CreatedAt, t.ExecutedAt, t.RetryAt = at(created), at(executed), at(retry)
	return t, err
}

func transferOf(ctx context.Context, q querier, now int64, sessionID, id string) (Transfer, error) {
	return scanTransfer(q.QueryRowContext(ctx, transferQuery+` WHERE transfers.id = ?3 AND transfers.session_id = ?4`,
		now, useWithin.Milliseconds(), id, sessionID))
}

// TransferApproval returns the request about a transfer of this session.
// ErrNotFound; also for the transfer of another session.
func (s *Store) TransferApproval(ctx context.Context, sessionID, id string) (Approval, error) {
	t, err := transferOf(ctx, s.read, s.now(), sessionID, id)
	if err != nil {
		return Approval{}, wrap(err)
	}
	return s.Approval(ctx, t.ApprovalID)
}

// Transfers returns the newest transfers of a user, newest first, and a revision
// that they are at least as new as.
func (s *Store) Transfers(ctx context.Context, userID int64, limit int) (newest []Transfer, revision int64, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT revision FROM users WHERE id = ?`, userID).Scan(&revision)
	if err != nil {
		return nil, 0, wrap(err)
	}
	newest, err = list(ctx, s.read, scanTransfer, transferQuery+`
		WHERE transfers.user_id = ?3
		ORDER BY transfers.seq DESC
		LIMIT ?4`, s.now(), useWithin.Milliseconds(), userID, limit)
	return newest, revision, err
}
