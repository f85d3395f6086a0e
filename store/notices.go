package store

import (
	"cmp"
	"context"
	"strings"
	"time"
)

// Notice is something that the owner of an account is told, and how far that
// has come. It is shown after the next sign-in until it is read.
type Notice struct {
	ID         int64
	UserID     int64
	Kind       NoticeKind
	At         time.Time
	Detail     string // what its kind says
	IP         string // where it was done from, "" where nobody knows, as are the next
	UserAgent  string
	Place      string
	SessionID  string
	ApprovalID string
	ReadAt     time.Time // zero while it is unread
	Answer     NoticeAnswer
}

const noticeColumns = `
	id,
	user_id,
	kind,
	at,
	detail,
	ip,
	user_agent,
	place,
	session_id,
	approval_id,
	COALESCE(read_at, 0),
	answer`

func scanNotice(r row) (Notice, error) {
	var n Notice
	var told, read int64
	err := r.Scan(&n.ID, &n.UserID, &n.Kind, &told, &n.Detail, &n.IP, &n.UserAgent, &n.Place, &n.SessionID, &n.ApprovalID, &read, &n.Answer)
	n.At, n.ReadAt = at(told), at(read)
	return n, err
}

// notice tells the owner of an account what has just been done to it, in the
// transaction that does it.
func (tx *txn) notice(ctx context.Context, userID int64, kind NoticeKind, detail ...string) error {
	return tx.noticeFrom(ctx, userID, kind, Client{}, detail...)
}

// noticeFrom is notice for what a browser has asked for.
func (tx *txn) noticeFrom(ctx context.Context, userID int64, kind NoticeKind, c Client, detail ...string) error {
	return tx.insertNotice(ctx, Notice{
		UserID: userID, Kind: kind, Detail: strings.Join(detail, ", "), IP: c.IP, UserAgent: c.UserAgent, Place: c.Place,
	})
}

// insertNotice takes the address that is missing from the actor of the context.
func (tx *txn) insertNotice(ctx context.Context, n Notice) error {
	const insert = `
		INSERT INTO notices (
			user_id,
			kind,
			at,
			detail,
			ip,
			user_agent,
			place,
			session_id,
			approval_id
		)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`
	_, err := tx.ExecContext(ctx, insert, n.UserID, n.Kind, tx.now, n.Detail,
		cmp.Or(n.IP, actorOf(ctx).IP), n.UserAgent, n.Place, n.SessionID, n.ApprovalID)
	return err
}

// UnreadNotices returns what a user has not read yet, newest first, at most
// limit, and how many there are in all.
func (s *Store) UnreadNotices(ctx context.Context, userID int64, limit int) (newest []Notice, all int, err error) {
	const unread = ` FROM notices WHERE user_id = ? AND read_at IS NULL`
	if err := s.read.QueryRowContext(ctx, `SELECT COUNT(*)`+unread, userID).Scan(&all); err != nil || all == 0 {
		return nil, 0, wrap(err)
	}
	newest, err = list(ctx, s.read, scanNotice, `SELECT `+noticeColumns+unread+` ORDER BY id DESC LIMIT ?`, userID, limit)
	return newest, all, err
}

// ReadNotices marks as read what the user of a session was shown there: all up to
// the notice with this id, but for those that ask something.
func (s *Store) ReadNotices(ctx context.Context, sess Session, upTo int64) error {
	return s.inTx(ctx, func(tx *txn) error {
		const query = `SELECT ` + noticeColumns + ` FROM notices WHERE user_id = ? AND id <= ? AND read_at IS NULL`
		unread, err := list(ctx, tx, scanNotice, query, sess.UserID, upTo)
		if err != nil {
			return err
		}
		for _, n := range unread {
			if n.Kind.Asks() {
				continue
			}
			if err := tx.readNotice(ctx, sess, n, ""); err != nil {
				return err
			}
		}
		return nil
	})
}

func (tx *txn) readNotice(ctx context.Context, sess Session, n Notice, answer NoticeAnswer) error {
	const update = `
		UPDATE notices
		SET
			read_at = ?,
			answer = ?
		WHERE id = ? AND read_at IS NULL`
	read, err := changed(tx.ExecContext(ctx, update, tx.now, answer, n.ID))
	if err != nil || !read {
		return err
	}
	return tx.record(ctx, Event{Kind: EventNoticeRead, UserID: n.UserID, SessionID: sess.ID, ApprovalID: n.ApprovalID, Detail: string(n.Kind)})
}

// NoticesToRing are the unread notices of a user that no phone has shown, newest
// first: the next request that rings carries them.
func (s *Store) NoticesToRing(ctx context.Context, userID int64) ([]Notice, error) {
	const query = `
		SELECT ` + noticeColumns + `
		FROM notices
		WHERE user_id = ? AND read_at IS NULL AND rung_by = ''
		ORDER BY id DESC
		LIMIT 20`
	return list(ctx, s.read, scanNotice, query, userID)
}

// NoticesRang notes that a request has carried the notices of its user up to
// the one with this id.
func (s *Store) NoticesRang(ctx context.Context, a Approval, upTo int64) error {
	const update = `
		UPDATE notices
		SET rung_by = ?
		WHERE user_id = ? AND id <= ? AND read_at IS NULL AND rung_by = ''`
	_, err := s.db.ExecContext(ctx, update, a.ID, a.UserID, upTo)
	return wrap(err)
}
