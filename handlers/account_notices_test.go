package handlers_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// denied gives the password in a browser of somebody, and Deny is tapped.
func (s *site) denied(p person) *browser {
	s.t.Helper()
	b := s.browser()
	events := b.waits(p)
	p.phone.deny(p.phone.pending())
	events.want("denied")
	return b
}

// notice is the id of the newest notice of a kind on the account page.
func (b *browser) notice(kind string) string {
	b.t.Helper()
	found := regexp.MustCompile(`id="notice-(\d+)" data-kind="` + kind + `"`).FindStringSubmatch(b.get("/protected").Body)
	if found == nil {
		b.t.Fatalf("the page shows no notice %q", kind)
	}
	return found[1]
}

// answers "was this you?" about the newest notice of a kind.
func (b *browser) answers(kind, answer string) page {
	b.t.Helper()
	return b.post("/notices/answer", "id", b.notice(kind), "answer", answer)
}

// rings says whether the phone is asked when somebody gives the password.
func (s *site) rings(p person) bool {
	s.t.Helper()
	before := len(p.phone.requests())
	s.browser().passPassword(p)
	return len(p.phone.requests()) > before
}

// Whoever asked sees that it was not approved; the owner is asked who it was.
func TestADenialIsAQuestionToTheOwner(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	hers := s.browser()
	hers.signIn(ada)
	stranger := s.denied(ada)
	got := stranger.get("/login/approval")
	wantBody(t, got, words("approval.denied.title"))
	said := regexp.MustCompile(`(?s)class="outcome" data-state="denied".*?</section>`).FindString(got.Body)
	if !strings.Contains(said, words("approval.denied.text")) || strings.Contains(said, "Deny") || strings.Contains(said, "password") {
		t.Errorf("whoever asked is told %s", said)
	}
	wantBody(t, hers.get("/protected"), "was denied", "Was this you?", "Yes, it was me", "127.0.0.1")

	// By mistake: nothing more comes of it.
	wantRedirect(t, hers.answers("denied", "me"), "/protected")
	if got := hers.get("/protected"); strings.Contains(got.Body, "Was this you?") {
		t.Error("an answered question is asked again")
	}
	s.denied(ada)
	if !s.rings(ada) {
		t.Error("a denial by mistake has counted")
	}
}

func TestThisWasNotMePausesThePhone(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	hers := s.browser()
	hers.signIn(ada)
	s.clock.Advance(time.Second)
	s.denied(ada)
	waiting := s.browser().waits(ada)
	wantNotMe(t, hers.answers("denied", "not_me"))
	waiting.want("cancelled")
	wantBody(t, hers.get("/account/not-me"), "Requests to your phone are paused until", `action="/account/not-me"`, `name="everywhere" value="1" checked`, `action="/account/sessions/end-others"`)
	wantBody(t, hers.get("/protected"), "paused until", "Resume requests with a code")
	if s.rings(ada) {
		t.Error("the phone is asked in a pause")
	}
	stranger := s.browser()
	stranger.passPassword(ada)
	got := stranger.get("/login/approval")
	wantBody(t, got, "Requests to your phone are paused", words("approval.push_paused.text"), `href="/verify-token"`)
	for _, told := range []string{"denied", "Denied", "paused", "until"} {
		if strings.Contains(got.Body[strings.Index(got.Body, `id="approval"`):], ">"+told) {
			t.Errorf("whoever asked is told %q", told)
		}
	}
	// What the account itself would ask of the phone waits as well.
	refused := hers.post("/transfers", "payee", "Bob", "amount", "1", "currency", "EUR")
	wantStatus(t, refused, http.StatusTooManyRequests)
	wantBody(t, refused, words("transfers.paused"), "in 60 minutes")
	if refused.Header.Get("Retry-After") != "3600" {
		t.Errorf("got Retry-After %q", refused.Header.Get("Retry-After"))
	}
}

// One form: another password, and whoever else was in is out.
func TestAfterNotMeOneStepKeepsOthersOut(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	hers, strangers := s.browser(), s.browser()
	hers.signIn(ada)
	strangers.signIn(ada)
	wantNotMe(t, hers.answers("new_browser", "not_me"))
	// A mistake keeps them there, and stands beside its field.
	for fields, says := range map[[2]string]string{
		{"not the password", anotherPassword}: words("problem.password.wrong"),
		{goodPassword, "short"}:               words("problem.password.too_short"),
	} {
		got := hers.post("/account/not-me", "current", fields[0], "password", fields[1])
		wantStatus(t, got, http.StatusUnprocessableEntity)
		wantBody(t, got, "<title>Please check: Keep everybody else out", `-error">`+says, `action="/account/not-me"`,
			`name="everywhere" value="1">`, "Requests to your phone are paused until")
	}
	wantRedirect(t, hers.post("/account/not-me", "current", goodPassword, "password", anotherPassword, "everywhere", "1"),
		"/protected", "password-changed")
	wantRedirect(t, strangers.get("/protected"), "/login", "start")
	wantStatus(t, hers.get("/protected"), http.StatusOK)
	wantStatus(t, strangers.post("/login", "email", ada.Email, "password", goodPassword), http.StatusUnprocessableEntity)

	// Later the page leads to a fresh sign-in first, and to a code: the phone is not asked.
	s.clock.Advance(11 * time.Minute)
	wantBody(t, hers.get("/account/not-me?disputed=7"), `href="/account/confirm?disputed=7&amp;to=%2Faccount%2Fnot-me"`)
}

