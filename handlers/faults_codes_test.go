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

// No code can be sent, or nobody knows whether one was: then the page says that it
// may still arrive, and it is good when it does.
func TestFaultsWhenSendingACode(t *testing.T) {
	for _, via := range []string{"sms", "call"} {
		t.Run(via, func(t *testing.T) {
			eachAPIFault(t, func(t *testing.T, s *faulty) {
				ada := s.account("ada@example.com")
				b := s.browser()
				b.passPassword(ada)
				s.breaks()
				b.wantNoCode(b.post("/send-token", "via", via), s.fault)
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

// mayArrive is what the page says of a code that nobody knows of.
var mayArrive = words("notice.code_unconfirmed")

// wantNoCode judges the answer to the request for a code. It claims neither that
// one is on its way nor, where nobody knows, that none is.
func (b *browser) wantNoCode(got page, f apiFault) {
	b.t.Helper()
	switch {
	case f.limited:
		wantStatus(b.t, got, http.StatusTooManyRequests)
		wantRetryAfter(b.t, got, 30*time.Second) // our own pause, which is the longer one
		wantBody(b.t, got, "The phone service has sent too many codes to this number.")
	case f.refused:
		wantStatus(b.t, got, http.StatusServiceUnavailable)
		wantRetryAfter(b.t, got, 30*time.Second)
		wantBody(b.t, got, words("code_not_sent.unavailable"))
	default:
		wantRedirect(b.t, got, "/verify-token")
		for range 2 { // also when the page is loaded again
			got = b.get("/verify-token")
			wantBody(b.t, got, mayArrive, words("token.next_send"))
			wantNoBody(b.t, got, words("code_not_sent.unavailable"), words("notice.code_failed"))
		}
	}
	wantNoBody(b.t, got, words("token.sent"), words("token.called"))
}

// A limit of our own says nothing about the code before: it may still arrive.
func TestTheNextCodeMustWaitForOneThatMayArrive(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.passPassword(ada)
	s.order(`{"api": "drop"}`)
	wantRedirect(t, b.post("/send-token", "via", "sms"), "/verify-token")
	wantRedirect(t, b.post("/send-token", "via", "sms"), "/verify-token") // pressed twice
	wantBody(t, b.get("/verify-token"), mayArrive)
	got := b.post("/send-token", "via", "call")
	wantStatus(t, got, http.StatusTooManyRequests)
	wantRetryAfter(t, got, 30*time.Second)
	wantBody(t, b.get("/verify-token"), mayArrive)
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
		said := mayArrive
		if s.fault.refused {
			said = words("notice.code_failed")
		}
		wantBody(t, got, said, words("token.next_send"))
		wantNoBody(t, got, words("token.sent"))
		b.wantOutside()

		s.mends()
		s.clock.Advance(sendPause)
		wantRedirect(t, b.post("/send-token", "via", "sms"), "/verify-token")
		got = b.get("/verify-token")
		wantBody(t, got, words("token.sent"))
		wantNoBody(t, got, mayArrive)
		wantRedirect(t, b.post("/verify-token", "token", ada.phone.code("sms")), "/protected")
	})
}

// A code cannot be checked, or nobody knows whether it was: then it may be used up,
// as the page says. Nobody is in by it, also not by the code that our own check has
// used up; but that one costs no second try.
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
					for _, left := range []int{4, 3} { // given back once
						b.wantUsed(first, left)
					}
					first = code()
				}
				wantRedirect(t, b.post("/verify-token", "token", first), "/protected")
			})
		})
	}
}

// wantUsed gives a code that was used, and wants to be told.
func (b *browser) wantUsed(code string, left int) {
	b.t.Helper()
	got := b.post("/verify-token", "token", code)
	wantStatus(b.t, got, http.StatusUnprocessableEntity)
	wantBody(b.t, got, words("code_refused.used"), triesLeft(left))
	b.wantOutside()
}

// Somebody has looked over a shoulder: a code that its owner has used opens
// nothing, and costs a try, also where its first check here got no answer, or
// another code was unanswered.
func TestAUsedCodeOpensNothingAfterNoAnswer(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	owner, other := s.browser(), s.browser()
	owner.passPassword(ada)
	seen := ada.phone.token()
	wantRedirect(t, owner.post("/verify-token", "token", seen), "/protected")

	other.passPassword(ada)
	s.order(`{"api": "drop"}`)
	other.wantUnchecked(seen, apiFault{}, 4)
	s.repair()
	other.wantUsed(seen, 4)
	other.wantUsed(seen, 3)

	s.order(`{"api": "drop"}`)
	other.wantUnchecked(wrong(seen), apiFault{}, 2)
	s.repair()
	other.wantUsed(seen, 1)
}

// wantUnchecked gives a code that cannot be checked, and wants to be told.
func (b *browser) wantUnchecked(code string, f apiFault, left int) {
	b.t.Helper()
	got := b.post("/verify-token", "token", code)
	status, wait := http.StatusServiceUnavailable, 30*time.Second
	sentence := words("code_refused.unconfirmed")
	switch {
	case f.limited:
		status, wait, sentence = http.StatusTooManyRequests, 7*time.Second, words("code_refused.rate_limited")
	case f.refused:
		wait, sentence = 5*time.Second, words("code_refused.unavailable")
	}
	if left == 0 {
		sentence = words("code_refused.last")
	}
	wantStatus(b.t, got, status)
	wantRetryAfter(b.t, got, wait)
	wantBody(b.t, got, sentence, triesLeft(left))
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
		wantRedirect(t, b.post("/verify-token", "token", ada.phone.token()), "/login", "too-many-codes")
		wantRedirect(t, b.get("/protected"), "/login", "start")
		b.passPassword(ada)
		wantRedirect(t, b.post("/verify-token", "token", ada.phone.token()), "/protected")
	})
}

// The clock of the phone is off: its tokens count within half a minute, and
// not beyond. The tap and a code by SMS do not mind.
func TestAPhoneWithAWrongClock(t *testing.T) {
	for _, seconds := range []int{20, -20, 3600, -3600} {
		t.Run(fmt.Sprintf("%d s", seconds), func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			ada := s.account("ada@example.com")
			b := s.browser()
			s.order(fmt.Sprintf(`{"clock_skew_s": %d}`, seconds))
			b.passPassword(ada)
			got := b.post("/verify-token", "token", ada.phone.token())
			if seconds == 20 || seconds == -20 {
				wantRedirect(t, got, "/protected")
				return
			}
			wantStatus(t, got, http.StatusUnprocessableEntity)
			wantBody(t, got, words("code_refused.wrong"), triesLeft(4))
			b.wantOutside()

			wantRedirect(t, b.post("/send-token", "via", "sms"), "/verify-token")
			wantRedirect(t, b.post("/verify-token", "token", ada.phone.code("sms")), "/protected")
			b.post("/logout")
			b.signIn(ada)
			b.post("/logout")
			s.repair()
			b.passPassword(ada)
			wantRedirect(t, b.post("/verify-token", "token", ada.phone.token()), "/protected")
		})
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
