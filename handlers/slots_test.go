package handlers_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"nod/hub"
)

// streamFrom asks for a stream as a page of another site would.
func (b *browser) streamFrom(header, value string) int {
	b.t.Helper()
	ctx, cancel := context.WithCancel(b.t.Context())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.site.url+"/login/stream", nil)
	must(b.t, err)
	req.Header.Set(header, value)
	res, err := b.http.Do(req)
	must(b.t, err)
	must(b.t, res.Body.Close())
	return res.StatusCode
}

func TestStreamsOfOtherSitesAreRefused(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.passPassword(ada)
	for _, foreign := range []struct{ header, value string }{
		{"Origin", "https://evil.example"},
		{"Origin", "null"},
		{"Sec-Fetch-Site", "cross-site"},
		{"Sec-Fetch-Site", "same-site"},
	} {
		if got := b.streamFrom(foreign.header, foreign.value); got != http.StatusForbidden {
			t.Errorf("%s: %s: got status %d, want 403", foreign.header, foreign.value, got)
		}
	}
	if got := b.streamFrom("Sec-Fetch-Site", "same-origin"); got != http.StatusOK {
		t.Errorf("the page's own stream: got status %d, want 200", got)
	}
}

// Requests for a socket that come to nothing take no slot from those who wait.
func TestARefusedWaitFreesItsSlot(t *testing.T) {
	s := newSite(t, withHub(hub.Options{Total: 1}))
	ada := s.account("ada@example.com")
	b := s.browser()
	b.passPassword(ada)
	wantStatus(t, b.get("/login/events"), http.StatusUpgradeRequired)
	s.clock.Advance(16 * time.Minute)
	wantStatus(t, b.begin("/login/stream"), http.StatusUnauthorized) // the sign-in is too old
	s.browser().waits(ada)
}
