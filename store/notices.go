package store

import (
	"cmp"
	"context"
	"slices"
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
	Device     string // as in Session, of the one that it is about
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
	device,
	approval_id,
	COALESCE(read_at, 0),
	answer`

func scanNotice(r row) (Notice, error) {
	var n Notice
	var told, read int64
	err := r.Scan(&n.ID, &n.UserID, &n.Kind, &told, &n.Detail, &n.IP, &n.UserAgent, &n.Place, &n.SessionID, &n.Device, &n.ApprovalID, &read, &n.Answer)
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
	return tx.noticeBy(ctx, Session{UserID: userID}, kind, c, detail...)
}

// noticeBy is notice for what a session has done, which is not asked about it.
func (tx *txn) noticeBy(ctx context.Context, by Session, kind NoticeKind, c Client, detail ...string) error {
	return tx.insertNotice(ctx, Notice{
		UserID: by.UserID, SessionID: by.ID, Device: by.Device, Kind: kind, Detail: strings.Join(detail, ", "),
		IP: c.IP, UserAgent: c.UserAgent, Place: c.Place,
	})
}

// noticesGoOn moves what was done by a session to the one that it goes on as, and to
// the browser of that.
func (tx *txn) noticesGoOn(ctx context.Context, from string, to Session) error {
	const move = `UPDATE notices SET session_id = ?, device = ? WHERE user_id = ? AND read_at IS NULL AND session_id = ?`
	_, err := tx.ExecContext(ctx, move, to.ID, to.Device, to.UserID, from)
	return err
}

// insertNotice takes the address that is missing from the actor of the context. The
// row of the user is written first: of two that tell somebody something at once, one
// waits, so that no notice comes to be below one that was read already.
func (tx *txn) insertNotice(ctx context.Context, n Notice) error {
	if _, err := tx.ExecContext(ctx, `UPDATE users SET revision = revision WHERE id = ?`, n.UserID); err != nil {
		return err
	}
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
			device,
			approval_id
		)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	_, err := tx.ExecContext(ctx, insert, n.UserID, n.Kind, tx.now, n.Detail,
		cmp.Or(n.IP, actorOf(ctx).IP), n.UserAgent, n.Place, n.SessionID, n.Device, n.ApprovalID)
	return err
}

// UnreadNotices returns what the user of a session has not read yet, newest first, at
// most limit, and how many there are in all. What this very session has done is none of
// it: there it is in the history, and other sessions are asked. Only a denial is told
// to whoever asked, too: two may sit at one session.
func (s *Store) UnreadNotices(ctx context.Context, sess Session, limit int) (newest []Notice, all int, err error) {
	const unread = `
		FROM notices
		WHERE user_id = ? AND read_at IS NULL AND (session_id = '' OR session_id <> ? OR kind = 'denied')`
	if err := s.read.QueryRowContext(ctx, `SELECT COUNT(*)`+unread, sess.UserID, sess.ID).Scan(&all); err != nil || all == 0 {
		return nil, 0, wrap(err)
	}
	newest, err = list(ctx, s.read, scanNotice, `SELECT `+noticeColumns+unread+` ORDER BY id DESC LIMIT ?`, sess.UserID, sess.ID, limit)
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

// NoticeOf finds a notice of a user, read or not. ErrNotFound.
func (s *Store) NoticeOf(ctx context.Context, userID, id int64) (Notice, error) {
	n, err := scanNotice(s.read.QueryRowContext(ctx, `SELECT `+noticeColumns+` FROM notices WHERE id = ? AND user_id = ?`, id, userID))
	return n, wrap(err)
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
	_, err := s.exec(ctx, update, a.ID, a.UserID, upTo)
	return wrap(err)
}

// ClaimedNotice is a notice to carry, and to whom.
type ClaimedNotice struct {
	Notice Notice
	User   User
}

// ClaimNotices returns notices that no other carrier has been given, the oldest
// first, each only once: whoever fails gives it back with ReleaseNotice. Those
// older than within are no news.
func (s *Store) ClaimNotices(ctx context.Context, within time.Duration, limit int) (claimed []ClaimedNotice, err error) {
	const fresh = `SELECT id FROM notices WHERE carried_at IS NULL AND read_at IS NULL AND at > ? ORDER BY at, id LIMIT ?`
	since := s.now() - within.Milliseconds()
	var any bool
	// A sweep that finds nothing takes no write lock.
	if err := s.read.QueryRowContext(ctx, `SELECT EXISTS (`+fresh+`)`, since, 1).Scan(&any); err != nil || !any {
		return nil, wrap(err)
	}
	err = s.inTx(ctx, func(tx *txn) error {
		const claim = `UPDATE notices SET carried_at = ? WHERE id IN (` + fresh + `) RETURNING ` + noticeColumns
		notices, err := list(ctx, tx, scanNotice, claim, tx.now, since, limit)
		if err != nil {
			return err
		}
		slices.SortFunc(notices, func(a, b Notice) int { return cmp.Compare(a.ID, b.ID) })
		claimed = nil
		for _, n := range notices {
			var created int64
			c := ClaimedNotice{Notice: n}
			query := `SELECT ` + userColumns + ` FROM users WHERE id = ?`
			if err := tx.QueryRowContext(ctx, query, n.UserID).Scan(userFields(&c.User, &created)...); err != nil {
				return err
			}
			c.User.CreatedAt = at(created)
			claimed = append(claimed, c)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return claimed, nil
}

// ReleaseNotice gives back a notice that could not be carried.
func (s *Store) ReleaseNotice(ctx context.Context, id int64) error {
	_, err := s.exec(ctx, `UPDATE notices SET carried_at = NULL WHERE id = ?`, id)
	return wrap(err)
}
