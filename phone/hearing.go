package phone

import (
	"sync"
	"time"

	"nod/store"
)

// SignedFor is how long a signature of the device key is good for lists and connections.
const SignedFor = 15 * time.Minute

// hearing is until when the open pages of phones may hear, by the ids of the phones.
type hearing struct {
	mu    sync.Mutex
	until map[string]time.Time
}

// Hears notes that a page of a phone listens here, which has signed lately.
func (r *Room) Hears(p store.OwnPhone) {
	r.hearing.mu.Lock()
	defer r.hearing.mu.Unlock()
	r.hearing.until[p.ID] = p.SignedAt.Add(SignedFor)
}

// EndLapsed ends the connections of phones whose signature is too old by now. Their pages
// sign again, and connect.
func (r *Room) EndLapsed() {
	for _, id := range r.hearing.lapsed(r.Now()) {
		r.Pages.TellPhone(id, true)
	}
}

func (h *hearing) lapsed(now time.Time) (ids []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, until := range h.until {
		if !now.Before(until) {
			ids = append(ids, id)
			delete(h.until, id)
		}
	}
	return ids
}
