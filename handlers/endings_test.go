package handlers_test

import (
	"strings"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
)

// However a session ends, its open sockets close, and tell nothing that comes after.
func TestTheSocketsOfAnEndedSessionClose(t *testing.T) {
	const better = "seven purple lanterns drift"
	for name, end := range map[string]func(s *site, here, there *browser){
		"signed out":            func(s *site, here, there *browser) { there.post("/logout") },
		"another sign-in began": func(s *site, here, there *browser) { there.passPassword(person{Email: "ada@example.com"}) },
		"ended elsewhere":       func(s *site, here, there *browser) { here.post("/account/sessions/end-others") },
		"the password was changed": func(s *site, here, there *browser) {
			here.post("/account/password", "current", goodPassword, "password", better, "everywhere", "1")
		},
		"the account was closed":    func(s *site, here, there *browser) { here.post("/account/close", "password", goodPassword) },
		"it goes on under a new id": func(s *site, here, there *browser) { there.addApp() },
		"unused for too long":       func(s *site, here, there *browser) { s.later(time.Hour) },
		"too old, though it is used": func(s *site, here, there *browser) {
			for range 24 {
				s.clock.Advance(time.Hour - time.Minute)
				there.get("/protected")
			}
			s.later(time.Hour)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			ada := s.account("ada@example.com")
			here, there := s.browser(), s.browser()
			there.signIn(ada)
			here.signIn(ada)
			events := there.transferEvents()
			must(t, events.SetReadDeadline(time.Now().Add(hung)))
			_, _, err := events.ReadMessage()
			must(t, err)
			cookie := there.cookie("nod_session")
			end(s, here, there)
			for err == nil {
				_, _, err = events.ReadMessage()
			}
			if !websocket.IsCloseError(err, websocket.CloseNormalClosure, websocket.CloseServiceRestart) {
				t.Errorf("the socket: %v", err)
			}
			thief := s.browser()
			thief.withSession(cookie)
			wantRedirect(t, thief.get("/protected"), "/login", "start")
			if got := thief.answer("GET", "/transfers/events"); got != "401" {
				t.Errorf("a new socket of it: %s", got)
			}
		})
	}
}

// later is the first sweep after some time.
func (s *site) later(d time.Duration) {
	s.t.Helper()
	s.clock.Advance(d)
	must(s.t, s.flow.Sweep(s.t.Context()))
}

// Every step of a sign-in and every change of what signs in has a cookie of its own,
// and none from before is worth anything.
func TestEveryStepHasACookieOfItsOwn(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	var seen []string
	step := func(name string) {
		t.Helper()
		cookie := b.cookie("nod_session")
		for n, old := range seen {
			if old == cookie {
				t.Errorf("%s: the cookie is that of step %d", name, n)
			}
			thief := s.browser()
			thief.withSession(old)
			wantRedirect(t, thief.get("/protected"), "/login", "start")
		}
		seen = append(seen, cookie)
	}
	b.withSession("a-session-that-somebody-chose") // of a visitor who is nobody yet
	step("a visit")
	b.passPassword(ada)
	step("the password")
	wantRedirect(t, b.post("/verify-token", "token", ada.phone.token()), "/protected")
	step("the code")
	b.addApp()
	step("an app was added")
	wantRedirect(t, b.post("/account/recovery-codes"), "/account/recovery-codes")
	step("recovery codes were made")
	wantRedirect(t, b.post("/account/password", "current", goodPassword, "password", "seven purple lanterns drift"), "/protected", "password-changed")
	step("the password was changed")
	wantStatus(t, b.get("/protected"), 200)
	wantRedirect(t, b.post("/logout"), "/", "signed-out")
	step("the sign-out")
}

// What was denied leaves nothing to finish and nothing to sign out of; one that
// waits can still be finished.
func TestADeniedSignInOffersOnlyANewOne(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	denied, waiting := s.denied(ada), s.browser()
	for _, path := range []string{"/", "/login", "/signup", "/forgot"} {
		got := denied.get(path)
		if strings.Contains(got.Body, words("home.go_on")) || strings.Contains(got.Body, words("action.sign_out")) {
			t.Errorf("%s speaks of a sign-in that is over", path)
		}
	}
	waiting.passPassword(ada)
	wantBody(t, waiting.get("/"), words("home.go_on"), words("action.sign_out"))
}
