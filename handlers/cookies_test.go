package handlers_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
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
	if len(cookies) != 1 || cookies[0].Name != "nod_session" {
		t.Fatalf("got the cookies %v, want nod_session", cookies)
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
