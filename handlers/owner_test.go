package handlers_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"nod/store"
)

// wantRefused is a 429 that says in words which limit it is, and when to come back.
func wantRefused(t *testing.T, got page, wait time.Duration, words ...string) {
	t.Helper()
	wantStatus(t, got, http.StatusTooManyRequests)
	if seconds, _ := strconv.Atoi(got.Header.Get("Retry-After")); time.Duration(seconds)*time.Second != wait {
		t.Errorf("got Retry-After %q, want %v", got.Header.Get("Retry-After"), wait)
	}
	wantBody(t, got, words...)
}

// Who fails at an account over and over shuts out neither the browser that has
// signed in before, nor another account at the same address.
func TestAStrangersFailuresShutNobodyElseOut(t *testing.T) {
	s := newSite(t)
	ada, bob := s.account("ada@example.com"), s.account("bob@example.com")
	hers, stranger := s.browser(), s.browser()
	hers.signIn(ada)
	s.clock.Advance(15 * time.Minute)
	guess := func() page { return stranger.post("/login", "email", ada.Email, "password", "not her password") }
	for range 5 {
		wantStatus(t, guess(), http.StatusUnprocessableEntity)
	}
	wantRefused(t, guess(), 15*time.Minute, "Too many wrong passwords for this account from here", "15 minutes", ada.Email)
	hers.post("/logout")
	hers.passPassword(ada)
	s.browser().passPassword(bob)
}

// Whoever has only the password asks the phone a few times, and leaves the owner
// the rest.
func TestWhoHasThePasswordCannotUseUpThePushes(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	hers, stranger := s.browser(), s.browser()
	hers.signIn(ada)
	hers.post("/logout")
	for range 3 {
		stranger.passPassword(ada)
		stranger.post("/login/cancel")
	}
	stranger.passPassword(ada)
	wantRefused(t, stranger.get("/login/approval"), 10*time.Minute, "Browsers that have never signed in to this account", words("ways.app"))
	wantRefused(t, stranger.post("/login/resend"), 10*time.Minute, "10 minutes")

	hers.passPassword(ada)
	ada.phone.approve(ada.phone.pending())
	wantRedirect(t, hers.post("/confirm-login"), "/protected")
	// That the owner was there lets strangers ask again.
	wantStatus(t, stranger.get("/login/approval"), http.StatusOK)
	wantRedirect(t, stranger.post("/login/resend"), "/login/approval", "sent-again")
}

// A sign-in in an unknown browser does not take the phone away from a known one.
func TestAStrangerIsToldThatAnotherSignInIsUnderWay(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	hers, stranger := s.browser(), s.browser()
	hers.signIn(ada)
	hers.post("/logout")
	waiting := hers.waits(ada)
	asked := len(ada.phone.requests())

	stranger.passPassword(ada)
	wantRefused(t, stranger.get("/login/approval"), 2*time.Minute, words("approval.under_way.title"), words("ways.app"))
	wantRefused(t, stranger.post("/login/resend"), 2*time.Minute, words("limit.under_way"))
	if got := len(ada.phone.requests()); got != asked {
		t.Errorf("the phone was asked %d times more", got-asked)
	}
	ada.phone.approve(ada.phone.pending())
	waiting.want("approved")
	wantRedirect(t, hers.post("/confirm-login"), "/protected")
	wantRedirect(t, stranger.post("/login/resend"), "/login/approval", "sent-again")
}

// One address cannot sign up without end, and the others there go on soon.
func TestSignUpsOfOneAddressAreLimited(t *testing.T) {
	s := newSite(t)
	for i := range 20 {
		s.register(s.browser(), "p"+strconv.Itoa(i)+"@example.com")
	}
	b := s.browser()
	got := b.post("/signup", "name", "Eve", "email", "eve@example.com", "password", goodPassword, "country_code", "1", "phone_number", "2015550199")
	wantRefused(t, got, 30*time.Second, "Too many sign-ups from your network", "30 seconds", "eve@example.com")
	s.clock.Advance(30 * time.Second)
	s.register(b, "eve@example.com")
}

