package store

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"strconv"
	"time"
)

// PhoneChangeWait is how long a change waits that a recovery code has allowed in the
// place of the old phone: its owner is told, and can stop it.
const PhoneChangeWait = 24 * time.Hour

// PhoneChange is another phone on its way into the place of the one that an account
// has: allowed by the old one or by a recovery code, then proved by the new one, then
// made.
type PhoneChange struct {
	ID          string
	UserID      int64
	SessionID   string // that asked for it
	Handle      string // "" until the provider knows the phone
	PhoneNumber string
	CountryCode int
	Number      string // to compare with what the new phone shows
	RequestID   string // the provider's, of the question to the new phone
	CreatedAt   time.Time
	AllowedAt   time.Time // zero until then, as are the next two
	ReadyAt     time.Time // when it takes effect, at the earliest
	ProvedAt    time.Time
	ExpiresAt   time.Time // until when the phone that is asked can answer
}

const changeColumns = `
	id,
	user_id,
	session_id,
	handle,
	phone_number,
	country_code,
	number,
	COALESCE(request_id, ''),
	created_at,
	COALESCE(allowed_at, 0),
	COALESCE(ready_at, 0),
	COALESCE(proved_at, 0),
	expires_at`

func scanChange(r row) (PhoneChange, error) {
	var p PhoneChange
	var created, allowed, ready, proved, expires int64
	err := r.Scan(&p.ID, &p.UserID, &p.SessionID, &p.Handle, &p.PhoneNumber, &p.CountryCode, &p.Number, &p.RequestID,
		&created, &allowed, &ready, &proved, &expires)
	p.CreatedAt, p.AllowedAt, p.ReadyAt, p.ProvedAt, p.ExpiresAt = at(created), at(allowed), at(ready), at(proved), at(expires)
	return p, err
}

// Asked names the question to the new phone, so that one that is asked again is asked in
// the place of a certain one.
func (p PhoneChange) Asked() string {
	return cmp.Or(p.RequestID, strconv.FormatInt(p.ExpiresAt.UnixMilli(), 10))
}

// Subject binds the old phone's approval to this change.
func (p PhoneChange) Subject() string { return "phone " + p.ID }

// BeginPhoneChange begins the change to another phone, in the place of one that was
// begun before. With a recovery code it is allowed at once and takes effect after
// PhoneChangeWait; without one the old phone has to allow it. ErrReplaced where a form
// that was sent twice has begun it already; ErrNotFresh, ErrNotFound, *RateError;
// ErrWrongCode for a code that is none.
func (s *Store) BeginPhoneChange(ctx context.Context, sessionID string, p NewPhone, recovery string, ttl time.Duration, c Client) (change PhoneChange, err error) {
	wrong := false
	err = s.change(ctx, sessionID, func(tx *txn, by Session) error {
		wrong = false
		if err := tx.notBegun(ctx, by, p.PhoneNumber); err != nil {
			return err
		}
		account := strconv.FormatInt(by.UserID, 10)
		change = PhoneChange{
			ID: rand.Text(), UserID: by.UserID, SessionID: by.ID, PhoneNumber: p.PhoneNumber, CountryCode: p.CountryCode,
			CreatedAt: at(tx.now), ExpiresAt: at(tx.now).Add(ttl),
		}
		if recovery != "" {
			if err := tx.spendRecovery(ctx, by.UserID, account, c); err != nil {
				return err
			}
			used, err := tx.useRecoveryCode(ctx, by, recovery, c)
			if err != nil {
				return err
			}
			if wrong = !used; wrong {
				return tx.record(ctx, Event{Kind: EventCodeRefused, UserID: by.UserID, SessionID: by.ID, Detail: string(MethodRecovery)})
			}
			change.AllowedAt, change.ReadyAt = at(tx.now), at(tx.now).Add(PhoneChangeWait)
		}
		if err := tx.spend(ctx, claim{action: ActNewPhone, account: account}); err != nil {
			return err
		}
		return tx.beginPhoneChange(ctx, by, change, c)
	})
	if err == nil && wrong {
		err = ErrWrongCode
	}
	return change, err
}

