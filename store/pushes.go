package store

import (
	"context"
	"errors"
	"strconv"
)

// asker is who asks for something in a session.
type asker struct {
	userID int64
	claim  claim // without an action
}

// ofNoStranger says of a session whether the account knows who asks in it: a browser
// that has passed the second step, there or in a sign-in before, or who began with a
// recovery code, which no stranger has. ?2 is since when a browser must have been used.
const ofNoStranger = `(
	sessions.level = 2 OR sessions.resets_password = 1 OR EXISTS (
		SELECT 1
		FROM devices
		WHERE devices.device = sessions.device
			AND devices.user_id = sessions.user_id
			AND devices.last_used_at > ?2))`

const askerQuery = `
	SELECT
		users.id,
		users.phone_number,
		sessions.ip,
		sessions.device,
		` + ofNoStranger + `
	FROM sessions JOIN users ON users.id = sessions.user_id
	WHERE sessions.id = CAST(?1 AS TEXT)`

// asker finds who asks in a session.
func (s *Store) asker(ctx context.Context, q querier, sessionID string, now int64) (a asker, err error) {
	c := &a.claim
	err = q.QueryRowContext(ctx, askerQuery, sessionID, now-DeviceLife.Milliseconds()).Scan(&a.userID, &c.phone, &c.ip, &c.device, &c.known)
	c.account = strconv.FormatInt(a.userID, 10)
	c.phone = countedPhone(c.phone, a.userID)
	return a, wrap(err)
}

// countedPhone is what PerPhone counts the requests of a user by: the number, which
// several accounts may have, or the account where there is none.
func countedPhone(number string, userID int64) string {
	if number == "" {
		return "account " + strconv.FormatInt(userID, 10)
	}
	return number
}

// to is the claim to do something.
func (a asker) to(action Action) claim {
	c := a.claim
	c.action = action
	return c
}

// rival is a pending login of the same account in another browser.
type rival struct {
	expires int64
	known   bool
}

const rivalQuery = `
	SELECT
		approvals.expires_at,
		` + ofNoStranger + `
	FROM approvals JOIN sessions ON sessions.id = approvals.session_id
	WHERE approvals.user_id = CAST(?1 AS BIGINT)
		AND approvals.kind = 'login'
		AND approvals.status = 'pending'
		AND approvals.session_id <> ?3
		AND approvals.expires_at > ?4`

func (s *Store) rival(ctx context.Context, q querier, a asker, sessionID string, now int64) (r rival, err error) {
	err = wrap(q.QueryRowContext(ctx, rivalQuery, a.userID, now-DeviceLife.Milliseconds(), sessionID, now).Scan(&r.expires, &r.known))
	if errors.Is(err, ErrNotFound) {
		err = nil
	}
	return r, err
}

// The limits of taking the place of another browser: of a better known one, which
// is never allowed, and of an equal one.
const (
	limitUnderWay = "under_way"
	limitTakeOver = "take_over"
)

// push is what it takes to ask the phone for a login of this session. *RateError
// while it must not be asked: when it was asked too often or is left in peace; and a
// browser never takes the place of one that the account knows better, and of an
// equal one a few times only.
func (s *Store) push(ctx context.Context, q querier, a asker, sessionID string, now int64) (claims []claim, err error) {
	if err := refuseWhilePaused(ctx, q, a.userID, KindLogin, now); err != nil {
		return nil, err
	}
	claims = append(claims, a.to(ActPush))
	other, err := s.rival(ctx, q, a, sessionID, now)
	switch {
	case err != nil:
		return nil, err
	case other.expires == 0, a.claim.known && !other.known:
	case other.known && !a.claim.known:
		return nil, &RateError{at(other.expires), limitUnderWay}
	default:
		claims = append(claims, a.to(ActTakeOver))
	}
	return claims, s.allowed(ctx, q, now, claims...)
}

// push is push in a transaction, which notes a refusal.
func (tx *txn) push(ctx context.Context, sessionID string) ([]claim, error) {
	who, err := tx.store.asker(ctx, tx, sessionID, tx.now)
	if err != nil {
		return nil, err
	}
	claims, err := tx.store.push(ctx, tx, who, sessionID, tx.now)
	tx.noteLimited(ctx, who.claim, err)
	return claims, err
}

// reason is what the pages of a sign-in say whose phone must not be asked.
func (e *RateError) reason() Reason {
	if e.Limit == limitUnderWay || e.Limit == limitTakeOver {
		return ReasonUnderWay
	}
	return ReasonPushPaused
}

// PushAllowed says whether the phone may be asked for a login of this session:
// *RateError if not.
func (s *Store) PushAllowed(ctx context.Context, sessionID string) error {
	now := s.now()
	who, err := s.asker(ctx, s.read, sessionID, now)
	if err == nil {
		_, err = s.push(ctx, s.read, who, sessionID, now)
	}
	return err
}

// countPush counts a request that has begun. It is taken back by its id if it never
// gets to the phone.
func (tx *txn) countPush(ctx context.Context, a Approval, claims []claim) error {
	for _, c := range claims {
		c.act = a.ID
		if err := tx.count(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// spendPush counts a request of a signed-in session, which no login has to make
// room for. *RateError.
func (tx *txn) spendPush(ctx context.Context, a Approval) error {
	if err := refuseWhilePaused(ctx, tx, a.UserID, a.Kind, tx.now); err != nil {
		return err
	}
	who, err := tx.store.asker(ctx, tx, a.SessionID, tx.now)
	if err != nil {
		return err
	}
	push := who.to(ActPush)
	push.act = a.ID
	return tx.spend(ctx, push)
}

// neverRang are the reasons of requests that the phone has not shown.
var neverRang = map[Reason]bool{ReasonNoDevice: true, ReasonUnavailable: true, ReasonRateLimited: true}

// forgetPushes lets the limits of a phone start anew, once it has said yes.
func (tx *txn) forgetPushes(ctx context.Context, userID int64) error {
	c := claim{action: ActPush}
	err := tx.QueryRowContext(ctx, `SELECT phone_number FROM users WHERE id = ?`, userID).Scan(&c.phone)
	if err != nil {
		return err
	}
	c.phone = countedPhone(c.phone, userID)
	return tx.startAnew(ctx, c, PerPhone)
}
