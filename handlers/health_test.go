package handlers_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nod/handlers"
	"nod/store"
)

// impatient is a site that waits for locked session files next to no time.
func impatient(t *testing.T) *site {
	t.Helper()
	dir := t.TempDir()
	return newSiteIn(t, dir, newClock(), func(c *config) {
		sessions, err := handlers.OpenSessions(filepath.Join(dir, "sessions.db"), time.Millisecond)
		must(t, err)
		t.Cleanup(func() { must(t, sessions.Close()) })
		c.SessionStorage = sessions
	})
}

// lock takes the right to write a file, as a backup or a shell may.
func (s *site) lock(file string) (release func()) {
	s.t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(s.dir, file)+"?_busy_timeout=60000")
	must(s.t, err)
	db.SetMaxOpenConns(1)
	_, err = db.Exec(`BEGIN IMMEDIATE`)
	must(s.t, err)
	return func() { must(s.t, db.Close()) }
}

// readiness is what /readyz says of the files, a second after it was asked last.
func (s *site) readiness(status int) map[string]any {
	s.t.Helper()
	s.clock.Advance(time.Second)
	got := s.browser().get("/readyz")
	wantStatus(s.t, got, status)
	var body map[string]any
	must(s.t, json.Unmarshal([]byte(got.Body), &body))
	return body
}

func (s *site) wantFiles(status int, database, sessions string) {
	s.t.Helper()
	if got := s.readiness(status); got["database"] != database || got["sessions"] != sessions {
		s.t.Errorf("/readyz says %v, want database %q and sessions %q", got, database, sessions)
	}
}

const cannot = "cannot be written"

// A locked session file is no health, and /readyz says which file it is. What
// would end in a new cookie is refused before anything is used up for it.
func TestALockedSessionFileLosesNothing(t *testing.T) {
	s := impatient(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.passPassword(ada)
	ada.phone.approve(ada.phone.pending())
	other := s.browser()
	other.get("/login")
	s.wantFiles(http.StatusOK, "ok", "ok")

	release := s.lock("sessions.db")
	s.wantFiles(http.StatusServiceUnavailable, "ok", cannot)
	for _, got := range []page{
		b.post("/confirm-login"),
		other.post("/login", "email", ada.Email, "password", goodPassword),
		other.post("/signup", "name", "Bob", "email", "bob@example.com", "password", goodPassword, "country_code", "1", "phone_number", "2015550199"),
	} {
		wantStatus(t, got, http.StatusServiceUnavailable)
		wantBody(t, got, "Nothing was changed.")
		if got.Header.Get("Retry-After") == "" {
			t.Error("the answer has no Retry-After")
		}
	}
	if _, err := s.store.Authenticate(t.Context(), "bob@example.com", goodPassword); !errors.Is(err, store.ErrInvalidCredentials) {
		t.Errorf("Bob has an account: %v", err)
	}
	release()
	s.wantFiles(http.StatusOK, "ok", "ok")
	wantRedirect(t, b.post("/confirm-login"), "/protected")
	wantStatus(t, b.get("/protected"), http.StatusOK)
}

// Signing out does not rest on the session file: the session has ended, also
// where its id stays.
func TestSigningOutWithALockedSessionFile(t *testing.T) {
	s := impatient(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada)
	release := s.lock("sessions.db")
	wantRedirect(t, b.post("/logout"), "/", "signed-out")
	wantRedirect(t, b.get("/protected"), "/login", "start")
	release()
	wantRedirect(t, b.get("/protected"), "/login", "start")
	b.signIn(ada)
}

// A file that was taken away is no health either.
func TestARemovedSessionFileIsNoHealth(t *testing.T) {
	s := impatient(t)
	path := filepath.Join(s.dir, "sessions.db")
	must(t, os.Rename(path, path+".moved"))
	s.wantFiles(http.StatusServiceUnavailable, "ok", cannot)
	must(t, os.Rename(path+".moved", path))
	s.wantFiles(http.StatusOK, "ok", "ok")
}

// The simulator keeps the phones, so its file counts where there is one.
func TestThePhonesFileIsPartOfHealth(t *testing.T) {
	var s *site
	s = newSite(t, func(c *config) { c.PhonesReady = func(ctx context.Context) error { return s.sim.Ready(ctx) } })
	if got := s.readiness(http.StatusOK); got["phones"] != "ok" {
		t.Errorf("/readyz says %v, want phones ok", got)
	}
	path := filepath.Join(s.dir, "simulator.db")
	must(t, os.Rename(path, path+".moved"))
	if got := s.readiness(http.StatusServiceUnavailable); got["phones"] != cannot || got["database"] != "ok" {
		t.Errorf("/readyz says %v, want phones %q", got, cannot)
	}
	must(t, os.Rename(path+".moved", path))
}

// Whoever asks, and however many do: the files are written once a second.
func TestReadinessIsAskedForOnceASecond(t *testing.T) {
	var asked atomic.Int64
	var broken atomic.Bool
	s := newSite(t, func(c *config) {
		c.PhonesReady = func(context.Context) error {
			asked.Add(1)
			if broken.Load() {
				return errors.New("the disk is gone")
			}
			return nil
		}
	})
	crowd := func(want int) {
		t.Helper()
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if got := s.browser().get("/readyz").Status; got != want {
					t.Errorf("/readyz: got %d, want %d", got, want)
				}
			})
		}
		all.Wait()
	}
	for _, step := range []struct {
		name   string
		pass   time.Duration
		broken bool
		want   int
		asked  int64 // so far
	}{
		{"at first", 0, false, http.StatusOK, 1},
		{"within the second, although it broke", 999 * time.Millisecond, true, http.StatusOK, 1},
		{"a second later", time.Millisecond, true, http.StatusServiceUnavailable, 2},
		{"mended, within the second", 0, false, http.StatusServiceUnavailable, 2},
		{"and after it", time.Second, false, http.StatusOK, 3},
	} {
		broken.Store(step.broken)
		s.clock.Advance(step.pass)
		crowd(step.want)
		if got := asked.Load(); got != step.asked {
			t.Errorf("%s: the file was written %d times, want %d", step.name, got, step.asked)
		}
	}
}
