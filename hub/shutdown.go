package hub

import (
	"context"
	"fmt"
)

// Shutdown refuses new browsers, closes all that wait (a WebSocket with this
// code, such as 1012: the server restarts, come back) and returns when every
// connection is closed and every goroutine of the hub has ended. When ctx ends
// before the browsers have answered, it cuts them off and says so.
func (h *Hub) Shutdown(ctx context.Context, code int) error {
	if h.closed.CompareAndSwap(false, true) {
		close(h.stop)
	}
	farewell := frames{WebSocket: closeFrame(code, "")}
	h.all(func(w *Waiter) { _ = w.write(farewell, patience, Closed) })
	joined := make(chan struct{})
	go func() {
		h.running.Wait()
		close(joined)
	}()
	select {
	case <-joined:
		return nil
	case <-ctx.Done():
	}
	h.all((*Waiter).cut)
	<-joined
	return fmt.Errorf("hub: some browsers were cut off: %w", context.Cause(ctx))
}

// all visits every waiter there is. Once the hub is closed none is added behind
// its back, and a place that is still reserved refuses to be joined.
func (h *Hub) all(do func(*Waiter)) {
	var list []*Waiter
	for i := range h.shards {
		list = h.shards[i].all(list[:0])
		for _, w := range list {
			do(w)
		}
	}
}
