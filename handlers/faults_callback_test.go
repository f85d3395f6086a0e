package handlers_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"
)

// callbackFault is one way in which the phone, or the word of what it said,
// goes wrong.
type callbackFault struct {
	name, order string
	lost        bool   // the answer does not come by callback: it has to be asked for
	verdict     string // on the callback that comes and does not count
}

var callbackFaults = []callbackFault{
	{name: "twice", order: `{"callback": "twice"}`},
	{name: "by GET", order: `{"callback": "get"}`},
	{name: "a moment late", order: `{"callback_delay_ms": 50}`},
	{name: "device uuid as text", order: `{"legacy_device_uuid": true}`},
	{name: "device uuid as text by GET", order: `{"legacy_device_uuid": true, "callback": "get"}`},
	{name: "clock of the phone ahead", order: `{"clock_skew_s": 86400}`},
	{name: "clock of the phone behind", order: `{"clock_skew_s": -86400}`},
	{name: "push late", order: `{"push_delay_ms": 50}`},
	{name: "API slow", order: `{"api_delay_ms": 20}`},
	{name: "never", order: `{"callback": "never"}`, lost: true},
	{name: "not in time", order: `{"callback_delay_ms": 60000}`, lost: true},
	{name: "badly signed", order: `{"callback": "bad_signature"}`, lost: true, verdict: "refused"},
	{name: "old nonce", order: `{"callback": "old_nonce"}`, lost: true, verdict: "refused"},
}

// beforeReply is the fault that a fast thumb is.
const beforeReply = `{"callback": "before_reply"}`

// eachCallbackFault runs a test once for every one of them. Bob signs in at
// the same time, answers nothing, and is not let in.
func eachCallbackFault(t *testing.T, test func(t *testing.T, s *site, f callbackFault, ada person)) {
	t.Helper()
	eachOf(t, callbackFaults, test)
}

// eachLostCallback is eachCallbackFault for those with something to make up for.
func eachLostCallback(t *testing.T, test func(t *testing.T, s *site, f callbackFault, ada person)) {
	t.Helper()
	lost := slices.DeleteFunc(slices.Clone(callbackFaults), func(f callbackFault) bool { return !f.lost })
	eachOf(t, lost, test)
}

func eachOf(t *testing.T, faults []callbackFault, test func(t *testing.T, s *site, f callbackFault, ada person)) {
	t.Helper()
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, counted)
			ada, bob := s.account("ada@example.com"), s.account("bob@example.com")
			other := s.browser()
			other.passPassword(bob)
			test(t, s, f, ada)
			other.wantOutside()
		})
	}
}

// wantUntold says that the tap is not known here yet, whatever came.
func (b *browser) wantUntold(f callbackFault) {
	b.t.Helper()
	if f.verdict != "" {
		b.site.heard(f.verdict)
	}
	wantBody(b.t, b.get("/authy/status"), `"status":"pending"`)
	wantBody(b.t, b.get("/login/approval"), `data-status="pending"`)
	wantRedirect(b.t, b.get("/protected"), "/login/approval")
}

func TestCallbackFaultsOfAYes(t *testing.T) {
	eachCallbackFault(t, func(t *testing.T, s *site, f callbackFault, ada person) {
		s.order(f.order)
		b := s.browser()
		old := ada.phone.requests()[0].UUID // of the sign-up; it still shows
		events := b.waits(ada)
		ada.phone.approve(ada.phone.arrives(old))
		if f.lost {
			b.wantUntold(f)
			s.clock.Advance(5 * time.Second)
			wantBody(t, b.get("/authy/status"), `"status":"approved"`)
		}
		events.want("approved")
		if f.name == "twice" {
			s.heard("repeated")
		}
		wantBody(t, b.get("/login/approval"), `data-status="approved"`, words("approval.approved.text"))
		wantRedirect(t, b.post("/confirm-login"), "/protected")
		wantRedirect(t, b.post("/confirm-login"), "/protected") // already in; nothing is used twice
	})
}

func TestCallbackFaultsOfANo(t *testing.T) {
	eachCallbackFault(t, func(t *testing.T, s *site, f callbackFault, ada person) {
		s.order(f.order)
		b := s.browser()
		old := ada.phone.requests()[0].UUID
		events := b.waits(ada)
		denied := ada.phone.arrives(old)
		ada.phone.deny(denied)
		if f.lost {
			b.wantUntold(f)
			s.clock.Advance(5 * time.Second)
			wantBody(t, b.get("/authy/status"), `"status":"denied"`)
		}
		events.want("denied")
		wantBody(t, b.get("/login/approval"), `data-status="denied"`, words("approval.denied.title"), words("approval.denied.text"))
		b.wantOutside()
		wantRedirect(t, b.post("/verify-token", "token", ada.phone.token()), "/login/approval")

		s.repair()
		s.browser().signIn(ada)
		b.wantOutside()
	})
}