// Transfers ring the same phone as sign-ins.
func TestTransfersCountAsPushes(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada)
	ask := func() page { return b.post("/transfers", "payee", "Grace", "amount", "12.50", "currency", "EUR") }
	for range 5 {
		wantRedirect(t, ask(), "/protected#transfers")
		pending, err := s.store.PendingIDs(t.Context())
		must(t, err)
		_, _, err = s.store.CancelApproval(t.Context(), pending[0], store.ReasonSignedOut)
		must(t, err)
	}
	wantRefused(t, ask(), 10*time.Minute, "This phone was asked several times and never approved")
}

// A code is sent where it costs what others cost, and nowhere else.
func TestPremiumNumbersGetNoCode(t *testing.T) {
	s := newSite(t)
	for _, test := range []struct {
		country, number string
		sms, call       int
	}{
		{"GB", "9012345678", http.StatusUnprocessableEntity, http.StatusUnprocessableEntity},
		{"DE", "3012345678", http.StatusUnprocessableEntity, http.StatusSeeOther},
		{"DE", "15112345678", http.StatusSeeOther, http.StatusTooManyRequests},
	} {
		b := s.browser()
		got := b.post("/signup", "name", "Eve", "email", test.number+"@example.com", "password", goodPassword, "country_code", test.country, "phone_number", test.number)
		wantRedirect(t, got, "/login/approval")
		wantStatus(t, b.post("/send-token", "via", "sms"), test.sms)
		wantStatus(t, b.post("/send-token", "via", "call"), test.call)
		offered := b.get("/verify-token").Body
		for via, status := range map[string]int{"sms": test.sms, "call": test.call} {
			if got := strings.Contains(offered, `id="send-`+via+`"`); got != (status != http.StatusUnprocessableEntity) {
				t.Errorf("%s by %s: offered: %v", test.number, via, got)
			}
		}
	}
}

// Whoever is held up by what strangers did goes on with a code of their own, in a
// browser that nobody knows.
func TestACodeOfOnesOwnIsTakenWhereStrangersAreHeldUp(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	hers := s.browser()
	hers.signIn(ada)
	codes := hers.recoveryCodes()
	s.clock.Advance(15 * time.Minute)
	b := s.browser()
	if got := b.get("/login"); strings.Contains(got.Body, `name="proof"`) {
		t.Error("the form asks for a code although nobody is held up")
	}
	for range 5 {
		wantStatus(t, b.post("/login", "email", ada.Email, "password", "not her password"), http.StatusUnprocessableEntity)
	}
	wantRefused(t, b.post("/login", "email", ada.Email, "password", goodPassword), 15*time.Minute, `name="proof"`, "Authenticator or recovery code")
	spelt := strings.ToUpper(codes[0][:4] + " " + codes[0][4:])
	wantRedirect(t, b.post("/login", "email", ada.Email, "password", goodPassword, "proof", spelt), "/login/approval")
	wantRedirect(t, b.post("/verify-token", "token", codes[0]), "/protected") // it is not used up
}

// A wrong password and a wrong code along with it read the same: neither can be
// guessed without the other.
func TestNobodyIsToldWhetherPasswordOrCodeWasWrong(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	hers := s.browser()
	hers.signIn(ada)
	codes := hers.recoveryCodes()
	user, err := s.store.Authenticate(t.Context(), ada.Email, goodPassword)
	must(t, err)
	b := s.browser()
	var answers []string
	for _, try := range [][2]string{{goodPassword, "000000"}, {"not her password", codes[0]}, {"not her password", "000000"}} {
		got := b.post("/login", "email", ada.Email, "password", try[0], "proof", try[1])
		wantStatus(t, got, http.StatusUnprocessableEntity)
		wantBody(t, got, words("login.wrong_proof"), `name="proof"`)
		answers = append(answers, csrfField.ReplaceAllString(got.Body, ""))
	}
	if answers[0] != answers[1] || answers[0] != answers[2] {
		t.Errorf("the answers differ: %q", answers)
	}
	got := map[string]int{}
	events, err := s.store.Events(t.Context(), user.ID, 100)
	must(t, err)
	for _, e := range events {
		got[string(e.Kind)+" "+e.Detail]++
	}
	if got["code_refused proof"] != 1 || got["password_refused proof"] != 1 || got["password_refused "] != 1 {
		t.Errorf("the audit trail has %v", got)
	}
	wantRedirect(t, b.post("/login", "email", ada.Email, "password", goodPassword, "proof", codes[0]), "/login/approval")
}
