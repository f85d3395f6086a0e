package hub

import (
	"context"
	"fmt"
)

// Shutdown refuses new browsers, closes all waiting ones (a WebSocket with this
// close code, such as 1012, service restart) and returns when every connection is
// closed and every goroutine of the hub has ended. If ctx ends before all browsers
// have answered, it closes their connections without waiting and returns an error
// that wraps the context's cause.
func (h *Hub) Shutdown(ctx context.Context, code int) error {
	if h.closed.CompareAndSwap(false, true) {
		close(h.stop)
	}
	closing := message{WebSocket: closeFrame(code, "")}
	h.all(func(w *Waiter) { _ = w.write(closing, writeTimeout, Closed) })
	done := make(chan struct{})
	go func() {
		h.running.Wait()
		h.watch.close()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	h.all((*Waiter).endGrace)
	<-done
	return fmt.Errorf("hub: not every browser answered the close: %w", context.Cause(ctx))
}

// all calls do for every waiter. Once the hub is closed no waiter is added, and a
// slot that is still reserved cannot be joined.
func (h *Hub) all(do func(*Waiter)) {
	var list []*Waiter
	for i := range h.shards {
		list = h.shards[i].all(list[:0])
		for _, w := range list {
			do(w)
		}
	}
}
