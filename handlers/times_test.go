package handlers_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"
)

var timeElement = regexp.MustCompile(`<time datetime="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z">[^<]* UTC</time>`)

// A script can show in the reader's own zone only what says when it was.
func TestEveryTimeSaysItsMoment(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	b.signIn(s.account("ada@example.com"))
	wantRedirect(t, b.post("/transfers", "payee", "Grace", "amount", "1", "currency", "EUR"), "/protected#transfers")
	got := b.get("/protected")
	if n := len(timeElement.FindAllString(got.Body, -1)); n < 1+1+6 { // the sign-in, the transfer, the activity
		t.Errorf("the page has %d times", n)
	}
	if rest := timeElement.ReplaceAllString(got.Body, ""); strings.Contains(rest, "UTC") {
		t.Errorf("a time stands outside of its element:\n%s", rest)
	}
	wantBody(t, got, `src="/static/times.js"`)
}

// How long it took from the tap is told, and counted, where nobody's press came in
// between: without scripts it would be the person's own time.
func TestTheTimeFromTheTapIsNobodysOwn(t *testing.T) {
	s := newSite(t, counted)
	ada := s.account("ada@example.com")
	for form, told := range map[string]bool{"": false, "1": true} {
		b := s.browser()
		events := b.waits(ada)
		ada.phone.approve(ada.phone.pending())
		events.want("approved")
		s.clock.Advance(1234 * time.Millisecond)
		wantRedirect(t, b.post("/confirm-login", "unpressed", form), "/protected")
		if got := strings.Contains(b.get("/protected").Body, `id="latency">1234<`); got != told {
			t.Errorf("sent by the page itself %v: the time is told %v", told, got)
		}
	}
	counts := httptest.NewRecorder()
	s.metrics.Handler().ServeHTTP(counts, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if !strings.Contains(counts.Body.String(), "nod_tap_to_browser_seconds_count 1\n") {
		t.Error("a time was counted that was a person's own, or none")
	}
}
