package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Decision is an answer from the phone, through a callback or on asking.
type Decision struct {
	ApprovalID string // from the hidden details, "" if there were none
	UUID       string
	Handle     string         // of the phone that answered
	Status     ApprovalStatus // Approved or Denied
	Via        Via
	Given      time.Time // at the latest, by the time of Store.Now; zero: now
}

// thisRequest is the request that an answer is about: the one with its uuid,
// or the one with our id whose uuid is not known yet. Where both are given
// they have to agree. It is the phone's that was asked, or one of those beside which it
// was, see Beside.
const thisRequest = `
	seq = (
		SELECT seq FROM approvals WHERE uuid = CAST(?1 AS TEXT) AND (?2 = '' OR id = CAST(?2 AS TEXT))
		UNION ALL
		SELECT seq FROM approvals WHERE uuid IS NULL AND id = CAST(?2 AS TEXT)
		LIMIT 1)
	AND (
		factor_id IN (SELECT id FROM factors WHERE provider = CAST(?4 AS TEXT) AND handle = CAST(?3 AS TEXT))
		OR factor_id IN (
			SELECT own.id
			FROM factors AS beside
			JOIN users ON users.id = beside.user_id
			JOIN factors AS own ON own.user_id = users.id
			WHERE beside.provider = CAST(?4 AS TEXT)
				AND beside.handle = CAST(?3 AS TEXT)
				AND beside.revoked_at IS NULL
				AND users.ask_beside = 1
				AND own.provider = 'own'))`

// decideQuery is the whole rule of a decision.
const decideQuery = `
	UPDATE approvals
	SET
		status = ?5,
		reason = '',
		uuid = ?1,
		decided_at = ?6,
		decided_via = ?7
	WHERE ` + thisRequest + `
		AND status = 'pending'
		AND expires_at > ?8
		AND expires_at > ?9
	RETURNING ` + approvalColumns

const foundQuery = `SELECT ` + approvalColumns + ` FROM approvals WHERE ` + thisRequest

// Decide applies an answer: to a request that is pending, not expired when the answer was
// given, of this phone, and this one. The first answer wins; of a repeated, late or
// contradicting one nothing changes, but see denyAfterACode; nor of one that is heard of
// when no approval could be used any more. It keeps the provider's id if it was not known
// yet. ErrNotFound for an unknown request.
func (s *Store) Decide(ctx context.Context, d Decision) (a Approval, applied bool, err error) {
	switch {
	case d.Status != Approved && d.Status != Denied:
		return Approval{}, false, fmt.Errorf("store: a phone cannot decide %q", d.Status)
	case d.UUID == "":
		return Approval{}, false, ErrNotFound
	}
	err = s.inTx(ctx, func(tx *txn) error {
		a, applied, err = tx.decide(ctx, d, s.opts.Provider)
		return err
	})
	if err != nil {
		return Approval{}, false, err
	}
	return a, applied, nil
}

// decide is Decide for the phones of a provider.
func (tx *txn) decide(ctx context.Context, d Decision, p Provider) (a Approval, applied bool, err error) {
	given := tx.now
	if !d.Given.IsZero() {
		given = min(given, ms(d.Given))
	}
	a, err = scanApproval(tx.QueryRowContext(ctx, decideQuery, d.UUID, d.ApprovalID, d.Handle, p, d.Status, tx.now, d.Via,
		given, tx.now-useWithin.Milliseconds()))
	if errors.Is(err, sql.ErrNoRows) {
		a, err = scanApproval(tx.QueryRowContext(ctx, foundQuery, d.UUID, d.ApprovalID, d.Handle, p))
		a = a.as(tx.now)
		if err != nil || d.Status != Denied {
			return a, false, err
		}
		return a, false, tx.denyAfterACode(ctx, d, p)
	}
	if err != nil {
		return Approval{}, false, err
	}
	if err := tx.recordDecision(ctx, a); err != nil {
		return Approval{}, false, err
	}
	return a, true, tx.heed(ctx, a)
}