// notBegun is ErrReplaced where a session has just begun the change to a number, and the
// old phone has not answered: two clicks ring once.
func (tx *txn) notBegun(ctx context.Context, by Session, number string) error {
	const query = `
		SELECT EXISTS (
			SELECT 1
			FROM phone_changes
			WHERE user_id = ?
				AND session_id = ?
				AND phone_number = ?
				AND ended_at IS NULL
				AND created_at > ?
				AND NOT EXISTS (
					SELECT 1
					FROM approvals
					WHERE approvals.session_id = phone_changes.session_id
						AND approvals.subject = 'phone ' || phone_changes.id
						AND approvals.status <> 'pending'))`
	var begun bool
	err := tx.QueryRowContext(ctx, query, by.UserID, by.ID, number, tx.now-repeatWithin.Milliseconds()).Scan(&begun)
	if err == nil && begun {
		return ErrReplaced
	}
	return err
}

func (tx *txn) beginPhoneChange(ctx context.Context, by Session, p PhoneChange, c Client) error {
	if _, err := tx.endPhoneChange(ctx, p.UserID, "replaced"); err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	const insert = `
		INSERT INTO phone_changes (id, user_id, session_id, phone_number, country_code, created_at, expires_at, allowed_at, ready_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`
	_, err := tx.ExecContext(ctx, insert, p.ID, p.UserID, p.SessionID, p.PhoneNumber, p.CountryCode, tx.now,
		p.ExpiresAt.UnixMilli(), orNull(p.AllowedAt), orNull(p.ReadyAt))
	if err != nil {
		return err
	}
	if err := tx.record(ctx, Event{Kind: EventPhoneChangeBegun, UserID: p.UserID, SessionID: p.SessionID}); err != nil {
		return err
	}
	if p.ReadyAt.IsZero() {
		return nil // the old phone is asked: whoever has it knows
	}
	return tx.noticeBy(ctx, by, NoticePhoneChangeBegun, c, p.ReadyAt.Format("2 Jan 2006, 15:04 UTC"))
}

// orNull is a time as the tables keep it, where it may be missing.
func orNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

// PhoneChangeOutcome is how the last change of a user ended: changed, stopped, denied,
// expired, replaced; "" without one that has.
func (s *Store) PhoneChangeOutcome(ctx context.Context, userID int64) (string, error) {
	const query = `SELECT outcome FROM phone_changes WHERE user_id = ? ORDER BY created_at DESC LIMIT 1`
	var outcome string
	err := s.read.QueryRowContext(ctx, query, userID).Scan(&outcome)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return outcome, wrap(err)
}

func (tx *txn) endPhoneChange(ctx context.Context, userID int64, outcome string) (PhoneChange, error) {
	const end = `
		UPDATE phone_changes
		SET ended_at = ?, outcome = ?
		WHERE user_id = ? AND ended_at IS NULL
		RETURNING ` + changeColumns
	p, err := scanChange(tx.QueryRowContext(ctx, end, tx.now, outcome, userID))
	return p, wrap(err)
}

// PhoneChange is the change of a user's phone that is under way. ErrNotFound.
func (s *Store) PhoneChange(ctx context.Context, userID int64) (PhoneChange, error) {
	const query = `SELECT ` + changeColumns + ` FROM phone_changes WHERE user_id = ? AND ended_at IS NULL`
	p, err := scanChange(s.read.QueryRowContext(ctx, query, userID))
	return p, wrap(err)
}

