package phone

import (
	"slices"
	"sync"
	"time"

	"nod/store"
)

// SignedFor is how long a signature of the device key is good for lists and connections.
const SignedFor = 15 * time.Minute

// hearing are the phones whose open pages hear here, by their ids.
type hearing struct {
	mu sync.Mutex
	of map[string]heard
}

type heard struct {
	userID int64
	until  time.Time // it has to sign again
}

// Hears notes that a page of a phone listens here, which has signed lately.
func (r *Room) Hears(p store.OwnPhone) {
	r.hearing.mu.Lock()
	defer r.hearing.mu.Unlock()
	r.hearing.of[p.ID] = heard{p.UserID, p.SignedAt.Add(SignedFor)}
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
	for id, p := range h.of {
		if !now.Before(p.until) {
			ids = append(ids, id)
			delete(h.of, id)
		}
	}
	return ids
}

// ofUser are the phones of a user whose pages hear here.
func (h *hearing) ofUser(userID int64) (ids []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, p := range h.of {
		if p.userID == userID {
			ids = append(ids, id)
		}
	}
	return ids
}

// tellGone ends the connections of those that hear and are among no phones any more: of a
// closed account none is kept.
func (r *Room) tellGone(hear []string, phones []store.OwnPhone) {
	for _, id := range hear {
		if !slices.ContainsFunc(phones, func(p store.OwnPhone) bool { return p.ID == id }) {
			r.Pages.TellPhone(id, true)
		}
	}
}
