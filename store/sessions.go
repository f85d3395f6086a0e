package store

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"time"
)

// Level is how far a sign-in has come.
type Level int

// A session has exactly one user and one level.
const (
	Anonymous      Level = iota // no row
	PasswordPassed              // waits for the second step
	SignedIn
)

// Session is one sign-in. Its ID is no credential: the cookie holds another,
// which only points here.
type Session struct {
	ID         string
	UserID     int64
	Level      Level
	Method     Method // how the second step was passed; "" while it is open
	IP         string
	UserAgent  string
	Place      string // of the address, in words; "" where nobody knows
	CreatedAt  time.Time
	LastSeenAt time.Time
	ExpiresAt  time.Time
	UsedAt     time.Time // of a signed-in one: its first request
	FreshUntil time.Time // until then it may change the account
	CodeAt     time.Time // when a code last said who sits there; zero if none has
	EndedAt    time.Time // zero while it lives
	EndReason  Reason
	ReplacedBy string
	ApprovalID string        // what was consumed for it
	Latency    time.Duration // from the decision to the door; negative where it waited for somebody's press
	CodeTries  int           // codes tried in this attempt
	CodeVia    Method        // how a code was last sent in this attempt: sms, call
	CodeState  CodeState     // what became of it
	Device     string        // what its browser is known by, "" for none; see Client

	ResetsPassword bool // it began with a recovery code in the place of the password

	form string // digest of the form that its last step was sent with; written, never read back
}

// Client is where a request comes from, for the audit trail and the phone.
type Client struct {
	IP, UserAgent string
	Place         string // of the address, in words; "" where nobody knows
	Form          string // digest of the token of the form that was sent, "" without one
	Device        string // hash of what the browser's device cookie holds, "" without a genuine one
	Proof         string // a code of the person's own, given along with a password; "" for none
	NewDevice     string // the same of the cookie that it may get at the end of its sign-in, "" for none
	Unpressed     bool   // whether the page sent the form by itself
}

// seenEvery is the precision of last_seen: a read should not cost a write.
const seenEvery = time.Minute

const sessionColumns = `
	sessions.id,
	sessions.user_id,
	sessions.level,
	sessions.method,
	sessions.ip,
	sessions.user_agent,
	sessions.place,
	sessions.created_at,
	sessions.last_seen,
	sessions.expires_at,
	COALESCE(sessions.used_at, 0),
	sessions.fresh_until,
	sessions.code_at,
	COALESCE(sessions.ended_at, 0),
	sessions.end_reason,
	sessions.replaced_by,
	sessions.approval_id,
	sessions.latency,
	sessions.code_tries,
	sessions.code_via,
	sessions.code_state,
	sessions.device,
	sessions.resets_password`

// sessionScan receives the columns above, and any that follow them.
func sessionScan(r row, more ...any) (Session, error) {
	var s Session
	var created, seen, expires, used, fresh, code, ended, latency int64
	err := r.Scan(append([]any{&s.ID, &s.UserID, &s.Level, &s.Method, &s.IP, &s.UserAgent, &s.Place, &created, &seen, &expires,
		&used, &fresh, &code, &ended, &s.EndReason, &s.ReplacedBy, &s.ApprovalID, &latency, &s.CodeTries, &s.CodeVia, &s.CodeState, &s.Device,
		&s.ResetsPassword}, more...)...)
	s.CreatedAt, s.LastSeenAt, s.ExpiresAt, s.UsedAt, s.EndedAt = at(created), at(seen), at(expires), at(used), at(ended)
	s.FreshUntil, s.CodeAt = at(fresh), at(code)
	s.Latency = time.Duration(latency) * time.Millisecond
	return s, err
}

func scanSession(r row) (Session, error) { return sessionScan(r) }

// StartSession is BeginSession for whoever has shown otherwise that the account is theirs.
func (s *Store) StartSession(ctx context.Context, userID int64, replaces string, c Client) (Session, error) {
	return s.BeginSession(ctx, User{ID: userID}, replaces, c)
}

// BeginSession begins a sign-in whose password was right. The session that
// the browser had before, if any, ends in the same step, and with it what was
// pending for it. A form that is sent twice begins one sign-in. ErrNotFound for an
// unknown or closed account; ErrInvalidCredentials where Authenticate has found the user
// and the password has changed since; *RateError.
func (s *Store) BeginSession(ctx context.Context, u User, replaces string, c Client) (sess Session, err error) {
	err = s.inTx(ctx, func(tx *txn) error {
		if err := tx.stillRight(ctx, u); err != nil {
			return err
		}
		if err := tx.spendSignIn(ctx, u.ID, c); err != nil {
			return err
		}
		again, err := tx.sameSignIn(ctx, u.ID, false, c.Form)
		if err == nil || !errors.Is(err, ErrNotFound) {
			sess = again
			return err
		}
		sess = tx.newSession(u.ID, PasswordPassed, c)
		return tx.startSession(ctx, sess, replaces, "")
	})
	if err != nil {
		return Session{}, err
	}
	return sess, nil
}

// startSession writes a new session, by a method if it is not the password, and ends
// the one that its browser had before.
func (tx *txn) startSession(ctx context.Context, sess Session, replaces string, by Method) error {
	if err := tx.replaceSession(ctx, replaces, sess); err != nil {
		return err
	}
	if err := tx.insertSession(ctx, sess); err != nil {
		return err
	}
	return tx.record(ctx, Event{Kind: EventSessionStarted, UserID: sess.UserID, SessionID: sess.ID, IP: sess.IP, Detail: string(by)})
}

