package handlers_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"nod/handlers"
	"nod/store"
)

// failing is an application whose only address, /, fails by err.
func (s *site) failing(err error) *fiber.App {
	app := fiber.New(fiber.Config{ErrorHandler: s.handlers.ErrorHandler, Views: s.handlers.Pages})
	app.All("/", handlers.Changing, func(*fiber.Ctx) error { return err })
	return app
}

// What keeps the storage from working is told as such: too many people, a
// writer that holds on for too long, and a broken disk are three things.
func TestFailuresSayWhatIsWrong(t *testing.T) {
	s := newSite(t)
	busy, storage, slow, inside := "The server is busy", words("error.storage.title"), words("error.slow.title"), "Something went wrong on our side"
	for _, test := range []struct {
		err     error
		status  int
		heading string
	}{
		{store.ErrBusy, 503, busy},
		{fmt.Errorf("x: %w", store.ErrLocked), 503, busy},
		{fmt.Errorf("%w: disk full", store.ErrUnavailable), 503, storage},
		{context.DeadlineExceeded, 503, slow},
		{errors.New("a bug"), 500, inside},
	} {
		res, err := s.failing(test.err).Test(httptest.NewRequest(http.MethodGet, "/", nil), -1)
		must(t, err)
		got := readPage(t, res)
		wantStatus(t, got, test.status)
		wantBody(t, got, test.heading)
		wantNoBody(t, got, "Nothing was changed", words("error.unknown"))
		if retry := got.Header.Get("Retry-After"); (retry != "") != (test.status == 503) {
			t.Errorf("%v: got Retry-After %q", test.err, retry)
		}
	}
}

// Of a form that failed in its handler it is not known what was done.
func TestAFailedFormDoesNotClaimThatNothingWasChanged(t *testing.T) {
	s := newSite(t)
	for _, failure := range []error{errors.New("a bug"), store.ErrLocked, store.ErrUnavailable, context.DeadlineExceeded} {
		res, err := s.failing(failure).Test(httptest.NewRequest(http.MethodPost, "/", nil), -1)
		must(t, err)
		got := readPage(t, res)
		wantBody(t, got, words("error.unknown"))
		wantNoBody(t, got, "Nothing was changed")
	}
}

// away takes the database away once a session is kept, for as long as it is set.
type away struct {
	*handlers.SessionFile
	path  string
	taken bool
}

func (a *away) Set(key string, value []byte, life time.Duration) error {
	err := a.SessionFile.Set(key, value, life)
	if a.taken {
		err = errors.Join(err, os.Rename(a.path, a.path+".away"))
	}
	return err
}

// A form that failed halfway, with a new cookie on its way, can be sent again as it is.
func TestAFormThatFailedCanBeSentAgain(t *testing.T) {
	var files *away
	s := newSite(t, func(c *config) {
		files = &away{SessionFile: c.SessionStorage.(*handlers.SessionFile)}
		c.SessionStorage = files
	})
	ada := s.account("ada@example.com")
	b := s.browser()
	form := url.Values{"_csrf": {b.formToken()}, "email": {ada.Email}, "password": {goodPassword}}
	files.path, files.taken = filepath.Join(s.dir, "nod.db"), true
	wantStatus(t, b.postForm("/login", form), http.StatusServiceUnavailable)
	files.taken = false
	must(t, os.Rename(files.path+".away", files.path))
	wantRedirect(t, b.postForm("/login", form), "/login/approval")
}

// Errors of the session file are those of the storage, not bugs.
func TestALockedSessionFileIsBusy(t *testing.T) {
	s := newSite(t)
	sessions, err := handlers.OpenSessions(filepath.Join(s.dir, "sessions.db"), time.Millisecond)
	must(t, err)
	release := s.lock("sessions.db")
	for what, err := range map[string]error{
		"set":    sessions.Set("a", []byte("b"), time.Hour),
		"delete": sessions.Delete("a"),
		"ready":  sessions.Ready(t.Context()),
	} {
		if !errors.Is(err, store.ErrLocked) {
			t.Errorf("%s: got %v, want %v", what, err, store.ErrLocked)
		}
	}
	release()
	must(t, sessions.Close())
}

// What has expired is deleted in parts too.
func TestExpiredSessionsAreDeleted(t *testing.T) {
	s := newSite(t)
	sessions, err := handlers.OpenSessions(filepath.Join(s.dir, "sessions.db"), hung)
	must(t, err)
	const expired = `
		WITH RECURSIVE many (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < 1000)
		INSERT INTO sessions (k, v, e) SELECT 'old' || n, 'x', n FROM many`
	_, err = sessions.Conn().ExecContext(t.Context(), expired)
	must(t, err)
	must(t, sessions.Set("new", []byte("x"), time.Hour))
	must(t, sessions.Prune(t.Context(), time.Now()))
	if got := s.sessionsIn("sessions.db"); got != 1 {
		t.Errorf("%d sessions are left, want 1", got)
	}
	must(t, sessions.Close())
}
