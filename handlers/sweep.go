package handlers

import (
	"context"
	"time"
)

const (
	// sweepEvery is how late an expiry may be told at most.
	sweepEvery = time.Second
	// lastCall is how near the deadline a request still pending here is
	// looked up at the provider, once: its callback may have been lost.
	lastCall   = 10 * time.Second
	pruneEvery = time.Hour
)

// Run keeps deadlines until ctx ends: it expires what is due, asks the
// provider about what is nearly so, and prunes old rows.
func (h *Handlers) Run(ctx context.Context) {
	sweep := time.NewTicker(sweepEvery)
	defer sweep.Stop()
	prune := time.NewTicker(pruneEvery)
	defer prune.Stop()
	defer h.tasks.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case <-sweep.C:
			if err := h.Sweep(ctx); err != nil && ctx.Err() == nil {
				h.Logger.Error("deadlines could not be kept", "error", err)
			}
		case <-prune.C:
			if err := h.Store.Prune(ctx); err != nil && ctx.Err() == nil {
				h.Logger.Error("old rows could not be pruned", "error", err)
			}
		}
	}
}

// Sweep does what is due at this moment: nearly expired requests are
// reconciled with the provider, expired ones told to their browsers.
func (h *Handlers) Sweep(ctx context.Context) error {
	near, err := h.Store.ClaimReconcile(ctx, lastCall)
	if err != nil {
		return err
	}
	for _, a := range near {
		h.tasks.Go(func() { h.askProvider(ctx, a) })
	}
	expired, err := h.Store.ExpireDue(ctx)
	if err != nil {
		return err
	}
	for _, a := range expired {
		h.tell(ctx, a)
	}
	ended, err := h.Store.EndOverdue(ctx)
	if err != nil {
		return err
	}
	for _, sess := range ended {
		h.tellEnded(sess.ID, sess.EndReason)
	}
	h.asked.forget(h.Now().Add(-time.Hour))
	return nil
}
