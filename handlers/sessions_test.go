package handlers_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/fasthttp/websocket"
)

var sessionField = regexp.MustCompile(`name="session" value="([^"]+)"`)

// Whoever is signed in in two browsers ends one of them from the other, and its
// open page hears of it at once.
func TestASessionIsEndedFromAnotherBrowser(t *testing.T) {
	s := newSite(t)
	ada, bob := s.account("ada@example.com"), s.account("bob@example.com")
	here, there, third := s.browser(), s.browser(), s.browser()
	there.signIn(ada)
	third.signIn(bob)
	here.signIn(ada)
	events := there.transferEvents()
	_, _, err := events.ReadMessage()
	must(t, err)
	page := here.get("/protected")
	wantBody(t, page, "this browser", "Sign out all other browsers", "127.0.0.1")
	found := sessionField.FindAllStringSubmatch(page.Body, -1)
	if len(found) != 1 {
		t.Fatalf("%d sessions can be ended, want 1", len(found))
	}
	wantRedirect(t, third.post("/account/sessions/end", "session", found[0][1]), "/protected", "session-ended")
	wantStatus(t, there.get("/protected"), http.StatusOK) // it is none of Bob's business

	wantRedirect(t, here.post("/account/sessions/end", "session", found[0][1]), "/protected", "session-ended")
	wantBody(t, here.get("/protected"), words("notice.session_ended"), "Signed out from another browser")
	for err == nil {
		_, _, err = events.ReadMessage()
	}
	if !websocket.IsCloseError(err, 1000) {
		t.Errorf("the socket there: %v", err)
	}
	wantRedirect(t, there.get("/protected"), "/login", "start")
	wantStatus(t, here.get("/protected"), http.StatusOK)
}

func TestAllOtherSessionsAreEnded(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	here, there, half := s.browser(), s.browser(), s.browser()
	there.signIn(ada)
	here.signIn(ada)
	waiting := half.waits(ada)
	wantRedirect(t, here.post("/account/sessions/end-others"), "/protected", "sessions-ended")
	if got := waiting.want("signed_out"); got.Reason != "ended_by_owner" {
		t.Errorf("the waiting browser was told %+v", got)
	}
	wantRedirect(t, there.get("/protected"), "/login", "start")
	wantRedirect(t, half.get("/login/approval"), "/login", "ended")
	wantStatus(t, here.get("/protected"), http.StatusOK)
}

// What a form has sent is not lost on the way round by the phone.
func TestEndingASessionGoesOnAfterATap(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	there := s.browser()
	there.signIn(ada)
	here := s.stale(ada)
	id := sessionField.FindStringSubmatch(here.get("/protected").Body)[1]
	to := "/account/confirm?session=" + id + "&to=%2Faccount%2Fsessions%2Fend"
	wantRedirect(t, here.post("/account/sessions/end", "session", id), to)
	wantBody(t, here.get(to), "Sign out another browser", `name="session" value="`+id+`"`)
	form := []string{"to", "/account/sessions/end", "session", id}
	wantRedirect(t, here.post("/account/confirm/ask", form...), to)
	told := here.changeEvents()
	ada.phone.approve(ada.phone.pending())
	told.want("approved")
	wantRedirect(t, here.post("/account/confirm", form...), to)
	wantBody(t, here.get(to), `action="/account/sessions/end"`, `name="session" value="`+id+`"`)
	wantRedirect(t, here.post("/account/sessions/end", "session", id), "/protected", "session-ended")
	wantRedirect(t, there.get("/protected"), "/login", "start")
}

func TestAPasswordIsChanged(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	here, there, half := s.browser(), s.browser(), s.browser()
	there.signIn(ada)
	here.signIn(ada)
	half.passPassword(ada)
	const better = "seven purple lanterns drift"
	change := func(current, password, everywhere string) page {
		return here.post("/account/password", "current", current, "password", password, "everywhere", everywhere)
	}
	for _, wrong := range []struct{ current, password, says string }{
		{"not the password", better, words("problem.password.wrong")},
		{"", better, words("problem.current.missing")},
		{goodPassword, "short", words("problem.password.too_short")},
		{goodPassword, goodPassword, words("problem.password.same")},
	} {
		got := change(wrong.current, wrong.password, "1")
		wantStatus(t, got, http.StatusUnprocessableEntity)
		wantBody(t, got, "<title>Please check: ", `-error">`+wrong.says)
	}
	before := here.cookie("nod_session")
	wantRedirect(t, change(goodPassword, better, ""), "/protected", "password-changed")
	if here.cookie("nod_session") == before {
		t.Error("the cookie is the one from before the change")
	}
	wantBody(t, here.get("/protected"), words("notice.password_changed"), "Password changed")
	wantStatus(t, there.get("/protected"), http.StatusOK) // it may stay
	here.wantKnown(2)
	wantRedirect(t, half.get("/login/approval"), "/login", "ended") // it began with the old password
	wantRedirect(t, change(better, goodPassword+"!", "1"), "/protected", "password-changed")
	wantRedirect(t, there.get("/protected"), "/login", "start")
	here.wantKnown(1) // whoever had the password there is a stranger

	other := s.browser()
	wantStatus(t, other.post("/login", "email", ada.Email, "password", goodPassword), http.StatusUnprocessableEntity)
	wantRedirect(t, other.post("/login", "email", ada.Email, "password", goodPassword+"!"), "/login/approval")
}

func TestAPasswordIsNotChangedLate(t *testing.T) {
	s := newSite(t)
	b := s.stale(s.account("ada@example.com"))
	got := b.post("/account/password", "current", goodPassword, "password", "seven purple lanterns drift")
	wantRedirect(t, got, "/account/confirm?to=%2Faccount%2Fpassword")
	page := b.get("/protected")
	wantBody(t, page, words("change.first"))
	wantNoBody(t, page, `name="current"`)
}

// The history has everything, a page at a time.
func TestTheHistoryIsPaged(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada)
	const transfers = 18
	events := b.transferEvents()
	for range transfers {
		wantRedirect(t, b.post("/transfers", "payee", "Grace", "amount", "5", "currency", "EUR"), "/protected#transfers")
		ada.phone.approve(ada.phone.pending())
		id := nextLedger(t, events, "approved")
		wantRedirect(t, b.post("/transfers/"+id+"/execute", "payee", "Grace", "amount", "5.00", "currency", "EUR"), "/protected#transfers")
	}
	wantRedirect(t, b.post("/transfers", "payee", "Grace", "amount", "5", "currency", "EUR"), "/protected#transfers")
	ada.phone.deny(ada.phone.pending())
	nextLedger(t, events, "denied")
	wantBody(t, b.get("/account/history"), words("event.approval_denied")+` <span class="chip no">`+words("history.refused"), "127.0.0.1")
	seen := 0
	for path := "/account/history"; path != ""; {
		got := b.get(path)
		wantStatus(t, got, http.StatusOK)
		seen += strings.Count(got.Body, "Transfer sent")
		path = ""
		if found := regexp.MustCompile(`href="(/account/history\?before=\d+)"`).FindStringSubmatch(got.Body); found != nil {
			path = found[1]
		}
	}
	if seen != transfers {
		t.Errorf("got %d transfers, want %d", seen, transfers)
	}
	other := s.browser()
	other.signIn(s.account("bob@example.com"))
	wantNoBody(t, other.get("/account/history"), words("event.approval_denied"))
}
