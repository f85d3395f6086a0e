package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// A phone whose owner says no is left in peace: for an hour after denialsToPause
// denials without an approval in between, and after a word that it was not them. Where
// all of them were of transfers, it is not asked about transfers alone: whoever sends
// those is in already, and its owner still signs in with a tap.
const (
	pauseFor       = time.Hour
	denialsToPause = 2
)

// LimitPaused is the Limit of a RateError that refuses to ask a phone which is left
// in peace.
const LimitPaused = "paused"

// PausedUntil says until when the phone of a user is not asked about something; zero
// if it is.
func (s *Store) PausedUntil(ctx context.Context, userID int64, about Kind) (time.Time, error) {
	until, err := pausedUntil(ctx, s.read, userID, about, s.now())
	return until, wrap(err)
}

const pausedQuery = `
	SELECT COALESCE(MAX(until), 0)
	FROM pauses
	WHERE user_id = CAST(? AS BIGINT) AND ended_at IS NULL AND until > ? AND kind IN ('', ?)`

func pausedUntil(ctx context.Context, q querier, userID int64, about Kind, now int64) (time.Time, error) {
	var until int64
	err := q.QueryRowContext(ctx, pausedQuery, userID, now, about).Scan(&until)
	return at(until), err
}

// refuseWhilePaused lets nobody ask the phone of a user about something while it is left
// in peace: *RateError.
func refuseWhilePaused(ctx context.Context, q querier, userID int64, about Kind, now int64) error {
	until, err := pausedUntil(ctx, q, userID, about, now)
	if err == nil && !until.IsZero() {
		return &RateError{RetryAt: until, Limit: LimitPaused}
	}
	return err
}

// heed does what an answer of the phone means beyond its request: an approval
// says that the owner is at the phone, a denial is theirs to explain.
func (tx *txn) heed(ctx context.Context, a Approval) error {
	if a.Status == Approved {
		if err := tx.forgetPushes(ctx, a.UserID); err != nil {
			return err
		}
		return tx.forgetDenials(ctx, a.UserID)
	}
	asker, err := tx.heir(ctx, a.SessionID)
	if err != nil {
		return err
	}
	const query = `SELECT claims IS NOT NULL FROM users WHERE id = ?`
	var signUp bool // has no owner yet to be asked: its number may be somebody else's
	if err := tx.QueryRowContext(ctx, query, a.UserID).Scan(&signUp); err != nil {
		return err
	}
	if !signUp {
		err = tx.insertNotice(ctx, Notice{
			UserID: a.UserID, Kind: NoticeDenied, Detail: string(a.Kind), SessionID: asker.ID, Device: asker.Device, ApprovalID: a.ID,
			IP: asker.IP, UserAgent: asker.UserAgent, Place: asker.Place,
		})
	}
	if err != nil {
		return err
	}
	return tx.countDenial(ctx, Session{ID: asker.ID, UserID: a.UserID}, a.Kind)
}

// countDenial counts a denial of what a session has asked, and pauses what it is about.
func (tx *txn) countDenial(ctx context.Context, asker Session, about Kind) error {
	const count = `
		UPDATE users
		SET denials = denials + ?, transfer_denials = transfer_denials + ?
		WHERE id = ?
		RETURNING denials, transfer_denials`
	transfer := about == KindTransfer
	var others, transfers int
	err := tx.QueryRowContext(ctx, count, number(!transfer), number(transfer), asker.UserID).Scan(&others, &transfers)
	if err != nil || others+transfers < denialsToPause {
		return err
	}
	if others == 0 {
		return tx.pause(ctx, asker, PauseDenied, KindTransfer)
	}
	return tx.pause(ctx, asker, PauseDenied, everything)
}

// everything is what a pause is of that keeps all requests from the phone.
const everything Kind = ""

// heir is the session in which another one goes on, itself if it was not replaced.
func (tx *txn) heir(ctx context.Context, id string) (Session, error) {
	const query = `SELECT ` + sessionColumns + ` FROM sessions WHERE id = ?`
	sess, err := scanSession(tx.QueryRowContext(ctx, query, id))
	for err == nil && sess.ReplacedBy != "" {
		var next Session
		next, err = scanSession(tx.QueryRowContext(ctx, query, sess.ReplacedBy))
		if errors.Is(err, sql.ErrNoRows) {
			return sess, nil // it was pruned
		}
		sess = next
	}
	return sess, err
}

func (tx *txn) forgetDenials(ctx context.Context, userID int64) error {
	const forget = `UPDATE users SET denials = 0, transfer_denials = 0 WHERE id = ? AND denials + transfer_denials > 0`
	_, err := tx.ExecContext(ctx, forget, userID)
	return err
}

// pause leaves the phone of the session's user in peace, about everything or transfers
// alone, and tells them.
func (tx *txn) pause(ctx context.Context, sess Session, why PauseReason, about Kind) error {
	until := tx.now + pauseFor.Milliseconds()
	const insert = `INSERT INTO pauses (user_id, at, until, why, kind) VALUES (?, ?, ?, ?, ?)`
	if _, err := tx.ExecContext(ctx, insert, sess.UserID, tx.now, until, why, about); err != nil {
		return err
	}
	told, event := NoticePaused, EventPushesPaused
	if about == KindTransfer {
		told, event = NoticeTransfersPaused, EventTransfersPaused
	}
	if err := tx.notice(ctx, sess.UserID, told, at(until).Format("15:04 UTC")); err != nil {
		return err
	}
	return tx.record(ctx, Event{Kind: event, UserID: sess.UserID, SessionID: sess.ID, Detail: string(why)})
}