// replaceSession ends the session that a browser had before, "" for none.
func (tx *txn) replaceSession(ctx context.Context, before string, sess Session) error {
	if before == "" {
		return nil
	}
	_, err := tx.endSession(ctx, before, ReasonReplaced, sess.ID)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

func (tx *txn) newSession(userID int64, level Level, c Client) Session {
	now, life, fresh := at(tx.now), tx.store.opts.PendingMax, time.Time{}
	if level == SignedIn {
		life, fresh = tx.store.opts.SessionMax, now.Add(FreshFor)
	}
	return Session{
		ID: rand.Text(), UserID: userID, Level: level, IP: c.IP, UserAgent: c.UserAgent, Place: c.Place, form: c.Form, Device: c.Device,
		CreatedAt: now, LastSeenAt: now, ExpiresAt: now.Add(life), FreshUntil: fresh,
	}
}

func (tx *txn) insertSession(ctx context.Context, s Session) error {
	const insert = `
		INSERT INTO sessions (
			id,
			user_id,
			level,
			method,
			ip,
			user_agent,
			place,
			network,
			created_at,
			last_seen,
			expires_at,
			approval_id,
			latency,
			form,
			device,
			resets_password,
			fresh_until,
			code_at
		)
		SELECT ?, users.id, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
		FROM users
		WHERE users.id = ? AND users.closed_at IS NULL`
	found, err := changed(tx.ExecContext(ctx, insert, s.ID, s.Level, s.Method, s.IP, s.UserAgent, s.Place, surroundings(s.IP),
		s.CreatedAt.UnixMilli(), s.LastSeenAt.UnixMilli(), s.ExpiresAt.UnixMilli(), s.ApprovalID,
		s.Latency.Milliseconds(), s.form, s.Device, number(s.ResetsPassword), ms(s.FreshUntil), ms(s.CodeAt), s.UserID))
	if err == nil && !found {
		return ErrNotFound
	}
	if err != nil {
		return err
	}
	return tx.revise(ctx, s.ID)
}

// number is a truth as the tables keep it.
func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

const sessionQuery = `
	SELECT ` + sessionColumns + `, ` + userColumns + `
	FROM sessions JOIN users ON users.id = sessions.user_id
	WHERE sessions.id = CAST(? AS TEXT)
		AND sessions.ended_at IS NULL
		AND sessions.expires_at > ?
		AND (sessions.level = 1 OR sessions.last_seen > ?)
		AND users.closed_at IS NULL`

// Session returns a session that counts now, and its user: it is in use.
// ErrNotFound when it has ended, is idle, or is too old.
func (s *Store) Session(ctx context.Context, id string) (Session, User, error) {
	now := s.now()
	sess, u, err := s.sessionAt(ctx, id, now)
	if err != nil {
		return Session{}, User{}, err
	}
	if now-sess.LastSeenAt.UnixMilli() >= seenEvery.Milliseconds() && s.seen(ctx, id, now) == nil {
		sess.LastSeenAt = at(now)
	}
	return sess, u, nil
}

// ListeningSession is Session for a page that is only open: it does not keep the
// session from being idle.
func (s *Store) ListeningSession(ctx context.Context, id string) (Session, User, error) {
	return s.sessionAt(ctx, id, s.now())
}

func (s *Store) sessionAt(ctx context.Context, id string, now int64) (Session, User, error) {
	var u User
	var created int64
	row := s.read.QueryRowContext(s.uncancelled(ctx), sessionQuery, id, now, now-s.opts.SessionIdle.Milliseconds())
	sess, err := sessionScan(row, userFields(&u, &created)...)
	if err != nil {
		return Session{}, User{}, s.met(err)
	}
	u.CreatedAt = at(created)
	if sess.Level == SignedIn && sess.UsedAt.IsZero() {
		if counts, err := s.use(ctx, id, now); err != nil || !counts {
			return Session{}, User{}, cmp.Or(err, ErrNotFound)
		}
		sess.UsedAt = at(now)
	}
	return sess, u, nil
}

// seen updates last_seen. If it cannot, on a full disk, the page is still
// served; the session only becomes idle sooner.
func (s *Store) seen(ctx context.Context, id string, now int64) error {
	const update = `
		UPDATE sessions
		SET last_seen = ?
		WHERE id = ? AND ended_at IS NULL AND last_seen < ?`
	_, err := s.exec(ctx, update, now, id, now)
	return wrap(err)
}

const countQuery = `
	UPDATE users
	SET revision = revision + 1
	WHERE id = (SELECT user_id FROM sessions WHERE id = CAST(? AS TEXT))`

const reviseQuery = `
	UPDATE sessions
	SET revision = (SELECT revision FROM users WHERE users.id = sessions.user_id)
	WHERE id = CAST(? AS TEXT)`

// revise raises the revision of a session: something that its pages show has
// changed. It counts by user, so that a page which goes on with the next
// sign-in of the same browser never hears a lower one.
func (tx *txn) revise(ctx context.Context, sessionID string) error {
	for _, query := range []string{countQuery, reviseQuery} {
		if _, err := tx.ExecContext(ctx, query, sessionID); err != nil {
			return err
		}
	}
	return nil
}

// SignedInSessions returns the ids of the sessions of a user that are signed in.
func (s *Store) SignedInSessions(ctx context.Context, userID int64) ([]string, error) {
	const query = `SELECT id FROM sessions WHERE user_id = ? AND level = 2 AND ended_at IS NULL`
	scan := func(r row) (id string, err error) { return id, r.Scan(&id) }
	return list(ctx, s.read, scan, query, userID)
}
