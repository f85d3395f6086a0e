package handlers_test

import (
	"net/http"
	"slices"
	"testing"
	"time"
)

// Nobody can be registered: it is said beside the form, and nothing is half made.
func TestFaultsAtSignUp(t *testing.T) {
	eachAPIFault(t, func(t *testing.T, s *faulty) {
		b := s.browser()
		fields := []string{"name", "Ada", "email", "ada@example.com", "password", goodPassword, "country_code", "1", "phone_number", "2015550177"}
		s.breaks()
		got := b.post("/signup", fields...)
		status, wait, sentence := http.StatusServiceUnavailable, time.Minute, words("problem.signup.unavailable")
		if s.fault.limited {
			status, wait, sentence = http.StatusTooManyRequests, 7*time.Second, words("problem.signup.rate_limited")
		}
		wantStatus(t, got, status)
		wantRetryAfter(t, got, wait)
		wantBody(t, got, sentence, `value="ada@example.com"`, `value="2015550177"`)
		wantStatus(t, b.post("/login", "email", "ada@example.com", "password", goodPassword), http.StatusUnprocessableEntity)
		wantRedirect(t, b.get("/protected"), "/login", "start")

		s.mends()
		wantRedirect(t, b.post("/signup", fields...), "/login/approval")
		b.asksAgain(person{"ada@example.com", s.phoneOf("ada@example.com")})
		if got := len(s.allPhones()); got != 1 {
			t.Errorf("the provider has %d phones, want 1", got)
		}
	})
}

// The account is made, and then the phone cannot be asked.
func TestFaultsAtTheFirstRequest(t *testing.T) {
	eachAPIFault(t, func(t *testing.T, s *faulty) {
		b := s.browser()
		s.calls.atPush.Store(true)
		s.register(b, "ada@example.com")
		s.wantNotSent(b)
		s.mends()
		b.asksAgain(person{"ada@example.com", s.phoneOf("ada@example.com")})
	})
}

// The phone cannot be asked, at the password and when asking again: the page
// says so, nobody is in, and once it is mended the same attempt goes on.
func TestFaultsAtThePassword(t *testing.T) {
	eachAPIFault(t, func(t *testing.T, s *faulty) {
		ada := s.account("ada@example.com")
		first := s.browser()
		events := first.waits(ada)
		old := ada.phone.pending()
		s.breaks()

		wantRedirect(t, first.post("/login/resend"), "/login/approval") // and no word of a request on its way
		if told := events.want("cancelled"); told.Reason != s.fault.reason() {
			t.Errorf("the waiting page was told %+v", told)
		}
		first.wantUnasked(s.fault.reason())
		ada.phone.approve(old) // was replaced, and counts no more
		s.heard("repeated")
		first.wantOutside()

		second := s.browser()
		second.passPassword(ada)
		second.wantUnasked(s.fault.reason())

		s.mends()
		first.asksAgain(ada)
		second.wantOutside()
	})
}

// The phone rings, but nobody here is told: the page says that a request may
// still arrive, and the tap counts.
func TestFaultsOfTheReplyToTheRequest(t *testing.T) {
	eachAPIFault(t, func(t *testing.T, s *faulty) {
		ada := s.account("ada@example.com")
		old := ada.phone.requests()
		b := s.browser()
		s.calls.atPush.Store(true)
		b.passPassword(ada)
		s.wantNotSent(b)
		if s.fault.refused {
			if got := len(ada.phone.requests()); got != len(old) {
				t.Errorf("the phone was asked %d times, want %d", got, len(old))
			}
			s.mends()
			b.asksAgain(ada)
			return
		}
		events := b.events()
		events.want("pending")
		ada.phone.approve(ada.phone.arrives(old[0].UUID))
		events.want("approved")
		wantRedirect(t, b.post("/confirm-login"), "/protected")
	})
}

// The phone is asked again, and nobody here is told: no page claims that the new
// request is on its way, and its tap counts.
func TestFaultsOfTheReplyWhenAskingAgain(t *testing.T) {
	eachAPIFault(t, func(t *testing.T, s *faulty) {
		ada := s.account("ada@example.com")
		b := s.browser()
		b.waits(ada)
		old := ada.phone.pending()
		s.calls.atPush.Store(true)
		wantRedirect(t, b.post("/login/resend"), "/login/approval")
		s.wantNotSent(b)
		if s.fault.refused {
			s.mends()
			b.asksAgain(ada)
			return
		}
		events := b.events()
		events.want("pending")
		ada.phone.approve(ada.phone.arrives(old))
		events.want("approved")
		wantRedirect(t, b.post("/confirm-login"), "/protected")
	})
}

// The tap comes before the reply, and the reply never: the tap counts.
func TestFaultsOfTheReplyAfterTheTap(t *testing.T) {
	// Where the call is refused the phone does not ring at all.
	carriedOut := slices.DeleteFunc(slices.Clone(apiFaults), func(f apiFault) bool { return f.refused })
	eachFault(t, carriedOut, func(t *testing.T, s *faulty) {
		ada, bob := s.account("ada@example.com"), s.account("bob@example.com")
		other := s.browser()
		other.passPassword(bob)
		b := s.browser()
		s.order(beforeReply)
		s.calls.atPush.Store(true)
		b.passPassword(ada)
		wantBody(t, b.get("/login/approval"), `data-status="approved"`, words("approval.approved.text"))
		b.events().want("approved")
		wantRedirect(t, b.post("/confirm-login"), "/protected")
		other.wantOutside()
	})
}

// The provider cannot be asked about a request whose callback was lost.
func TestFaultsWhenAskingAboutARequest(t *testing.T) {
	eachAPIFault(t, func(t *testing.T, s *faulty) {
		ada := s.account("ada@example.com")
		b := s.browser()
		taps := func() *socket {
			s.loseCallbacks()
			events := b.waits(ada)
			ada.phone.approve(ada.phone.pending())
			s.breaks()
			return events
		}
		notYet := func() {
			got := b.post("/confirm-login")
			wantStatus(t, got, http.StatusConflict)
			wantBody(t, got, `data-status="pending"`, words("notice.not_yet"))
			wantRedirect(t, b.get("/protected"), "/login/approval")
		}

		// Mended before the page asks again.
		events := taps()
		s.clock.Advance(5 * time.Second)
		wantBody(t, b.get("/authy/status"), `"status":"pending"`)
		s.mends()
		wantBody(t, b.get("/authy/status"), `"status":"pending"`) // asked a moment ago
		s.clock.Advance(11 * time.Second)
		wantBody(t, b.get("/authy/status"), `"status":"approved"`)
		events.want("approved")
		wantRedirect(t, b.post("/confirm-login"), "/protected")
		b.post("/logout")

		// Mended before the person says so again.
		taps()
		notYet()
		s.mends()
		s.clock.Advance(2 * time.Second)
		wantRedirect(t, b.post("/confirm-login"), "/protected")
		b.post("/logout")

		// Mended too late.
		events = taps()
		s.clock.Advance(115 * time.Second)
		must(t, s.flow.Sweep(t.Context()))
		notYet()
		s.clock.Advance(5 * time.Second)
		must(t, s.flow.Sweep(t.Context()))
		events.want("expired")
		s.mends()
		wantBody(t, b.get("/login/approval"), `data-status="expired"`, words("approval.expired.title"), words("approval.denied.text"))
		b.wantOutside()
		s.repair()
		b.asksAgain(ada)
	})
}
