package handlers_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// sendPause is a little more than has to pass between two codes.
const sendPause = 31 * time.Second

// No code can be sent. One that came all the same, its reply lost, is good.
func TestFaultsWhenSendingACode(t *testing.T) {
	for _, via := range []string{"sms", "call"} {
		t.Run(via, func(t *testing.T) {
			eachAPIFault(t, func(t *testing.T, s *faulty) {
				ada := s.account("ada@example.com")
				b := s.browser()
				b.passPassword(ada)
				s.breaks()
				got := b.post("/send-token", "via", via)
				wantStatus(t, got, http.StatusTooManyRequests)
				if s.fault.limited {
					wantBody(t, got, "The phone service has sent too many codes to this number.")
				} else {
					wantBody(t, got, "The code could not be sent just now. Please try again in half a minute, or use the app.")
				}
				wantNoBody(t, got, "A code is on its way", "is being called")
				b.wantOutside()

				s.mends()
				if s.fault.refused {
					if got := ada.phone.codes(); got != 0 {
						t.Errorf("%d codes have come, want none", got)
					}
					s.clock.Advance(sendPause)
					wantRedirect(t, b.post("/send-token", "via", via), "/verify-token")
				}
				wantRedirect(t, b.post("/verify-token", "token", ada.phone.code(via)), "/protected")
			})
		})
	}
}

// Neither an app to ask nor a code to send: the page does not claim that one
// is on its way.
func TestFaultsWithoutTheApp(t *testing.T) {
	eachAPIFault(t, func(t *testing.T, s *faulty) {
		ada := s.account("ada@example.com")
		ada.phone.set(t, `{"app_installed": false}`)
		s.calls.atSMS.Store(true)
		b := s.browser()
		wantRedirect(t, b.post("/login", "email", ada.Email, "password", goodPassword), "/verify-token")
		got := b.get("/verify-token")
		wantBody(t, got, "No code could be sent just now", "The next code can be sent in")
		wantNoBody(t, got, "A code is on its way")
		b.wantOutside()

		s.mends()
		s.clock.Advance(sendPause)
		wantRedirect(t, b.post("/send-token", "via", "sms"), "/verify-token")
		wantBody(t, b.get("/verify-token"), "A code is on its way by SMS")
		wantRedirect(t, b.post("/verify-token", "token", ada.phone.code("sms")), "/protected")
	})
}

// A code cannot be checked: nobody is in by it, and the tries are counted
// down where the person sees it.
func TestFaultsWhenCheckingACode(t *testing.T) {
	for _, via := range []string{"app", "sms", "call"} {
		t.Run(via, func(t *testing.T) {
			eachAPIFault(t, func(t *testing.T, s *faulty) {
				ada := s.account("ada@example.com")
				b := s.browser()
				b.passPassword(ada)
				code := func() string {
					if via == "app" {
						s.clock.Advance(time.Minute)
						return ada.phone.token()
					}
					s.clock.Advance(sendPause)
					wantRedirect(t, b.post("/send-token", "via", via), "/verify-token")
					return ada.phone.code(via)
				}
				first := code()
				s.breaks()
				b.wantUnchecked(first, s.fault, 4)
				wantBody(t, b.get("/authy/status"), `"status":"pending"`)
				b.wantOutside()

				s.mends()
				if !s.fault.refused { // it was checked, and nobody was told
					got := b.post("/verify-token", "token", first)
					wantStatus(t, got, http.StatusUnprocessableEntity)
					wantBody(t, got, "This code was used already. Please wait for the next one. Tries left: 3.")
					b.wantOutside()
					first = code()
				}
				wantRedirect(t, b.post("/verify-token", "token", first), "/protected")
			})
		})
	}
}

// wantUnchecked gives a code that cannot be checked, and wants to be told.
func (b *browser) wantUnchecked(code string, f apiFault, left int) {
	b.t.Helper()
	got := b.post("/verify-token", "token", code)
	status, sentence := http.StatusServiceUnavailable, "The code cannot be checked just now. Please try again in a moment."
	if f.limited {
		status, sentence = http.StatusTooManyRequests, "Too many attempts; try again in a few minutes."
	}
	if left == 0 {
		sentence = "it was the last one for this sign-in. Tap Approve on your phone, or sign in again."
	}
	wantStatus(b.t, got, status)
	wantBody(b.t, got, fmt.Sprintf("%s Tries left: %d.", sentence, left))
}

// An outage uses the tries up like anything else: more guesses are never
// made, and the last try is called the last. The tap still works.
func TestFaultsUseUpTheTries(t *testing.T) {
	eachAPIFault(t, func(t *testing.T, s *faulty) {
		ada := s.account("ada@example.com")
		b := s.browser()
		events := b.waits(ada)
		s.breaks()
		for left := 4; left >= 0; left-- {
			b.wantUnchecked("1234567", s.fault, left)
		}
		b.wantOutside()
		s.mends()
		ada.phone.approve(ada.phone.pending())
		events.want("approved")
		wantRedirect(t, b.post("/confirm-login"), "/protected")

		b.post("/logout")
		b.passPassword(ada)
		s.breaks()
		for range 5 {
			b.post("/verify-token", "token", "1234567")
		}
		s.mends()
		wantRedirect(t, b.post("/verify-token", "token", ada.phone.token()), "/login?notice=too-many-codes")
		wantRedirect(t, b.get("/protected"), "/login?notice=start")
		b.passPassword(ada)
		wantRedirect(t, b.post("/verify-token", "token", ada.phone.token()), "/protected")
	})
}

// The clock of the phone is off: its tokens count within half a minute, and
// not beyond. The tap and a code by SMS do not mind.
func TestAPhoneWithAWrongClock(t *testing.T) {
	for _, kind := range []string{"", "?kind=generic"} {
		for _, seconds := range []int{20, -20, 3600, -3600} {
			t.Run(fmt.Sprintf("%d s%s", seconds, kind), func(t *testing.T) {
				t.Parallel()
				s := newSite(t)
				ada := s.account("ada@example.com")
				b := s.browser()
				b.signIn(ada)
				wantStatus(t, b.post("/authenticator"), http.StatusOK)
				b.post("/logout")

				s.order(fmt.Sprintf(`{"clock_skew_s": %d}`, seconds))
				b.passPassword(ada)
				got := b.post("/verify-token", "token", ada.phone.tokenOf(kind))
				if seconds == 20 || seconds == -20 {
					wantRedirect(t, got, "/protected")
					return
				}
				wantStatus(t, got, http.StatusUnprocessableEntity)
				wantBody(t, got, "This code is wrong or too old. Tries left: 4.")
				b.wantOutside()

				wantRedirect(t, b.post("/send-token", "via", "sms"), "/verify-token")
				wantRedirect(t, b.post("/verify-token", "token", ada.phone.code("sms")), "/protected")
				b.post("/logout")
				b.signIn(ada)
				b.post("/logout")
				s.repair()
				b.passPassword(ada)
				wantRedirect(t, b.post("/verify-token", "token", ada.phone.tokenOf(kind)), "/protected")
			})
		}
	}
}

// tokenOf is what the app shows, or with ?kind=generic another authenticator.
func (p *phone) tokenOf(kind string) string {
	p.t.Helper()
	var token struct{ Token string }
	getJSON(p.t, p.base+"/token"+kind, &token)
	return token.Token
}

func wantNoBody(t testing.TB, got page, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if strings.Contains(got.Body, part) {
			t.Fatalf("status %d, body has %q:\n%s", got.Status, part, got.Body)
		}
	}
}
