package hub

import "time"

// runPinger visits every waiter once per interval, a shard at a time: one timer
// serves all waiters, and the pings are spread over the interval. It runs until
// Shutdown.
func (h *Hub) runPinger() {
	defer h.running.Done()
	tick := time.NewTicker(max(h.opts.PingInterval/shards, 1))
	defer tick.Stop()
	var list []*Waiter
	for i := 0; ; i = (i + 1) % shards {
		select {
		case <-h.stop:
			return
		case <-tick.C:
		}
		list = h.shards[i].all(list[:0])
		for _, w := range list {
			w.visit()
		}
		clear(list) // so that ended waiters can be collected
	}
}

// visit pings a waiter, and ends it if it has missed too many pings. A slot that
// is still reserved on the second visit is freed: its upgrade was never completed.
func (w *Waiter) visit() {
	missed := int(w.missed.Add(1))
	switch w.currentState() {
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

func (w *Waiter) currentState() state {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state
}

// stop ends a waiter without sending anything.
func (w *Waiter) stop(end End) { _ = w.write(message{}, 0, end) }
