package simulator

import (
	"cmp"
	"context"
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
		return internalError()
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

// pause waits in real time, until ctx or the simulator ends.
func (s *Simulator) pause(ctx context.Context, d time.Duration) {
	pause(ctx, s.closing, d)
}

func pause(ctx context.Context, closing <-chan struct{}, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	case <-closing:
	}
}

// hang waits until the client disconnects or the simulator closes.
func (s *Simulator) hang(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-s.closing:
	}
}
