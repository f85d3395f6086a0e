package simulator

import (
	"cmp"
	"context"
	"net/http"
	"time"
)

// faultsOfCall finds whose phone a call concerns, and what was ordered for it.
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

// refusal is the error that stands in the place of the call, if any.
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

// corruptReply does to the reply of a call that was carried out what is
// ordered: it comes late, and perhaps not at all.
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

// pause lets real time pass, until ctx or the simulator ends.
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

func (s *Simulator) hang(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-s.closing:
	}
}
