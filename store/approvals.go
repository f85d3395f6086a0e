package store

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"math/big"
	"time"
)

// Approval is one request to a phone. It belongs to one session and one user.
type Approval struct {
	ID         string // ours; travels in the hidden details
	UUID       string // the provider's, "" until it has replied
	Kind       Kind
	SessionID  string
	UserID     int64
	FactorID   int64
	Provider   Provider
	Handle     string // the provider's name for the phone that was asked
	Status     ApprovalStatus
	Reason     Reason // of a cancelled one; ReasonUnconfirmed of a pending one
	Number     string // two digits, shown in the browser and on the phone; six of an own phone, which does not show them
	Subject    string // digest of what the phone shows, "" for a login
	CreatedAt  time.Time
	ExpiresAt  time.Time
	DecidedAt  time.Time
	DecidedVia Via
	ConsumedAt time.Time
	RetryAt    time.Time // of one that its provider has not taken: when it may be asked again; zero if it has not said
}

const approvalColumns = `
	id,
	COALESCE(uuid, ''),
	kind,
	session_id,
	user_id,
	COALESCE(factor_id, 0),
	COALESCE((SELECT provider FROM factors WHERE factors.id = approvals.factor_id), ''),
	COALESCE((SELECT handle FROM factors WHERE factors.id = approvals.factor_id), ''),
	status,
	reason,
	number,
	subject,
	created_at,
	expires_at,
	COALESCE(decided_at, 0),
	decided_via,
	COALESCE(consumed_at, 0),
	retry_at`

func scanApproval(r row) (Approval, error) {
	var a Approval
	var created, expires, decided, consumed, retry int64
	err := r.Scan(&a.ID, &a.UUID, &a.Kind, &a.SessionID, &a.UserID, &a.FactorID, &a.Provider, &a.Handle, &a.Status, &a.Reason, &a.Number,
		&a.Subject, &created, &expires, &decided, &a.DecidedVia, &consumed, &retry)
	a.CreatedAt, a.ExpiresAt, a.DecidedAt, a.ConsumedAt, a.RetryAt = at(created), at(expires), at(decided), at(consumed), at(retry)
	return a, err
}

// BeginApproval writes the row of a request, before the provider is asked.
// Requests of the same kind that the user has pending end with it, as
// superseded, or as expired if their deadline has passed; they are returned so
// that their browsers can be told. ErrNotFound when the session no longer
// counts, is not at the level that this kind needs, or its user has no phone.
// *RateError while the phone is left in peace.
func (s *Store) BeginApproval(ctx context.Context, sessionID string, kind Kind, subject string, ttl time.Duration) (a Approval, replaced []Approval, err error) {
	err = s.inTx(ctx, func(tx *txn) error {
		a, replaced, err = tx.replaceApproval(ctx, sessionID, kind, subject, ttl)
		return err
	})
	if err != nil {
		return Approval{}, nil, err
	}
	return a, replaced, nil
}

// NoRequest is what the first request of a session replaces.
const NoRequest = "none"

// BeginLogin is BeginApproval for a login. replaces is the request in whose place
// it comes, "" for whichever is the newest, NoRequest for the first of its session:
// ErrReplaced when another one came first, so that of many who replace one request at
// once, one does. *RateError while
// the phone must not be asked, see PushAllowed; but a session's first request is then
// written as one that is cancelled, so that its pages say why. Counting and
// beginning are one transaction, so that concurrent requests cannot exceed the
// limits.
func (s *Store) BeginLogin(ctx context.Context, sessionID, replaces string, ttl time.Duration) (a Approval, replaced []Approval, err error) {
	err = s.inTx(ctx, func(tx *txn) error {
		replaced = nil
		first, err := tx.isNewest(ctx, sessionID, KindLogin, replaces)
		if err != nil {
			return err
		}
		claims, err := tx.push(ctx, sessionID)
		var limit *RateError
		if first && errors.As(err, &limit) {
			a, err = tx.beginApproval(ctx, sessionID, KindLogin, "", ttl, limit.reason())
			return err
		}
		if err != nil {
			return err
		}
		if a, replaced, err = tx.replaceApproval(ctx, sessionID, KindLogin, "", ttl); err != nil {
			return err
		}
		return tx.countPush(ctx, a, claims)
	})
	if err != nil {
		return Approval{}, nil, err
	}
	return a, replaced, nil
}

// isNewest checks what a new request is to replace; first is true where there is none
// yet. ErrReplaced.
func (tx *txn) isNewest(ctx context.Context, sessionID string, kind Kind, replaces string) (first bool, err error) {
	newest, err := scanApproval(tx.QueryRowContext(ctx, latestQuery, sessionID, kind))
	if first = errors.Is(err, sql.ErrNoRows); err != nil && !first {
		return false, err
	}
	if replaces == "" || newest.ID == replaces || first && replaces == NoRequest {
		return first, nil
	}
	return first, ErrReplaced
}

