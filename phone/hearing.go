package phone

import (
	"maps"
	"slices"
	"sync"
	"time"

	"nod/store"
)

// SignedFor is how long a signature of the device key is good for lists and connections.
const SignedFor = 15 * time.Minute

// hearing is until when the open pages of phones may hear, by user and by the id of the
// phone: a user's are found whenever one is asked.
type hearing struct {
	mu    sync.Mutex
	until map[int64]map[string]time.Time
}

// Hears notes that a page of a phone listens here, which has signed lately.
func (r *Room) Hears(p store.OwnPhone) {
	r.hearing.mu.Lock()
	defer r.hearing.mu.Unlock()
	phones := r.hearing.until[p.UserID]
	if phones == nil {
		phones = map[string]time.Time{}
		r.hearing.until[p.UserID] = phones
	}
	phones[p.ID] = p.SignedAt.Add(SignedFor)
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
	for userID, phones := range h.until {
		for id, until := range phones {
			if !now.Before(until) {
				ids = append(ids, id)
				delete(phones, id)
			}
		}
		if len(phones) == 0 {
			delete(h.until, userID)
		}
	}
	return ids
}

// ofUser are the phones of a user whose pages hear here.
func (h *hearing) ofUser(userID int64) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Collect(maps.Keys(h.until[userID]))
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
