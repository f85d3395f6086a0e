package hub

import (
	"math"
	"time"
)

// rounds is in how many parts the pinger visits all waiters.
const rounds = 256

// runPinger visits every waiter once per interval, a part of the shards at a time: one
// timer serves all waiters, and the pings are spread over the interval. It runs until
// Shutdown.
func (h *Hub) runPinger() {
	defer h.running.Done()
	tick := time.NewTicker(max(h.opts.PingInterval/rounds, 1))
	defer tick.Stop()
	var list []*Waiter
	for i := 0; ; i = (i + 1) % rounds {
		select {
		case <-h.stop:
			return
		case <-tick.C:
		}
		for n := i; n < len(h.shards); n += rounds {
			list = h.shards[n].all(list[:0])
			for _, w := range list {
				w.visit()
			}
			clear(list) // so that ended waiters can be collected
		}
	}
}

// visit pings a waiter, and ends it if it has missed too many pings. A slot that
// is still reserved on the second visit is freed: its upgrade was never completed.
func (w *Waiter) visit() {
	state, missed := w.visited()
	switch state {
	case reserved:
		if missed > 1 {
			w.Release()
		}
	case waiting:
		if w.kind == WebSocket && missed > w.hub.opts.MissedPongs {
			w.stop(Silent) // a stream sends no pongs
		}
		w.received.Store(0)
		_ = w.write(ping, writeTimeout, noEnd)
	}
}

// visited counts the visit as a ping that is not answered yet.
func (w *Waiter) visited() (_ state, missed int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.missed = min(w.missed, math.MaxUint8-1) + 1
	return w.state, int(w.missed)
}

// answered forgets the pings before.
func (w *Waiter) answered() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.missed = 0
}

// stop ends a waiter without sending anything.
func (w *Waiter) stop(end End) { _ = w.write(message{}, 0, end) }