func (tx *txn) replaceApproval(ctx context.Context, sessionID string, kind Kind, subject string, ttl time.Duration) (a Approval, replaced []Approval, err error) {
	const same = `kind = CAST(?3 AS TEXT) AND user_id = (SELECT user_id FROM sessions WHERE id = CAST(?4 AS TEXT))`
	if replaced, err = tx.cancelOrExpire(ctx, ReasonSuperseded, same, kind, sessionID); err != nil {
		return Approval{}, nil, err
	}
	a, err = tx.beginApproval(ctx, sessionID, kind, subject, ttl, "")
	return a, replaced, err
}

// NoteUnconfirmed notes that nobody knows whether the provider has passed a
// pending request on.
func (s *Store) NoteUnconfirmed(ctx context.Context, approvalID string) error {
	return s.inTx(ctx, func(tx *txn) error {
		const update = `
			UPDATE approvals
			SET reason = 'unconfirmed'
			WHERE id = ? AND status = 'pending'
			RETURNING session_id`
		var sessionID string
		err := tx.QueryRowContext(ctx, update, approvalID).Scan(&sessionID)
		if errors.Is(err, sql.ErrNoRows) {
			return nil // it was answered meanwhile
		}
		if err != nil {
			return err
		}
		return tx.revise(ctx, sessionID)
	})
}

// PendingIDs returns what waits for an answer and can be looked up, the nearest
// deadline first.
func (s *Store) PendingIDs(ctx context.Context) ([]string, error) {
	const query = `
		SELECT id
		FROM approvals
		WHERE status = 'pending' AND uuid IS NOT NULL AND expires_at > ?
		ORDER BY expires_at`
	scan := func(r row) (id string, err error) { return id, r.Scan(&id) }
	return list(ctx, s.read, scan, query, s.now())
}

const beginQuery = `
	INSERT INTO approvals (
		id,
		kind,
		session_id,
		user_id,
		factor_id,
		status,
		reason,
		number,
		subject,
		created_at,
		expires_at,
		decided_at
	)
	SELECT
		?1,
		?2,
		sessions.id,
		users.id,
		factors.id,
		CASE WHEN CAST(?10 AS TEXT) = '' THEN 'pending' ELSE 'cancelled' END,
		?10,
		CASE factors.provider WHEN 'own' THEN ?11 ELSE ?3 END,
		?4,
		?5,
		?6,
		CASE WHEN CAST(?10 AS TEXT) = '' THEN NULL ELSE CAST(?5 AS BIGINT) END
	FROM sessions
	JOIN users ON users.id = sessions.user_id
	JOIN factors ON factors.user_id = users.id
	WHERE sessions.id = CAST(?7 AS TEXT)
		AND sessions.level = CAST(?8 AS BIGINT)
		AND sessions.ended_at IS NULL
		AND sessions.expires_at > ?5
		AND users.closed_at IS NULL
		AND factors.revoked_at IS NULL
		AND (factors.provider = 'own'
			OR factors.provider = CAST(?9 AS TEXT)
				AND NOT EXISTS (
					SELECT 1
					FROM factors AS own
					WHERE own.user_id = users.id AND own.provider = 'own' AND own.revoked_at IS NULL))
	RETURNING ` + approvalColumns

// beginApproval writes the row of a request: pending, or cancelled from its
// beginning if there is a reason. Who has phones of their own is asked on those.
func (tx *txn) beginApproval(ctx context.Context, sessionID string, kind Kind, subject string, ttl time.Duration, refused Reason) (Approval, error) {
	level := PasswordPassed
	if kind != KindLogin {
		level = SignedIn
	}
	number, err := newNumber(2)
	if err != nil {
		return Approval{}, err
	}
	long, err := newNumber(6)
	if err != nil {
		return Approval{}, err
	}
	a, err := scanApproval(tx.QueryRowContext(ctx, beginQuery, rand.Text(), kind, number, subject,
		tx.now, tx.now+ttl.Milliseconds(), sessionID, level, tx.store.opts.Provider, refused, long))
	if err != nil {
		return Approval{}, err
	}
	if err := tx.revise(ctx, a.SessionID); err != nil {
		return Approval{}, err
	}
	if refused != "" {
		return a, tx.recordDecision(ctx, a)
	}
	return a, tx.record(ctx, Event{Kind: EventApprovalBegun, UserID: a.UserID, SessionID: a.SessionID, ApprovalID: a.ID, Detail: string(kind)})
}

// newNumber makes a number of so many digits, of which the first is no 0: two for
// browser and phone to show, six for an own phone to be told.
func newNumber(digits int) (string, error) {
	least := int64(math.Pow10(digits - 1))
	number, err := rand.Int(rand.Reader, big.NewInt(9*least))
	if err != nil {
		return "", err
	}
	return fmt.Sprint(least + number.Int64()), nil
}

