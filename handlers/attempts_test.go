package handlers_test

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

// A code that was sent for one sign-in is worthless in another, even where that
// one has sent a code of its own.
func TestACodeIsForOneAttempt(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	first, second := s.browser(), s.browser()
	first.passPassword(ada)
	wantRedirect(t, first.post("/send-token", "via", "sms"), "/verify-token")
	code := ada.phone.code("sms")
	s.clock.Advance(sendPause)
	second.passPassword(ada)
	wantRedirect(t, second.post("/send-token", "via", "sms"), "/verify-token")
	wantStatus(t, second.post("/verify-token", "token", code), http.StatusUnprocessableEntity)
	wantRedirect(t, second.post("/verify-token", "token", ada.phone.code("sms")), "/protected")
}

// The answer comes after the state was read and before the page can be told:
// the page hears it all the same. The site reads its clock just there.
func TestATapBetweenReadingAndJoining(t *testing.T) {
	var tap atomic.Pointer[func()]
	s := newSite(t, func(c *config) {
		now := c.Now
		c.Now = func() time.Time {
			if do := tap.Swap(nil); do != nil {
				(*do)()
			}
			return now()
		}
	})
	ada := s.account("ada@example.com")
	b := s.browser()
	b.passPassword(ada)
	answer := answerBody(ada.phone.authyID(), ada.phone.pending(), "approved", nil)
	do := func() {
		if got := s.deliver(testKey, answer, nil); got != http.StatusOK {
			t.Errorf("the callback was answered %d, want 200", got)
		}
	}
	tap.Store(&do)
	b.events().want("approved")
	if tap.Load() != nil {
		t.Error("the page was told without the clock being read")
	}
}