// Whose page hears nothing at all says "I’ve approved it".
func TestCallbackFaultsWhenThePersonSaysSo(t *testing.T) {
	eachLostCallback(t, func(t *testing.T, s *site, f callbackFault, ada person) {
		s.order(f.order)
		b := s.browser()
		b.passPassword(ada)
		early := b.post("/confirm-login")
		wantStatus(t, early, http.StatusConflict)
		wantBody(t, early, words("notice.not_yet"))
		ada.phone.approve(ada.phone.pending())
		b.wantUntold(f)
		s.clock.Advance(2 * time.Second) // a moment after the question before
		wantRedirect(t, b.post("/confirm-login"), "/protected")
	})
}

// Who does nothing is told shortly before the time is over.
func TestCallbackFaultsNearTheDeadline(t *testing.T) {
	eachLostCallback(t, func(t *testing.T, s *site, f callbackFault, ada person) {
		s.order(f.order)
		b := s.browser()
		events := b.waits(ada)
		ada.phone.approve(ada.phone.pending())
		b.wantUntold(f)
		s.clock.Advance(115 * time.Second)
		must(t, s.flow.Sweep(t.Context()))
		events.want("approved")
		wantRedirect(t, b.post("/confirm-login"), "/protected")
	})
}

// A tap in time whose callback comes after the deadline lets nobody in.
func TestACallbackAfterTheDeadline(t *testing.T) {
	t.Parallel()
	s := newSite(t, counted)
	ada := s.account("ada@example.com")
	s.order(`{"callback_delay_ms": 60000}`)
	b := s.browser()
	events := b.waits(ada)
	ada.phone.approve(ada.phone.pending())
	s.clock.Advance(2*time.Minute + time.Second)
	must(t, s.flow.Sweep(t.Context()))
	events.want("expired")
	s.delays.end()
	s.heard("late")
	wantBody(t, b.get("/login/approval"), `data-status="expired"`, words("approval.expired.title"), words("approval.denied.text"))
	b.wantOutside()
	s.repair()
	b.asksAgain(ada)
}

// A request that does not reach the phone in time is over, and can be sent again.
func TestAPushThatDoesNotArrive(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	before := len(ada.phone.requests())
	s.order(`{"push_delay_ms": 60000}`)
	b := s.browser()
	events := b.waits(ada)
	wantBody(t, b.get("/login/approval"), `data-status="pending"`, "Nothing on your phone?")
	if got := len(ada.phone.requests()); got != before {
		t.Errorf("the phone shows %d requests, want %d", got, before)
	}
	b.wantOutside()
	s.clock.Advance(2*time.Minute + time.Second)
	must(t, s.flow.Sweep(t.Context()))
	events.want("expired")
	wantBody(t, b.get("/login/approval"), words("approval.expired.title"), words("approval.denied.text"))
	b.wantOutside()
	s.repair()
	b.asksAgain(ada)
}

// Approved, and told before the reply: at the sign-up, at the password, when
// asking again, and of a transfer.
func TestTheCallbackBeforeTheReplyOfTheSimulator(t *testing.T) {
	s := newSite(t)
	s.order(beforeReply)
	b := s.browser()
	goesOn := func() {
		t.Helper()
		wantBody(t, b.get("/login/approval"), `data-status="approved"`)
		wantBody(t, b.get("/authy/status"), `"status":"approved"`)
		b.events().want("approved")
		wantRedirect(t, b.post("/confirm-login"), "/protected")
	}
	ada := s.signUp(b, "ada@example.com")
	goesOn()
	b.post("/logout")
	b.passPassword(ada)
	goesOn()

	events := b.transferEvents()
	fields := []string{"payee", "Carol", "amount", "12", "currency", "EUR"}
	wantRedirect(t, b.post("/transfers", fields...), "/protected#transfers")
	id := nextLedger(t, events, "approved")
	wantRedirect(t, b.post("/transfers/"+id+"/execute", fields...), "/protected#transfers")
	nextLedger(t, events, "executed")
	wantRedirect(t, b.post("/transfers/"+id+"/execute", fields...), "/protected#transfers") // it is done

	b.post("/logout")
	s.order(`{"callback": ""}`)
	b.passPassword(ada)
	s.order(beforeReply)
	b.post("/login/resend")
	goesOn()
}

// What is wrong with one phone is nobody else's trouble.
func TestFaultsOfOnePhone(t *testing.T) {
	for _, fault := range []string{`"api": "error"`, `"callback": "never"`, `"push_delay_ms": 60000`} {
		t.Run(fault, func(t *testing.T) {
			s := newSite(t)
			ada, bob := s.account("ada@example.com"), s.account("bob@example.com")
			s.order(fmt.Sprintf(`{"authy_id": %d, %s}`, ada.phone.authyID(), fault))
			a := s.browser()
			a.passPassword(ada)
			s.browser().signIn(bob)
			a.wantOutside()
			s.repair()
			a.asksAgain(ada)
		})
	}
}