// denyAfterACode heeds a denial of what a code has made needless: somebody is in,
// and the phone says that it was not its owner. The sign-in stands, since its owner
// may have used the code and tidied up; they are told, and it counts as a denial.
func (tx *txn) denyAfterACode(ctx context.Context, d Decision, p Provider) error {
	const note = `
		UPDATE approvals
		SET decided_via = ?5
		WHERE ` + thisRequest + `
			AND status = 'cancelled'
			AND reason = 'other_method'
			AND decided_via = ''
		RETURNING ` + approvalColumns
	a, err := scanApproval(tx.QueryRowContext(ctx, note, d.UUID, d.ApprovalID, d.Handle, p, d.Via))
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	denied := Event{Kind: EventApprovalDenied, UserID: a.UserID, SessionID: a.SessionID, ApprovalID: a.ID, Detail: string(a.Reason)}
	if err := tx.record(ctx, denied); err != nil {
		return err
	}
	return tx.heed(ctx, a)
}

// ExpireDue expires the requests that are past their deadline, and returns
// them.
func (s *Store) ExpireDue(ctx context.Context) (expired []Approval, err error) {
	if due, err := s.due(ctx, s.now()); err != nil || !due {
		return nil, err
	}
	const oldest = `id IN (SELECT id FROM approvals WHERE status = 'pending' AND expires_at <= ?1 ORDER BY expires_at LIMIT ?3)`
	return inParts(sweepBatch, func() (part []Approval, err error) {
		err = s.inTx(ctx, func(tx *txn) error {
			part, err = tx.cancelOrExpire(ctx, "", oldest, sweepBatch)
			return err
		})
		return part, err
	})
}

// sweepBatch is how many requests or sessions a sweep ends in one transaction.
// When ten thousand are due at once, others get their turn to write in between.
const sweepBatch = 50

// inParts calls next until it returns less than a whole part. What was
// committed before a failure is returned without it: the next sweep meets it
// again.
func inParts[T any](size int, next func() ([]T, error)) (all []T, err error) {
	for {
		part, err := next()
		if err != nil {
			if len(all) > 0 {
				err = nil
			}
			return all, err
		}
		all = append(all, part...)
		if len(part) < size {
			return all, nil
		}
	}
}

// due spares a sweep that finds nothing the write transaction.
func (s *Store) due(ctx context.Context, before int64) (found bool, err error) {
	const query = `SELECT EXISTS (SELECT 1 FROM approvals WHERE status = 'pending' AND expires_at <= ?)`
	err = s.read.QueryRowContext(ctx, query, before).Scan(&found)
	return found, wrap(err)
}

// claimFor is how long a request is claimed: whoever has claimed it may be gone.
const claimFor = 3 * time.Second

// ClaimReconcile returns pending requests whose deadline is nearer than
// within, so that the provider is asked about each once: the nearest deadline first.
// Others get what was claimed a while ago, unless NoteLookedUp was called.
func (s *Store) ClaimReconcile(ctx context.Context, within time.Duration) ([]Approval, error) {
	return s.claim(ctx, within, 0)
}

// ClaimMissed is ClaimReconcile with those, too, whose deadline has passed and that can
// still be used if they were approved before: the first that a process claims.
func (s *Store) ClaimMissed(ctx context.Context, within time.Duration) ([]Approval, error) {
	return s.claim(ctx, within, useWithin)
}

func (s *Store) claim(ctx context.Context, within, past time.Duration) ([]Approval, error) {
	now := s.now()
	before := now + within.Milliseconds()
	if due, err := s.due(ctx, before); err != nil || !due {
		return nil, err
	}
	const update = `
		UPDATE approvals
		SET asked_at = ?1
		WHERE status = 'pending'
			AND uuid IS NOT NULL
			AND (asked_at IS NULL OR asked_at <= ?2)
			AND expires_at <= ?3
			AND expires_at > ?4
		RETURNING ` + approvalColumns
	var claimed []Approval
	err := s.again(ctx, func() (err error) {
		claimed, err = list(ctx, s.db, scanApproval, update, now, now-claimFor.Milliseconds(), before, now-past.Milliseconds())
		return err
	})
	slices.SortFunc(claimed, func(a, b Approval) int { return a.ExpiresAt.Compare(b.ExpiresAt) })
	return claimed, err
}

// NoteLookedUp notes of a request that was claimed that its provider has no answer, so
// that nobody claims it again before its deadline.
func (s *Store) NoteLookedUp(ctx context.Context, approvalID string) error {
	const update = `UPDATE approvals SET asked_at = expires_at WHERE id = ? AND status = 'pending' AND asked_at IS NOT NULL`
	_, err := s.exec(ctx, update, approvalID)
	return err
}