// AllowPhoneChange uses the old phone's approval of the change that this session has
// begun. ErrNotApproved; ErrNotFound when there is no such change.
func (s *Store) AllowPhoneChange(ctx context.Context, sessionID string) (p PhoneChange, err error) {
	err = s.inTx(ctx, func(tx *txn) error {
		sess, err := tx.signedIn(ctx, sessionID)
		if err != nil {
			return err
		}
		const allow = `
			UPDATE phone_changes
			SET allowed_at = ?1, ready_at = ?1
			WHERE user_id = ?2 AND session_id = ?3 AND ended_at IS NULL AND allowed_at IS NULL
			RETURNING ` + changeColumns
		if p, err = scanChange(tx.QueryRowContext(ctx, allow, tx.now, sess.UserID, sessionID)); err != nil {
			return err
		}
		_, err = tx.consume(ctx, sessionID, KindConfirm, p.Subject())
		return err
	})
	if err != nil {
		return PhoneChange{}, err
	}
	return p, nil
}

// AskNewPhone notes that the new phone of a change is asked, before it is: within
// the limits of pushes to that phone. It returns the change with the number that both
// show. replaces is what Asked says of the question before. *RateError; ErrNotFound
// unless it is allowed and not proved, and where it was asked meanwhile.
func (s *Store) AskNewPhone(ctx context.Context, userID int64, handle, replaces string, ttl time.Duration) (p PhoneChange, err error) {
	err = s.inTx(ctx, func(tx *txn) error {
		number, err := newNumber(2)
		if err != nil {
			return err
		}
		const ask = `
			UPDATE phone_changes
			SET handle = ?, number = ?, request_id = NULL, expires_at = ?
			WHERE user_id = ?
				AND ended_at IS NULL
				AND allowed_at IS NOT NULL
				AND proved_at IS NULL
				AND COALESCE(request_id, CAST(expires_at AS TEXT)) = ?
			RETURNING ` + changeColumns
		p, err = scanChange(tx.QueryRowContext(ctx, ask, handle, number, tx.now+ttl.Milliseconds(), userID, replaces))
		if err != nil {
			return err
		}
		// A phone that is new to the account is asked by a stranger.
		return tx.spend(ctx, claim{action: ActPush, phone: p.PhoneNumber})
	})
	if err != nil {
		return PhoneChange{}, err
	}
	return p, nil
}

// NotePhoneRequest keeps the provider's id of the question to the new phone.
func (s *Store) NotePhoneRequest(ctx context.Context, id, requestID string) error {
	const note = `UPDATE phone_changes SET request_id = ? WHERE id = ? AND ended_at IS NULL AND request_id IS NULL`
	_, err := s.exec(ctx, note, requestID, id)
	return wrap(err)
}

// AnswerPhoneChange applies what the new phone has answered, if it is the phone that
// was asked, in time, for the first time: a yes proves it, a no ends the change.
// ErrNotFound when no change is under way to which this is an answer.
func (s *Store) AnswerPhoneChange(ctx context.Context, d Decision) (p PhoneChange, err error) {
	err = s.inTx(ctx, func(tx *txn) error {
		const answer = `
			UPDATE phone_changes
			SET
				proved_at = CASE WHEN ?1 = 'approved' THEN CAST(?2 AS BIGINT) END,
				ended_at = CASE WHEN ?1 = 'denied' THEN CAST(?2 AS BIGINT) END,
				outcome = CASE WHEN ?1 = 'denied' THEN 'denied' ELSE '' END
			WHERE ?1 IN ('approved', 'denied')
				AND (?3 = '' OR id = ?3)
				AND (?4 = '' OR request_id IS NULL OR request_id = ?4)
				AND (id = ?3 OR request_id = ?4)
				AND (?5 = '' OR handle = ?5)
				AND handle <> ''
				AND ended_at IS NULL
				AND allowed_at IS NOT NULL
				AND proved_at IS NULL
				AND expires_at > ?2
			RETURNING ` + changeColumns
		p, err = scanChange(tx.QueryRowContext(ctx, answer, string(d.Status), tx.now, d.ApprovalID, d.UUID, d.Handle))
		if err != nil {
			return err
		}
		kind := EventPhoneProved
		if d.Status == Denied {
			kind = EventPhoneChangeDenied
		}
		return tx.record(ctx, Event{Kind: kind, UserID: p.UserID})
	})
	if err != nil {
		return PhoneChange{}, wrap(err)
	}
	return p, nil
}