// AttachUUID keeps the provider's id of a request. The callback may have
// brought it already; that is no error. It returns the request, which may have
// ended meanwhile. ErrNotFound for an unknown request, and for one that has another.
func (s *Store) AttachUUID(ctx context.Context, approvalID, uuid string) (a Approval, err error) {
	const update = `
		UPDATE approvals
		SET uuid = ?
		WHERE id = ? AND (uuid IS NULL OR uuid = ?)
		RETURNING ` + approvalColumns
	err = s.inTx(ctx, func(tx *txn) error {
		a, err = scanApproval(tx.QueryRowContext(ctx, update, uuid, approvalID, uuid))
		return wrap(err)
	})
	return a, err
}

// CancelApproval ends a pending request for the reason given. One that was
// past its deadline ends as expired.
func (s *Store) CancelApproval(ctx context.Context, id string, reason Reason) (a Approval, applied bool, err error) {
	return s.CancelUnasked(ctx, id, reason, time.Time{})
}

// CancelUnasked is CancelApproval for a request that its provider has not taken, with its
// RetryAt.
func (s *Store) CancelUnasked(ctx context.Context, id string, reason Reason, retryAt time.Time) (a Approval, applied bool, err error) {
	err = s.inTx(ctx, func(tx *txn) error {
		ended, err := tx.cancelOrExpire(ctx, reason, `id = ?3`, id)
		if err != nil {
			return err
		}
		if applied = len(ended) == 1; applied {
			a = ended[0]
			return tx.unasked(ctx, &a, retryAt)
		}
		a, err = scanApproval(tx.QueryRowContext(ctx, approvalByID, id))
		return err
	})
	return a, applied && err == nil, err
}

// unasked makes good what a request has counted for that never rang, and notes when its
// provider may be asked again.
func (tx *txn) unasked(ctx context.Context, a *Approval, retryAt time.Time) error {
	if !neverRang[a.Reason] {
		return nil
	}
	if !retryAt.IsZero() {
		if _, err := tx.ExecContext(ctx, `UPDATE approvals SET retry_at = ? WHERE id = ?`, ms(retryAt), a.ID); err != nil {
			return err
		}
		a.RetryAt = retryAt
	}
	return tx.takeBack(ctx, a.ID)
}

// cancelOrExpire ends the pending requests that match, and returns them: those
// past their deadline as expired, the rest as cancelled for the reason. In the
// condition ?1 is the time; arguments begin at ?3.
func (tx *txn) cancelOrExpire(ctx context.Context, reason Reason, condition string, args ...any) ([]Approval, error) {
	return tx.end(ctx, reason, `status = 'pending' AND `+condition, args...)
}

// end is cancelOrExpire for requests in any state.
func (tx *txn) end(ctx context.Context, reason Reason, condition string, args ...any) ([]Approval, error) {
	update := `
		UPDATE approvals
		SET
			status = CASE WHEN expires_at > ?1 THEN 'cancelled' ELSE 'expired' END,
			reason = CASE WHEN expires_at > ?1 THEN ?2 ELSE '' END,
			decided_at = ?1
		WHERE ` + condition + `
		RETURNING ` + approvalColumns
	ended, err := list(ctx, tx, scanApproval, update, append([]any{tx.now, reason}, args...)...)
	if err != nil {
		return nil, err
	}
	for _, a := range ended {
		if err := tx.recordDecision(ctx, a); err != nil {
			return nil, err
		}
	}
	return ended, nil
}

// recordDecision writes down that a request has ended, and lets the pages of
// its session know that what they heard before is out of date.
func (tx *txn) recordDecision(ctx context.Context, a Approval) error {
	if err := tx.revise(ctx, a.SessionID); err != nil {
		return err
	}
	detail := cmp.Or(string(a.Reason), string(a.DecidedVia))
	return tx.record(ctx, Event{Kind: decisionEvents[a.Status], UserID: a.UserID, SessionID: a.SessionID, ApprovalID: a.ID, Detail: detail})
}

const approvalByID = `SELECT ` + approvalColumns + ` FROM approvals WHERE id = ?`

// Approval returns the request with our id.
func (s *Store) Approval(ctx context.Context, id string) (Approval, error) {
	a, err := scanApproval(s.read.QueryRowContext(ctx, approvalByID, id))
	return a.as(s.now()), wrap(err)
}

const latestQuery = `
	SELECT ` + approvalColumns + `
	FROM approvals
	WHERE session_id = CAST(? AS TEXT) AND kind = CAST(? AS TEXT)
	ORDER BY seq DESC
	LIMIT 1`

// LatestApproval returns the newest request of a session. One past its
// deadline reads as expired, also before ExpireDue has come round.
func (s *Store) LatestApproval(ctx context.Context, sessionID string, kind Kind) (Approval, error) {
	a, err := scanApproval(s.read.QueryRowContext(s.uncancelled(ctx), latestQuery, sessionID, kind))
	return a.as(s.now()), wrap(err)
}

// as shows a request as it is at this moment. An approval that was not used in
// time is as good as none.
func (a Approval) as(now int64) Approval {
	unused := a.Status == Approved && a.ConsumedAt.IsZero()
	switch {
	case a.Status == Pending && a.ExpiresAt.UnixMilli() <= now,
		unused && a.ExpiresAt.Add(useWithin).UnixMilli() <= now:
		a.Status = Expired
	}
	return a
}
