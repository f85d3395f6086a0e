package hub

import "time"

// ping visits every waiter once in an interval, a shard at a time, so that
// there is one timer for all of them and never a burst. It runs until Shutdown.
func (h *Hub) ping() {
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
		clear(list) // or it would keep waiters alive that have ended
	}
}

// visit asks a waiter whether it is still there. A place that is still without
// a browser on the second visit lapses: its upgrade never came to an end.
func (w *Waiter) visit() {
	missed := int(w.missed.Add(1))
	switch w.now() {
	case reserved:
		if missed > 1 {
			w.Release()
		}
	case waiting:
		if w.kind == Stream {
			w.probe() // nobody answers there
		} else if missed > w.hub.opts.MissedPongs {
			w.stop(Silent)
		}
		w.heard.Store(0)
		_ = w.write(pings, patience, stays)
	}
}

func (w *Waiter) now() state {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state
}

// probe ends a stream that nobody reads for, if its browser has gone.
func (w *Waiter) probe() {
	if w.now() == waiting && !w.attended() && hungUp(w.raw) {
		w.stop(Gone)
	}
}

// stop ends a waiter without a word.
func (w *Waiter) stop(end End) { _ = w.write(frames{}, 0, end) }
