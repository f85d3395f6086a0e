package simulator

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"
)

// approval is a row of requests.
type approval struct {
	seq             int64
	uuid, hexID     string
	authyID         int64
	message         string
	details, hidden []Detail
	logos           []logo
	secondsToExpire int64
	status          string
	pushed          bool // reached the phone
	notified        bool // the application accepted the callback
	createdAt       time.Time
	updatedAt       time.Time
	expiresAt       time.Time // zero = never
	processedAt     time.Time
	callbackUntil   time.Time // when the last retry is due; zero = no callback is due
	withdrawn       string    // why the application no longer waits; "" = it does
}

const approvalColumns = `seq, uuid, hex_id, authy_id, message, details, hidden_details, logos, seconds_to_expire,
	status, pushed, notified, created_at, updated_at, expires_at, processed_at, callback_until, withdrawn`

func scanApproval(scan func(...any) error) (a approval, err error) {
	var details, hidden, logos []byte
	var created, updated, expires, processed, until int64
	err = scan(&a.seq, &a.uuid, &a.hexID, &a.authyID, &a.message, &details, &hidden, &logos, &a.secondsToExpire,
		&a.status, &a.pushed, &a.notified, &created, &updated, &expires, &processed, &until, &a.withdrawn)
	if err != nil {
		return a, err
	}
	a.createdAt, a.updatedAt = fromMillis(created), fromMillis(updated)
	a.expiresAt, a.processedAt, a.callbackUntil = fromMillis(expires), fromMillis(processed), fromMillis(until)
	return a, errors.Join(json.Unmarshal(details, &a.details), json.Unmarshal(hidden, &a.hidden), json.Unmarshal(logos, &a.logos))
}

func findApproval(ctx context.Context, q querier, uuid string) (approval, error) {
	a, err := scanApproval(q.QueryRowContext(ctx, "SELECT "+approvalColumns+" FROM requests WHERE uuid = ?", uuid).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return a, ErrNoRequest
	}
	return a, err
}

// ownerOf returns the Authy id of a request's user; 0 if there is no such
// request.
func ownerOf(ctx context.Context, q querier, uuid string) (id int64, err error) {
	err = q.QueryRowContext(ctx, "SELECT authy_id FROM requests WHERE uuid = ?", uuid).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return id, err
}

// push sends a request to the phone, now or after the injected delay. With
// CallbackBeforeReply it is also approved, and the callback sent once, before
// push returns.
func (s *Simulator) push(c *call, a approval) error {
	if !a.pushed {
		s.sender.run(func() { s.pushDelayed(a, millis(c.faults.PushDelayMS)) })
		return nil
	}
	s.watchers.notify(a.authyID)
	if c.faults.Callback != CallbackBeforeReply {
		return nil
	}
	answered, err := s.decide(c.ctx(), a.authyID, a.uuid, Approved)
	if err != nil {
		return err
	}
	d, err := s.newDelivery(c.ctx(), answered)
	if err != nil || d == nil || s.attempt(c.ctx(), d) {
		return err
	}
	s.sender.run(func() { s.retry(d) })
	return nil
}

// pushDelayed pushes a request after a delay in real time. If the simulator
// closes meanwhile, the next start pushes it.
func (s *Simulator) pushDelayed(a approval, delay time.Duration) {
	ctx := s.sender.ctx
	s.pause(ctx, delay)
	select {
	case <-s.closing:
		return
	default:
	}
	if _, err := s.db.ExecContext(ctx, "UPDATE requests SET pushed = 1 WHERE uuid = ?", a.uuid); err != nil {
		s.logger.Error("push failed", "uuid", a.uuid, "error", err)
	}
	s.watchers.notify(a.authyID)
}

// pushRemaining pushes the requests whose delay had not passed when the last
// process ended.
func (s *Simulator) pushRemaining(ctx context.Context) error {
	_, err := s.db.ExecContext(ctx, "UPDATE requests SET pushed = 1 WHERE pushed = 0")
	return err
}