// Two denials pause the phone, the owner comes in by a code and ends it.
func TestAKnownBrowserEndsThePauseAfterACode(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	hers := s.browser()
	hers.signIn(ada)
	s.clock.Advance(time.Second)
	s.denied(ada)
	s.denied(ada)
	wantRedirect(t, hers.post("/account/pause/end"), toResume) // not without a code
	if s.rings(ada) {
		t.Fatal("the phone is asked after two denials")
	}
	s.clock.Advance(time.Second)
	hers.passPassword(ada)
	wantRedirect(t, hers.post("/verify-token", "token", ada.phone.tokenOf("")), "/protected")
	wantBody(t, hers.get("/protected"), "paused until", "Resume requests")
	wantRedirect(t, hers.post("/account/pause/end"), "/protected", "pause-ended")
	if got := hers.get("/protected"); !strings.Contains(got.Body, words("notice.pause_ended")) || strings.Contains(got.Body, "paused until 2") {
		t.Error("the page does not say that the pause is over")
	}
	if !s.rings(ada) {
		t.Error("the phone is not asked")
	}
}

// A notice is there at the next sign-in and until it is read, and the next request
// that rings says so.
func TestANoticeIsShownUntilItIsRead(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	hers, other := s.browser(), s.browser()
	hers.signIn(ada)
	other.signIn(ada)
	wantBody(t, hers.get("/protected"), "was new to your account")
	line := func() string { return ada.phone.requests()[0].Details["Notice"] }
	if line() != "" {
		t.Errorf("the phone was told early: %q", line())
	}
	third := s.browser()
	third.passPassword(ada)
	if !strings.HasPrefix(line(), "a new browser signed in, ") {
		t.Errorf("the phone was told %q", line())
	}
	s.clock.Advance(time.Second)
	wantRedirect(t, third.post("/login/resend"), "/login/approval", "sent-again")
	if line() != "" {
		t.Errorf("the phone was told twice: %q", line())
	}
	wantBody(t, hers.get("/protected"), "was new to your account")
	wantRedirect(t, hers.answers("new_browser", "me"), "/protected")
	if got := hers.get("/protected"); strings.Contains(got.Body, `id="notices"`) {
		t.Error("a notice that was read is shown again")
	}
}

// Who has come in from a new browser is not asked whether it was them: the phone
// says it at its next ring, and a browser from before takes the answer.
func TestASessionDoesNotAnswerForItself(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	hers, theirs := s.browser(), s.browser()
	hers.signIn(ada)
	s.clock.Advance(time.Second)
	theirs.signIn(ada)
	wantNoBody(t, theirs.get("/protected"), `id="notices"`)
	wantRedirect(t, theirs.post("/notices/answer", "id", hers.notice("new_browser"), "answer", "me"), "/protected")
	wantBody(t, hers.get("/protected"), "Was this you?")
	s.browser().passPassword(ada)
	if line := ada.phone.requests()[0].Details["Notice"]; !strings.HasPrefix(line, "a new browser signed in, ") {
		t.Errorf("the phone was told %q", line)
	}
	theirs.post("/logout")
	s.clock.Advance(time.Second)
	theirs.signIn(ada)
	got := theirs.get("/protected")
	wantBody(t, got, "was new to your account", "Only a browser that was already signed in", `href="/account/not-me?disputed=`)
	wantNoBody(t, got, `action="/notices/answer"`)
	wantRedirect(t, theirs.answers("new_browser", "me"), "/protected")
	wantBody(t, theirs.get("/protected"), "Was this you?")

	// An answer changes the account: later it asks for a tap, and goes on with it.
	s.clock.Advance(11 * time.Minute)
	id := hers.notice("new_browser")
	confirm := "/account/confirm?answer=me&id=" + id + "&to=%2Fnotices%2Fanswer"
	wantRedirect(t, hers.answers("new_browser", "me"), confirm)
	wantBody(t, hers.get(confirm), words("change.notice"), `name="id" value="`+id+`"`, `name="answer" value="me"`)
}

