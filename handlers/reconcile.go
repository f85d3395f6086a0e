package handlers

import (
	"context"
	"sync"
	"time"

	"nod/authy"
	"nod/store"
)

// How eagerly the provider is asked what it knows of a pending request.
type eagerness int

const (
	politely eagerness = iota // a page re-reads its state: seldom
	now                       // a person says it is approved
)

const (
	politeAge = 3 * time.Second  // younger requests have their callback under way
	politeGap = 10 * time.Second // between two questions about one request
	nowGap    = time.Second
)

// reconcileClock remembers when the provider was last asked about a request,
// so that ten thousand polling pages do not become ten thousand questions.
type reconcileClock struct {
	mu   sync.Mutex
	last map[string]time.Time
}

// due says whether to ask now, and if so notes that it was asked.
func (r *reconcileClock) due(id string, at time.Time, gap time.Duration) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last == nil {
		r.last = map[string]time.Time{}
	}
	if last, ok := r.last[id]; ok && at.Sub(last) < gap {
		return false
	}
	r.last[id] = at
	return true
}

// forget drops what is older than any request can be.
func (r *reconcileClock) forget(before time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, at := range r.last {
		if at.Before(before) {
			delete(r.last, id)
		}
	}
}

// reconcile asks the provider about a request that is still pending here, for
// the callback that was lost, and returns the state after it. When the
// provider does not answer, the stored state stands.
func (h *Handlers) reconcile(ctx context.Context, a store.Approval, how eagerness) store.Approval {
	if a.Status != store.Pending || a.UUID == "" {
		return a
	}
	at, gap := h.Now(), nowGap
	if how == politely {
		if at.Sub(a.CreatedAt) < politeAge {
			return a
		}
		gap = politeGap
	}
	if !h.asked.due(a.ID, at, gap) {
		return a
	}
	return h.askProvider(ctx, a)
}

// askProvider puts the provider's answer through the same conditional update
// as a callback.
func (h *Handlers) askProvider(ctx context.Context, a store.Approval) store.Approval {
	ctx, cancel := context.WithTimeout(ctx, providerTimeout)
	defer cancel()
	known, err := h.Authy.ApprovalStatus(ctx, a.UUID)
	if err != nil {
		h.Logger.Warn("the provider could not be asked about a request", "approval", a.ID, "error", err)
		return a
	}
	if known.Status != authy.StatusApproved && known.Status != authy.StatusDenied {
		return a
	}
	decided, changed, err := h.Store.Decide(ctx, store.Decision{
		UUID: known.UUID, AuthyID: a.AuthyID, Status: store.ApprovalStatus(known.Status), Via: "provider",
	})
	if err != nil {
		h.Logger.Error("the provider's answer could not be stored", "approval", a.ID, "error", err)
		return a
	}
	if changed {
		h.tell(ctx, decided)
	}
	return decided
}