func (s *Simulator) insertApproval(ctx context.Context, a approval) error {
	details, hidden, logos, err := a.lists()
	if err != nil {
		return err
	}
	_, err = s.db.ExecContext(ctx, `INSERT INTO requests (uuid, hex_id, authy_id, message, details, hidden_details, logos,
		seconds_to_expire, pushed, created_at, updated_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		a.uuid, a.hexID, a.authyID, a.message, details, hidden, logos,
		a.secondsToExpire, a.pushed, toMillis(a.createdAt), toMillis(a.createdAt), expiryMillis(a))
	return err
}

func expiryMillis(a approval) int64 {
	if a.expiresAt.IsZero() {
		return 0
	}
	return toMillis(a.expiresAt)
}

func (a approval) lists() (details, hidden, logos string, err error) {
	var texts [3][]byte
	for i, list := range []any{a.details, a.hidden, a.logos} {
		if texts[i], err = json.Marshal(list); err != nil {
			return "", "", "", err
		}
	}
	return string(texts[0]), string(texts[1]), string(texts[2]), nil
}

const expireStatement = `UPDATE requests SET status = 'expired', processed_at = ?1, updated_at = ?1
	WHERE authy_id = ?2 AND status = 'pending' AND expires_at <> 0 AND expires_at <= ?1`

// expire marks a user's expired requests and notifies the phone's pages.
func (s *Simulator) expire(ctx context.Context, authyID int64, now time.Time) error {
	ms := toMillis(now)
	some, err := changed(ctx, s.db, expireStatement, ms, authyID)
	if some {
		s.watchers.notify(authyID)
	}
	return err
}

// decide records a tap on Approve or Deny, and that its callback is due. One
// conditional statement does it, so that only the first of two taps counts. It
// notifies the phone's pages; the callback is the caller's part.
func (s *Simulator) decide(ctx context.Context, authyID int64, uuid, status string) (approval, error) {
	now := toMillis(s.now())
	done, err := changed(ctx, s.db, `UPDATE requests SET status = ?, processed_at = ?, updated_at = ?,
			callback_until = CASE WHEN ? THEN 0 WHEN expires_at = 0 THEN ? ELSE max(expires_at, ?) END
		WHERE uuid = ? AND authy_id = ? AND status = 'pending' AND pushed = 1 AND (expires_at = 0 OR expires_at > ?)
		AND EXISTS (SELECT 1 FROM users u WHERE u.authy_id = requests.authy_id AND u.removed_at = 0 AND u.app_installed = 1)`,
		status, now, now, s.callsNobody(authyID), now+maxRetry.Milliseconds(), now+minRetry.Milliseconds(), uuid, authyID, now)
	if err != nil {
		return approval{}, err
	}
	if !done {
		return approval{}, s.tapError(ctx, authyID, uuid)
	}
	s.watchers.notify(authyID)
	return findApproval(ctx, s.db, uuid)
}

// tapError returns why a tap had no effect.
func (s *Simulator) tapError(ctx context.Context, authyID int64, uuid string) error {
	u, err := findUser(ctx, s.db, authyID)
	if err != nil {
		return err
	}
	a, err := findApproval(ctx, s.db, uuid)
	switch {
	case err != nil:
		return err
	case a.authyID != authyID || !a.pushed:
		return ErrNoRequest
	case !u.appInstalled:
		return ErrNoApp
	default:
		return ErrNotPending
	}
}

// answer records a tap and starts its callback in the background. The same tap
// again, because its reply was lost, is the same success and changes nothing.
func (s *Simulator) answer(ctx context.Context, authyID int64, uuid, status string) (approval, error) {
	a, err := s.decide(ctx, authyID, uuid, status)
	if errors.Is(err, ErrNotPending) {
		before, ferr := findApproval(ctx, s.db, uuid)
		if ferr == nil && before.status == status {
			return before, nil
		}
		return before, errors.Join(err, ferr)
	}
	if err != nil {
		return a, err
	}
	s.sender.run(func() { s.callBack(a) })
	return a, nil
}
