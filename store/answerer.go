package store

import (
	"context"
	"time"
)

// Answerer is a session that may answer "was this you?", within bounds: nobody
// answers for themselves, nor a browser for others that itself waits for an answer.
type Answerer struct {
	session Session
	known   time.Time // since when its browser is known to the account; zero if it is not
	doubted int64     // the first notice of its browser as a new one without a yes; 0 for none
}

// Answerer says what a session may answer.
func (s *Store) Answerer(ctx context.Context, sess Session) (Answerer, error) {
	a, err := answererOf(ctx, s.read, sess)
	return a, wrap(err)
}

func answererOf(ctx context.Context, q querier, sess Session) (Answerer, error) {
	const query = `
		SELECT
			COALESCE((SELECT MIN(created_at) FROM devices WHERE user_id = sessions.user_id AND device = sessions.device AND device <> ''), 0),
			COALESCE((SELECT MIN(notices.id) FROM ` + doubts + `), 0)
		FROM sessions
		WHERE sessions.id = ?`
	var known int64
	a := Answerer{session: sess}
	err := q.QueryRowContext(ctx, query, sess.ID).Scan(&known, &a.doubted)
	a.known = at(known)
	return a, err
}

// doubts finds the notices that the browser of a session was new, until its owner has
// said, elsewhere, that it was them.
const doubts = `
	notices
	WHERE notices.user_id = sessions.user_id
		AND notices.kind = 'new_browser'
		AND notices.answer <> 'me'
		AND (notices.session_id = sessions.id OR notices.device = sessions.device AND notices.device <> '')`

// May says whether the session may give an answer to a notice: one that asks, and is
// not about this session.
func (a Answerer) May(n Notice, answer NoticeAnswer) bool {
	if !n.Kind.Asks() || n.SessionID == a.session.ID {
		return false
	}
	if answer == AnswerMe {
		return a.mayVouch(n)
	}
	return a.mayDispute(n)
}

// mayVouch says whether the session may answer with yes, in a browser that nobody has
// doubts about. It is older than the notice, or its browser was known before, and what
// was done in a browser is vouched for in another; but a browser that travels is the
// same one.
func (a Answerer) mayVouch(n Notice) bool {
	older := !a.session.CreatedAt.After(n.At) || !a.known.IsZero() && a.known.Before(n.At)
	return a.doubted == 0 && older && (n.Kind == NoticeNewNetwork || !a.did(n))
}

// mayDispute says whether the session may answer with no, which only restricts. A
// browser in doubt may be the owner's who was thrown out of all others: let in by a
// tap, it may of what came before it. Of what came after it would be a thief who turns
// the question round. A denial is not about anybody who is in.
func (a Answerer) mayDispute(n Notice) bool {
	if a.doubted == 0 || n.Kind == NoticeDenied {
		return true
	}
	return a.session.Method == MethodPush && n.ID < a.doubted && !a.did(n)
}

// did says whether a notice is about the session's browser.
func (a Answerer) did(n Notice) bool { return n.Device != "" && n.Device == a.session.Device }
