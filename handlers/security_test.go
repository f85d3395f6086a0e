package handlers_test

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nod/authy"
	"nod/providers"
)

func TestAnonymousVisitsLeaveNoSession(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	for range 3 {
		for _, r := range routes {
			method, path, _ := strings.Cut(r.route, " ")
			b.answer(method, path)
		}
	}
	if got := b.cookie("nod_session"); got != "" {
		t.Errorf("a stranger was given session %q", got)
	}
	for _, file := range []string{"nod.db", "sessions.db"} {
		if got := s.sessionsIn(file); got != 0 {
			t.Errorf("strangers left %d sessions in %s", got, file)
		}
	}
	s.signUp(s.browser(), "ada@example.com")
	for _, file := range []string{"nod.db", "sessions.db"} {
		if s.sessionsIn(file) == 0 {
			t.Errorf("a sign-up left no session in %s, so that counting there shows nothing", file)
		}
	}
}

// open opens a database of the site as another program does.
func (s *site) open(file string) *sql.DB {
	s.t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(s.dir, file)+"?mode=rw&_busy_timeout=180000")
	must(s.t, err)
	s.t.Cleanup(func() { db.Close() })
	return db
}

// sessionsIn counts the rows of a database of the site.
func (s *site) sessionsIn(file string) (n int) {
	s.t.Helper()
	must(s.t, s.open(file).QueryRowContext(s.t.Context(), "SELECT count(*) FROM sessions").Scan(&n))
	return n
}

// An error shows a sentence and a number, never what is behind it.
func TestErrorsTellNoSecrets(t *testing.T) {
	s := newSite(t, func(c *config) { c.Authy = leakyAuthy{c.Authy} })
	b := s.browser()
	got := b.post("/signup", "name", "Ada", "email", "ada@example.com", "password", goodPassword, "country_code", "1", "phone_number", "2015550199")
	wantStatus(t, got, http.StatusInternalServerError)
	if strings.Contains(got.Body, "secret-of-the-inside") {
		t.Error("the page shows the inner error")
	}
	if id := got.Header.Get("X-Request-Id"); id == "" || !strings.Contains(got.Body, id) {
		t.Errorf("the page does not show the request id %q", id)
	}
}

type leakyAuthy struct{ providers.AuthyAPI }

func (leakyAuthy) RegisterUser(context.Context, authy.Registration) (int64, error) {
	return 0, errors.New("secret-of-the-inside")
}

// 16 requests use one approval at the same moment: one gets in.
func TestOneApprovalOneWinner(t *testing.T) {
	const rounds, racers = 20, 16
	s := newSite(t)
	ada := s.account("ada@example.com")
	for range rounds {
		b := s.browser()
		events := b.waits(ada)
		ada.phone.approve(ada.phone.pending())
		events.want("approved")
		cookies := make(chan string, racers)
		b.atOnce(racers, "/confirm-login", url.Values{}, func(res *http.Response) {
			if res.Header.Get("Location") == "/protected" {
				cookies <- sessionCookie(t, page{Header: res.Header})
			}
		})
		close(cookies)
		if got := s.holders(cookies); got != 1 {
			t.Fatalf("%d holders got in by one approval, want 1", got)
		}
	}
}

// holders counts the session ids that open the protected page.
func (s *site) holders(cookies <-chan string) (open int) {
	for cookie := range cookies {
		holder := s.browser()
		holder.withSession(cookie)
		if holder.get("/protected").Status == http.StatusOK {
			open++
		}
	}
	return open
}

// A request that is under way while the session ends cannot bring it back.
func TestASlowRequestDoesNotReviveASession(t *testing.T) {
	slow := &gatedAuthy{entered: make(chan struct{}), release: make(chan struct{})}
	s := newSite(t, func(c *config) { slow.AuthyAPI, c.Authy = c.Authy, slow })
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada)
	other := s.browser()
	other.withSession(b.cookie("nod_session"))
	form := url.Values{"_csrf": {b.formToken()}, "email": {ada.Email}, "password": {goodPassword}}

	slow.gate.Store(true)
	done := make(chan page, 1)
	go func() { done <- b.postForm("/login", form) }() // holds the session while it rings
	<-slow.entered
	wantRedirect(t, other.get("/protected"), "/login", "start")
	close(slow.release)
	<-done
	wantRedirect(t, other.get("/protected"), "/login", "start")
}

func TestProviderOutageLetsNobodyIn(t *testing.T) {
	outage := &gatedAuthy{}
	s := newSite(t, func(c *config) { outage.AuthyAPI, c.Authy = c.Authy, outage })
	ada := s.account("ada@example.com")
	outage.down.Store(true)
	b := s.browser()
	b.passPassword(ada)
	wantBody(t, b.get("/login/approval"), `data-status="cancelled"`, `data-reason="unavailable"`)
	wantStatus(t, b.post("/confirm-login"), http.StatusConflict)
	wantRedirect(t, b.get("/protected"), "/login/approval")
	outage.down.Store(false)
	wantRedirect(t, b.post("/login/resend"), "/login/approval", "sent-again")
	events := b.events()
	events.want("pending")
	s.clock.Advance(time.Second)
	ada.phone.approve(ada.phone.pending())
	events.want("approved")
	wantRedirect(t, b.post("/confirm-login"), "/protected")
}

// gatedAuthy can be held at a gate or be down.
type gatedAuthy struct {
	providers.AuthyAPI
	gate, down       atomic.Bool
	entered, release chan struct{}
}

func (a *gatedAuthy) UserStatus(ctx context.Context, id int64) (authy.UserStatus, error) {
	if a.down.Load() {
		return authy.UserStatus{}, authy.ErrUnavailable
	}
	if a.gate.Load() {
		a.entered <- struct{}{}
		<-a.release
	}
	return a.AuthyAPI.UserStatus(ctx, id)
}

// 64 guesses at once: no more passwords are checked than five in a row would be.
func TestParallelPasswordGuessesAreCounted(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	var checked atomic.Int64
	form := url.Values{"email": {ada.Email}, "password": {"wrong password"}}
	b.atOnce(64, "/login", form, func(res *http.Response) {
		if res.StatusCode == http.StatusUnprocessableEntity {
			checked.Add(1)
		}
	})
	if got := checked.Load(); got != 5 {
		t.Errorf("%d passwords were checked, want 5", got)
	}
}

// What ends because the next step begins is no sign-out.
func TestTheActivityListTellsSignOutsFromSteps(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada)
	first := b.get("/protected").Body
	b.post("/logout")
	b.signIn(ada)
	if got := strings.Count(first, "Signed out"); got != 0 {
		t.Errorf("before any sign-out the list shows %d", got)
	}
	wantBody(t, b.get("/protected"), "Signed out")
}
