package simulator

import (
	"cmp"
	"context"
	"math"
	"net/http"
	"time"
)

// faultsOfCall returns the faults of the phone that a call concerns.
func (s *Simulator) faultsOfCall(c *call) (Faults, error) {
	if id, ok := parseAuthyID(c.args["user"]); ok {
		return s.faults.effective(id), nil
	}
	if uuid := c.args["uuid"]; uuid != "" {
		owner, err := ownerOf(c.ctx(), s.db, uuid)
		return s.faults.effective(owner), err
	}
	return s.faults.effective(0), nil
}

// refusal is the injected error that a call gets instead of being executed;
// nil if there is none.
func (f Faults) refusal() *apiError {
	switch f.API {
	case APIError:
		e := internalError()
		e.retryAfter = time.Duration(f.RetryAfterS) * time.Second
		return e
	case APIRateLimit:
		return &apiError{status: http.StatusTooManyRequests, code: codeTooManyRequests, codeFirst: true,
			message:    "DoS protection: Too many requests.",
			retryAfter: time.Duration(cmp.Or(f.RetryAfterS, 30)) * time.Second}
	default:
		return nil
	}
}

// corruptReply delays the reply of an executed call, and replaces or drops it
// if a fault says so.
func (s *Simulator) corruptReply(w http.ResponseWriter, r *http.Request, f Faults) (corrupted bool, err error) {
	s.pause(r.Context(), millis(f.APIDelayMS))
	switch f.API {
	case APIGarbage:
		w.Header().Set("Content-Type", "text/html")
		_, err = w.Write([]byte("<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 B"))
		return true, err
	case APIHang:
		s.hang(r.Context())
		panic(http.ErrAbortHandler)
	case APIDrop:
		panic(http.ErrAbortHandler) // net/http closes the connection, and logs nothing
	default:
		return false, nil
	}
}

// pause waits until the delay, ctx or the simulator ends.
func (s *Simulator) pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	ctx, cancel := whileOpen(ctx, s.open)
	defer cancel()
	s.config.Wait(ctx, d)
}

// whileOpen is ctx, ended also by the end of open.
func whileOpen(ctx, open context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	unwatch := context.AfterFunc(open, cancel)
	return ctx, func() { unwatch(); cancel() }
}

// Forever is the delay of a call that hangs: until its client disconnects or
// the simulator closes.
const Forever = time.Duration(math.MaxInt64)

func (s *Simulator) hang(ctx context.Context) { s.pause(ctx, Forever) }

// realTime waits d, or until ctx ends.
func realTime(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
