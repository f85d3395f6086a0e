package store

import (
	"context"
	"errors"
)

// What the owner of an account does to it from a session of theirs.

// change is the one way to change an account: it asks for a session that is fresh, in
// the transaction that acts. ErrNotFound, ErrNotFresh.
func (s *Store) change(ctx context.Context, sessionID string, do func(tx *txn, by Session) error) error {
	return s.inTx(ctx, func(tx *txn) error {
		by, err := tx.freshSession(ctx, sessionID)
		if err != nil {
			return err
		}
		return do(tx, by)
	})
}

// freshSession finds a session that may change the account. ErrNotFound,
// ErrNotFresh.
func (tx *txn) freshSession(ctx context.Context, sessionID string) (Session, error) {
	sess, err := tx.signedIn(ctx, sessionID)
	if err == nil && !sess.FreshUntil.After(at(tx.now)) {
		err = ErrNotFresh
	}
	return sess, err
}

// Sessions are those of a user that are signed in and count, the last used first.
func (s *Store) Sessions(ctx context.Context, userID int64) ([]Session, error) {
	const query = `
		SELECT ` + sessionColumns + `
		FROM sessions
		WHERE user_id = ?
			AND level = 2
			AND ended_at IS NULL
			AND expires_at > ?
			AND last_seen > ?
		ORDER BY last_seen DESC, created_at DESC, id`
	now := s.now()
	return list(ctx, s.read, scanSession, query, userID, now, now-s.opts.SessionIdle.Milliseconds())
}

// EndOther ends another session of the same user, and tells them. ErrNotFound also
// for one that has ended, is this very session, or is somebody else's; ErrNotFresh.
func (s *Store) EndOther(ctx context.Context, sessionID, other string, c Client) (ended Session, err error) {
	one, err := s.endOthers(ctx, sessionID, c, `id = ?`, other)
	if err == nil && len(one) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Session{}, err
	}
	return one[0], nil
}

// EndOthers ends all other sessions of the same user, also those that wait for
// their second step, tells them, and returns what it ended. ErrNotFound,
// ErrNotFresh.
func (s *Store) EndOthers(ctx context.Context, sessionID string, c Client) (ended []Session, err error) {
	return s.endOthers(ctx, sessionID, c, `id <> ?`, sessionID)
}

func (s *Store) endOthers(ctx context.Context, sessionID string, c Client, which, id string) (ended []Session, err error) {
	err = s.change(ctx, sessionID, func(tx *txn, by Session) error {
		if ended, err = tx.endBeside(ctx, by, which, id); err != nil || len(ended) == 0 {
			return err
		}
		return tx.noticeBy(ctx, by, NoticeSignedOut, c)
	})
	if err != nil {
		return nil, err
	}
	return ended, nil
}

// endBeside ends those of the other open sessions of the same user that match.
func (tx *txn) endBeside(ctx context.Context, sess Session, which string, arg any) ([]Session, error) {
	query := `
		SELECT ` + sessionColumns + `
		FROM sessions
		WHERE user_id = ? AND id <> ? AND ended_at IS NULL AND ` + which
	byOwner := func(Session) Reason { return ReasonEndedByOwner }
	return tx.endAll(ctx, byOwner, query, sess.UserID, sess.ID, arg)
}

// PasswordChange is another password, and what else changes in the same transaction.
type PasswordChange struct {
	Password   string
	Knows      User // of Authenticate by the password before; none where it was not asked for
	Everywhere bool // all other sessions end, and no other browser is known any more

	// What a stranger may have added: the apps and phones with these ids are removed,
	// those that are gone already are no error, and the codes of NewRecoveryCodes, if there are
	// any, take the place of those from before.
	RemoveApps    []string
	RemovePhones  []string // phones of one's own, by their ids
	RecoveryCodes []string
}

// ChangePassword gives the user of a session another password, and the session
// another id. What waits for its second step ends, since it began with the password
// before. ended are the sessions that did. ErrBusy, ErrNotFound, ErrNotFresh;
// ErrLastFactor as of RevokeOwnPhone; ErrInvalidCredentials as of BeginSession.
func (s *Store) ChangePassword(ctx context.Context, sessionID string, p PasswordChange, c Client) (sess Session, ended []Session, err error) {
	hash, err := s.hashAt(ctx, sessionID, p.Password)
	if err != nil {
		return Session{}, nil, err
	}
	err = s.change(ctx, sessionID, func(tx *txn, by Session) error {
		if err := tx.stillRight(ctx, p.Knows); err != nil {
			return err
		}
		if err := tx.takeBackFactors(ctx, by, p, c); err != nil {
			return err
		}
		sess, ended, err = tx.changePassword(ctx, by, hash, p.Everywhere, "", c)
		return err
	})
	if err != nil {
		return Session{}, nil, err
	}
	return sess, ended, nil
}

// takeBackFactors removes, or makes anew, what signs in and may be a stranger's.
func (tx *txn) takeBackFactors(ctx context.Context, by Session, p PasswordChange, c Client) error {
	for _, id := range p.RemoveApps {
		if err := tx.removeApp(ctx, by, id, c); err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	for _, id := range p.RemovePhones {
		if err := tx.removeOwnPhone(ctx, by, id, c); err != nil {
			return err
		}
	}
	if len(p.RecoveryCodes) > 0 {
		if err := tx.makeRecoveryCodes(ctx, by, p.RecoveryCodes, c); err != nil {
			return err
		}
	}
	if len(p.RemoveApps)+len(p.RemovePhones) == 0 {
		return nil
	}
	return tx.waysLeft(ctx, by.UserID)
}

// hashAt is the hash of another password for the user of a session.
func (s *Store) hashAt(ctx context.Context, sessionID, password string) (string, error) {
	_, user, err := s.sessionAt(ctx, sessionID, s.now())
	if err != nil {
		return "", err
	}
	return s.hashFor(ctx, user.Email, password)
}

// changePassword is what a change of the password does, and a reset of it, which
// names its method.
func (tx *txn) changePassword(ctx context.Context, before Session, hash string, everywhere bool, by Method, c Client) (sess Session, ended []Session, err error) {
	if err := tx.setPassword(ctx, before.UserID, hash); err != nil {
		return Session{}, nil, err
	}
	if ended, err = tx.endElsewhere(ctx, before, everywhere); err != nil {
		return Session{}, nil, err
	}
	if sess, err = tx.renew(ctx, before, c); err != nil {
		return Session{}, nil, err
	}
	if err := tx.record(ctx, Event{Kind: EventPasswordChanged, UserID: sess.UserID, SessionID: sess.ID, Detail: string(by)}); err != nil {
		return Session{}, nil, err
	}
	return sess, ended, tx.noticeBy(ctx, sess, NoticePasswordChanged, c)
}

// endElsewhere ends what a change of the password ends beside a session.
func (tx *txn) endElsewhere(ctx context.Context, sess Session, everywhere bool) ([]Session, error) {
	if everywhere {
		if err := tx.takeBackPhone(ctx, sess); err != nil {
			return nil, err
		}
		if _, err := tx.revokeDevices(ctx, sess.UserID, sess.Device); err != nil {
			return nil, err
		}
	}
	return tx.endBeside(ctx, sess, `(level = 1 OR ? = 1)`, number(everywhere))
}

func (tx *txn) setPassword(ctx context.Context, userID int64, hash string) error {
	const update = `UPDATE users SET password_hash = ? WHERE id = ? AND closed_at IS NULL`
	found, err := changed(tx.ExecContext(ctx, update, hash, userID))
	if err == nil && !found {
		return ErrNotFound
	}
	return err
}
