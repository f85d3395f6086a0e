package simulator

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// A callback is sent again until the request's deadline, but for minRetry after
// the tap at least, and for maxRetry at most if the request never expires.
const (
	minRetry = time.Minute
	maxRetry = 24 * time.Hour
)

// The pauses between attempts grow from firstPause to longPause. For the first
// attempts, which outlast the restart of an application, they stay below
// shortPause: a person waits at the other end.
const (
	firstPause = 250 * time.Millisecond
	shortPause = 2 * time.Second
	longPause  = 30 * time.Second
	shortTries = 60 // two minutes
)

func pauseAfter(try int) time.Duration {
	if try >= shortTries {
		return longPause
	}
	return min(shortPause, firstPause<<min(try, 8))
}

// delivery is the callback of one answer, on its way to the application.
type delivery struct {
	a     approval
	body  []byte
	f     Faults // of the phone, when the delivery began
	tries int
}

// callsNobody reports whether answers of a phone are not sent to anybody.
func (s *Simulator) callsNobody(authyID int64) bool {
	return s.sender.url == "" || s.faults.effective(authyID).Callback == CallbackNever
}

// resumeCallbacks sends the callbacks that were due when the last process ended.
func (s *Simulator) resumeCallbacks(ctx context.Context) error {
	if s.sender.url == "" {
		return nil
	}
	due, err := collect(ctx, s.db, scanApproval,
		"SELECT "+approvalColumns+" FROM requests WHERE callback_until <> 0 ORDER BY processed_at, seq")
	if err != nil {
		return err
	}
	for _, a := range due {
		if !s.now().Before(a.callbackUntil) {
			err = s.endCallback(ctx, a, false)
		} else {
			s.sender.run(func() { s.callBack(a) })
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// callBack sends the callback of an answer until the application takes it, or
// time or the simulator ends. One goroutine makes all attempts, so that they
// stay in order.
func (s *Simulator) callBack(a approval) {
	d, err := s.newDelivery(s.sender.ctx, a)
	if err != nil {
		s.logger.Error("callback failed", "uuid", a.uuid, "error", err)
		return
	}
	if d != nil && !s.attempt(s.sender.ctx, d) {
		s.retry(d)
	}
}

// newDelivery prepares a callback, and waits out an injected delay. It returns
// nil if no callback is due.
func (s *Simulator) newDelivery(ctx context.Context, a approval) (*delivery, error) {
	if a.callbackUntil.IsZero() {
		return nil, nil
	}
	f := s.faults.effective(a.authyID)
	u, err := scanUser(s.db.QueryRowContext(ctx, "SELECT "+userColumns+" FROM users WHERE authy_id = ?", a.authyID).Scan)
	if err != nil {
		return nil, err
	}
	body, err := marshal(s.callbackBody(a, u, f))
	if err != nil {
		return nil, err
	}
	s.pause(ctx, millis(f.CallbackDelayMS))
	return &delivery{a: a, body: body, f: f}, nil
}

// retry makes further attempts until one ends the delivery. When the simulator
// closes it stops: the next start goes on.
func (s *Simulator) retry(d *delivery) {
	for over := false; !over; over = s.attempt(s.sender.ctx, d) {
		s.pause(s.sender.ctx, pauseAfter(d.tries-1))
		select {
		case <-s.closing:
			return
		default:
		}
	}
}

// attempt sends a callback once. It reports whether that was the last attempt.
// Each has its own nonce: an application that remembers nonces would reject a
// second use as a replay.
func (s *Simulator) attempt(ctx context.Context, d *delivery) (over bool) {
	status, err := s.sender.send(ctx, d.body, d.f)
	d.tries++
	taken := err == nil && status/100 == 2
	if err == nil && !taken {
		err = fmt.Errorf("the application answered %d", status)
	}
	switch {
	case taken:
	case s.mayRetry(d, status):
		if d.tries == 1 {
			s.logger.Warn("callback failed, and will be sent again", "uuid", d.a.uuid, "error", err)
		}
		return false
	default:
		s.logger.Warn("callback failed", "uuid", d.a.uuid, "attempts", d.tries, "error", err)
	}
	if err := s.endCallback(context.WithoutCancel(ctx), d.a, taken); err != nil {
		s.logger.Error("callback not recorded", "uuid", d.a.uuid, "error", err)
	}
	return true
}

// mayRetry reports whether a failed callback is sent again. status is 0 without
// a reply. Any other status is the application's last word.
func (s *Simulator) mayRetry(d *delivery, status int) bool {
	switch status {
	case 0, http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
	default:
		if status < 500 {
			return false
		}
	}
	most := s.config.CallbackRetries
	return (most == 0 || d.tries <= most) && s.now().Before(d.a.callbackUntil)
}

// endCallback records that no further attempt is due, and notifies the phone's pages.
func (s *Simulator) endCallback(ctx context.Context, a approval, taken bool) error {
	_, err := s.db.ExecContext(ctx, "UPDATE requests SET callback_until = 0, notified = ? WHERE uuid = ?", taken, a.uuid)
	s.watchers.notify(a.authyID)
	return err
}