// AnswerNotice takes the answer of a session's user to a notice that asks. "Not
// me" leaves the phone in peace at once, makes the browser that it was unknown, ends
// a change of phone, and what other browsers wait for: these requests are returned,
// so that they can be told. "Me" takes back what a denial by mistake has counted.
// ErrNotFound when the notice is not theirs, was answered, or is not for this session
// to answer, see Answerer; ErrNotFresh.
func (s *Store) AnswerNotice(ctx context.Context, sess Session, id int64, answer NoticeAnswer) (ended []Approval, err error) {
	err = s.change(ctx, sess.ID, func(tx *txn, sess Session) error {
		ended = nil
		const query = `SELECT ` + noticeColumns + ` FROM notices WHERE id = ? AND user_id = ? AND read_at IS NULL`
		n, err := scanNotice(tx.QueryRowContext(ctx, query, id, sess.UserID))
		if err != nil {
			return err
		}
		by, err := answererOf(ctx, tx, sess)
		if err == nil && !by.May(n, answer) {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		if err := tx.readNotice(ctx, sess, n, answer); err != nil {
			return err
		}
		if answer == AnswerMe {
			return tx.forgetDenials(ctx, sess.UserID)
		}
		if ended, err = tx.notMe(ctx, sess, n.SessionID); err != nil {
			return err
		}
		return tx.pause(ctx, sess, PauseNotMe, everything)
	})
	if err != nil {
		return nil, err
	}
	return ended, nil
}

// notMe does what an owner wants who says that another session was not theirs: its
// browser becomes unknown, a change of phone ends, and what all sessions but the owner's
// wait for, which is returned.
func (tx *txn) notMe(ctx context.Context, sess Session, other string) ([]Approval, error) {
	if err := tx.disown(ctx, sess, other); err != nil {
		return nil, err
	}
	if err := tx.takeBackPhone(ctx, sess); err != nil {
		return nil, err
	}
	const elsewhere = `user_id = ?3 AND session_id <> ?4`
	return tx.cancelOrExpire(ctx, ReasonPushPaused, elsewhere, sess.UserID, sess.ID)
}

// disown makes the browser of another session unknown to the account, so that it is
// no better than any stranger's from then on.
func (tx *txn) disown(ctx context.Context, sess Session, other string) error {
	const forget = `
		DELETE FROM devices
		WHERE user_id = ? AND device <> ? AND device = (SELECT device FROM sessions WHERE id = ?)`
	known, err := changed(tx.ExecContext(ctx, forget, sess.UserID, sess.Device, other))
	if err != nil || !known {
		return err
	}
	return tx.record(ctx, Event{Kind: EventDeviceRemoved, UserID: sess.UserID, SessionID: other})
}

// CanEndPause says whether EndPause would, or would once the session has given a code.
func (s *Store) CanEndPause(ctx context.Context, sessionID string) (now, byCode bool, err error) {
	const query = `SELECT EXISTS (` + mayEndPause + `), EXISTS (` + knownBeforePause + `)`
	err = s.read.QueryRowContext(ctx, query, sessionID, s.now()).Scan(&now, &byCode)
	return now, byCode, wrap(err)
}

// mayEndPause finds the session of somebody who may have the phone asked again:
// before the pause the browser was known to the account, nobody has doubts about it,
// and since the pause began a code has shown that its owner is there. ?1 is the session, ?2 the time.
const mayEndPause = knownBeforePause + ` AND sessions.code_at >= (
	SELECT MAX(pauses.at)
	FROM pauses
	WHERE pauses.user_id = sessions.user_id AND pauses.ended_at IS NULL AND pauses.until > ?2)`

const knownBeforePause = `
	SELECT 1
	FROM sessions JOIN devices ON devices.device = sessions.device AND devices.user_id = sessions.user_id
	WHERE sessions.id = ?1
		AND sessions.level = 2
		AND sessions.ended_at IS NULL
		AND NOT EXISTS (SELECT 1 FROM ` + doubts + `)
		AND devices.created_at < (
			SELECT MIN(pauses.at)
			FROM pauses
			WHERE pauses.user_id = sessions.user_id AND pauses.ended_at IS NULL AND pauses.until > ?2)`

// EndPause has the phone of a session's user asked again. ErrNotFound when it is
// not left in peace, or this session may not end that.
func (s *Store) EndPause(ctx context.Context, sess Session) error {
	return s.inTx(ctx, func(tx *txn) error {
		const end = `
			UPDATE pauses
			SET
				ended_at = ?2,
				ended_by = ?1
			WHERE user_id = ?3
				AND ended_at IS NULL
				AND until > ?2
				AND EXISTS (`
		ended, err := changed(tx.ExecContext(ctx, end+mayEndPause+`)`, sess.ID, tx.now, sess.UserID))
		if err == nil && !ended {
			return ErrNotFound
		}
		if err != nil {
			return err
		}
		if err := tx.forgetDenials(ctx, sess.UserID); err != nil {
			return err
		}
		return tx.record(ctx, Event{Kind: EventPauseEnded, UserID: sess.UserID, SessionID: sess.ID})
	})
}