// Whom a stranger has thrown out of every browser comes back as a new one: they can
// still say that it was not them, and the stranger cannot say it of them.
func TestWhoeverWasThrownOutSaysNotMe(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	hers, theirs := s.browser(), s.browser()
	hers.signIn(ada)
	theirs.signIn(ada)
	theirs.post("/account/browsers/remove-all")
	theirs.post("/account/sessions/end-others")
	s.clock.Advance(time.Second)
	hers.signIn(ada)
	wantNoBody(t, theirs.get("/protected"), `action="/notices/answer"`)
	got := hers.get("/protected")
	wantBody(t, got, `value="not_me"`, "Only a browser that was already signed in", `href="/account/not-me?disputed=`)
	wantNoBody(t, got, `value="me"`)
	wantNotMe(t, hers.answers("new_browser", "not_me"))
	if s.rings(ada) {
		t.Error("the phone is asked after a not me")
	}
}

// The phone and the browser show the same, so that it can be compared.
func TestThePhoneShowsWhatTheBrowserShows(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.passPassword(ada)
	page, on := b.get("/login/approval").Body, ada.phone.requests()[0].Details
	for label, value := range map[string]string{
		"Number": `<strong id="number">` + on["Number"] + `</strong>`, "Browser": "<dd>" + on["Browser"] + "</dd>",
		"Address": "<dd>" + on["Address"] + "</dd>", "Email": "<dd>" + softened.Replace(on["Email"]) + "</dd>",
	} {
		if on[label] == "" || !strings.Contains(page, value) {
			t.Errorf("%s: the phone shows %q, and the browser does not", label, on[label])
		}
	}
	if _, ok := on["Place"]; ok || strings.Contains(page, ">Place</dt>") {
		t.Error("a place is shown where nobody knows one")
	}
}

// everywhere is where every address is.
type everywhere string

func (e everywhere) Place(string) string { return string(e) }

func TestThePlaceIsShownWhereSomebodyKnowsIt(t *testing.T) {
	s := newSite(t)
	s.flow.Places = everywhere("Bogotá, Colombia")
	ada := s.account("ada@example.com")
	hers := s.browser()
	hers.signIn(ada)
	b := s.browser()
	b.passPassword(ada)
	wantBody(t, b.get("/login/approval"), ">Place</dt><dd>Bogotá, Colombia</dd>")
	if on := ada.phone.requests()[0].Details["Place"]; on != "Bogotá, Colombia" {
		t.Errorf("the phone shows %q", on)
	}
	events := b.events()
	events.want("pending")
	ada.phone.deny(ada.phone.pending())
	events.want("denied")
	wantBody(t, hers.get("/protected"), "<span>Bogotá, Colombia</span>", "Bogotá, Colombia\u00a0· 127.0.0.1")
}

// Nobody answers for somebody else, and no answer is made up.
func TestOnlyTheOwnerAnswersANotice(t *testing.T) {
	s := newSite(t)
	ada, eve := s.account("ada@example.com"), s.account("eve@example.com")
	hers, others := s.browser(), s.browser()
	hers.signIn(ada)
	others.signIn(eve)
	s.denied(ada)
	id := hers.notice("denied")
	wantNotMe(t, others.post("/notices/answer", "id", id, "answer", "not_me"))
	for _, answer := range []string{"", "nobody"} {
		wantStatus(t, hers.post("/notices/answer", "id", id, "answer", answer), http.StatusNotFound)
	}
	wantStatus(t, hers.post("/notices/answer", "id", "x", "answer", "me"), http.StatusNotFound)
	wantRedirect(t, others.post("/notices/read", "up_to", "999999"), "/protected")
	if !s.rings(ada) {
		t.Error("somebody else has paused the phone")
	}
	if !slices.Contains(strings.Fields(hers.get("/protected").Body), "id=\"notices\"") {
		t.Error("the question is gone")
	}
}

// A sign-in whose phone is not asked goes on: its page is not called an end, its first
// way on is one that works, and the history says why nothing was sent.
func TestASignInWithoutARequestGoesOn(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	hers := s.browser()
	hers.signIn(ada)
	s.denied(ada)
	s.denied(ada)
	stranger := s.browser()
	stranger.passPassword(ada)
	got := stranger.get("/login/approval")
	wantBody(t, got, words("limit.paused"))
	shown := regexp.MustCompile(`(?s)class="outcome" data-state="cancelled-push_paused".*?</section>`).FindString(got.Body)
	if !strings.Contains(shown, `<a class="button primary" href="/verify-token">`) || strings.Contains(shown, "Send it again") {
		t.Errorf("the page offers %s", shown)
	}
	wantStatus(t, stranger.post("/login/resend"), http.StatusTooManyRequests)
	wantBody(t, hers.get("/account/history"), words("event.approval_cancelled.push_paused"))

	// What confirms a change takes a code then, and nothing is wrong with the one that
	// was not typed.
	s.clock.Advance(11 * time.Minute)
	refused := hers.post("/account/confirm/ask", "to", "/account/password")
	wantStatus(t, refused, http.StatusTooManyRequests)
	wantBody(t, refused, "Requests to this phone are paused", `class="notice warning"`, `id="change-code"`)
	wantNoBody(t, refused, `id="token-error"`, `id="error-summary"`, "<title>Please check")
}