// ReadyPhoneChanges are the users whose change takes effect now.
func (s *Store) ReadyPhoneChanges(ctx context.Context) ([]int64, error) {
	const query = `
		SELECT user_id
		FROM phone_changes
		WHERE ended_at IS NULL AND proved_at IS NOT NULL AND ready_at <= ?
		LIMIT 50`
	scan := func(r row) (id int64, err error) { return id, r.Scan(&id) }
	return list(ctx, s.read, scan, query, s.now())
}

// FinishPhoneChange puts the new phone in the place of the old one. Sign-ins that
// wait for the old one end, and whatever it was asked, or has approved and nobody has
// used, counts for nothing. ErrNotFound unless the change is proved and ready.
func (s *Store) FinishPhoneChange(ctx context.Context, userID int64) (old ReplacedPhone, err error) {
	err = s.inTx(ctx, func(tx *txn) error {
		const finish = `
			UPDATE phone_changes
			SET ended_at = ?1, outcome = 'changed'
			WHERE user_id = ?2 AND ended_at IS NULL AND proved_at IS NOT NULL AND ready_at <= ?1
			RETURNING ` + changeColumns
		p, err := scanChange(tx.QueryRowContext(ctx, finish, tx.now, userID))
		if err != nil {
			return err
		}
		if old, err = tx.endPhone(ctx, userID); err != nil {
			return err
		}
		if err := tx.replacePhone(ctx, userID, NewPhone{PhoneNumber: p.PhoneNumber, CountryCode: p.CountryCode, Handle: p.Handle}); err != nil {
			return err
		}
		if err := tx.prove(ctx, userID, tx.store.opts.Provider); err != nil {
			return err
		}
		if err := tx.record(ctx, Event{Kind: EventPhoneChanged, UserID: userID}); err != nil {
			return err
		}
		return tx.noticeBy(ctx, Session{ID: p.SessionID, UserID: userID}, NoticePhoneChanged, Client{})
	})
	if err != nil {
		return ReplacedPhone{}, wrap(err)
	}
	return old, nil
}

// StopPhoneChange ends a change that is under way: anybody who is signed in may, since
// nothing is lost by it. ErrNotFound when there is none.
func (s *Store) StopPhoneChange(ctx context.Context, sess Session, c Client) (p PhoneChange, err error) {
	err = s.inTx(ctx, func(tx *txn) error {
		p, err = tx.stopPhoneChange(ctx, sess, c)
		return err
	})
	return p, err
}

func (tx *txn) stopPhoneChange(ctx context.Context, by Session, c Client) (PhoneChange, error) {
	p, err := tx.endPhoneChange(ctx, by.UserID, "stopped")
	if err != nil {
		return PhoneChange{}, err
	}
	if err := tx.record(ctx, Event{Kind: EventPhoneChangeStopped, UserID: by.UserID, SessionID: by.ID}); err != nil {
		return PhoneChange{}, err
	}
	return p, tx.noticeBy(ctx, by, NoticePhoneChangeStopped, c)
}

// takeBackPhone ends the change that may be under way when an owner keeps everybody
// else out, and the code by which a phone is added: whoever they keep out may have
// begun it.
func (tx *txn) takeBackPhone(ctx context.Context, sess Session) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM own_codes WHERE user_id = ?`, sess.UserID); err != nil {
		return err
	}
	_, err := tx.stopPhoneChange(ctx, sess, Client{IP: sess.IP, UserAgent: sess.UserAgent, Place: sess.Place})
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}
