package handlers_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"nod/store"
)

func TestTheSessionCookieIsForThisSiteAlone(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	got := s.browser().post("/login", "email", ada.Email, "password", goodPassword)
	cookies := (&http.Response{Header: got.Header}).Cookies()
	_, port, _ := strings.Cut(strings.TrimPrefix(s.url, "http://"), ":")
	if name := "nod_session_" + port; len(cookies) != 1 || cookies[0].Name != name {
		t.Fatalf("got the cookies %v, want %s", cookies, name)
	}
	if c := cookies[0]; !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
		t.Errorf("got the cookie %v, want HttpOnly, SameSite=Lax, Path=/ and no domain", c)
	}
}

// Reading the file of the sessions signs nobody in.
func TestTheSessionFileHoldsNoSessionID(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada)
	files, err := filepath.Glob(filepath.Join(s.dir, "sessions.db*"))
	must(t, err)
	var held strings.Builder
	for _, file := range files {
		content, err := os.ReadFile(file)
		must(t, err)
		held.Write(content)
	}
	id := b.cookie("nod_session")
	if strings.Contains(held.String(), id) {
		t.Error("the file holds the session id of the cookie")
	}
	if sum := sha256.Sum256([]byte(id)); !strings.Contains(held.String(), hex.EncodeToString(sum[:])) {
		t.Error("the file does not hold the hash of the session id")
	}
}

// fullStorage keeps nothing new while it is full.
type fullStorage struct {
	fiber.Storage
	full *atomic.Bool
}

func (s fullStorage) Set(key string, value []byte, life time.Duration) error {
	if s.full.Load() {
		return errors.New("the disk is full")
	}
	return s.Storage.Set(key, value, life)
}

// A session whose id could not be given to the browser must not live on.
func TestASessionThatNobodyHoldsIsEnded(t *testing.T) {
	var full atomic.Bool
	s := newSite(t, func(c *config) { c.SessionStorage = fullStorage{c.SessionStorage, &full} })
	ada := s.account("ada@example.com")
	full.Store(true)
	b := s.browser()
	wantStatus(t, b.post("/login", "email", ada.Email, "password", goodPassword), http.StatusInternalServerError)
	full.Store(false)
	events, err := s.store.Events(t.Context(), 1, 1)
	must(t, err)
	if len(events) != 1 || events[0].Kind != store.EventSessionEnded || events[0].Detail != string(store.ReasonNotKept) {
		t.Errorf("got the newest event %+v, want that the session was ended", events)
	}
	b.signIn(ada)
}

// Browsers keep one set of cookies for all ports of a host.
func TestTwoSitesOnOneHostDoNotSignEachOtherOut(t *testing.T) {
	one, other := newSite(t), newSite(t)
	ada, bob := one.account("ada@example.com"), other.account("bob@example.com")
	b := one.browser()
	b.signIn(ada)
	there := &browser{t, other, b.http}
	there.signIn(bob)
	wantBody(t, b.get("/protected"), ada.Email)
	wantBody(t, there.get("/protected"), bob.Email)
	there.post("/logout")
	wantBody(t, b.get("/protected"), ada.Email)
}

// An upgrade in the middle of everything: the cookies have their old names.
func TestCookiesUnderTheirOldNamesAreRead(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.passPassword(ada)
	token := b.formToken()
	old := s.browser()
	u, err := url.Parse(s.url)
	must(t, err)
	old.http.Jar.SetCookies(u, []*http.Cookie{
		{Name: "nod_session", Value: b.cookie("nod_session"), Path: "/"},
		{Name: "nod_csrf", Value: b.cookie("nod_csrf"), Path: "/"},
	})
	events := old.events()
	events.want("pending")
	ada.phone.approve(ada.phone.pending())
	events.want("approved")
	wantRedirect(t, old.postForm("/confirm-login", url.Values{"_csrf": {token}}), "/protected")
	wantStatus(t, old.get("/protected"), http.StatusOK)
	// The cookie of that time is dead, as every cookie from before the tap.
	thief := s.browser()
	thief.withSession(b.cookie("nod_session"))
	wantRedirect(t, thief.get("/protected"), "/login", "start")
	wantRedirect(t, old.post("/logout"), "/", "signed-out")
	wantRedirect(t, old.get("/protected"), "/login", "start")
}

// The last step is done, and its cookie cannot be kept: the browser sends its
// form again and is in. The approval is not lost.
func TestTheLastStepIsRepeatedWhenItsCookieWasNotKept(t *testing.T) {
	var full atomic.Bool
	s := newSite(t, func(c *config) { c.SessionStorage = fullStorage{c.SessionStorage, &full} })
	ada := s.account("ada@example.com")
	b := s.browser()
	b.passPassword(ada)
	ada.phone.approve(ada.phone.pending())
	form := url.Values{"_csrf": {b.formToken()}}
	for range 2 { // the second is a repeat that fails too
		full.Store(true)
		if got := b.postForm("/confirm-login", form); got.Status < 500 {
			t.Errorf("got status %d where nothing can be kept", got.Status)
		}
	}
	full.Store(false)
	wantRedirect(t, b.postForm("/confirm-login", form), "/protected")
	wantBody(t, b.get("/protected"), "ada@example.com")
}

// The cookies of a Nod on the default port of this host are left to it: a form
// of ours does not rest on them.
func TestOldCookiesOfAnotherNodAreLeftAlone(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	u, err := url.Parse(s.url)
	must(t, err)
	b.http.Jar.SetCookies(u, []*http.Cookie{
		{Name: "nod_session", Value: "a-session-of-another-site", Path: "/"},
		{Name: "nod_csrf", Value: "a-secret-of-another-site-long", Path: "/"},
	})
	b.get("/login")
	if b.cookie("nod_csrf") == "" {
		t.Error("the form rests on a cookie of another site")
	}
}
