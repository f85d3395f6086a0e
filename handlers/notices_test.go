package handlers_test

import (
	"database/sql"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// done are the sentences about what has happened, by the name that a link may
// ask for.
var done = map[string]string{
	"signed-out":     words("notice.signed_out"),
	"account-closed": "Your account is closed.",
	"cancelled":      words("notice.cancelled"),
	"sent-again":     "A new request is on its way",
	"too-many-codes": "Too many wrong codes.",
}

// A link cannot tell somebody that their account is closed.
func TestALinkClaimsNothing(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	waiting, inside := s.browser(), s.browser()
	waiting.passPassword(ada)
	inside.signIn(s.account("bob@example.com"))
	for name, sentence := range done {
		for where, b := range map[string]*browser{"/": inside, "/protected": inside, "/login": s.browser(), "/login/approval": waiting} {
			if got := b.get(where + "?notice=" + name); strings.Contains(got.Body, sentence) {
				t.Errorf("%s?notice=%s says %q", where, name, sentence)
			}
		}
	}
	// Nor when something else has happened.
	inside.post("/logout")
	if got := inside.get("/"); strings.Contains(got.Body, done["account-closed"]) {
		t.Error("who has signed out is told that the account is closed")
	}
}

func TestWhatWasDoneIsSaidOnce(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	b.signIn(s.account("ada@example.com"))
	says := func(got page, sentence string) {
		t.Helper()
		wantBody(t, b.get(got.Location()), sentence)
		if again := b.get(got.Location()); strings.Contains(again.Body, sentence) {
			t.Errorf("%s says %q again", got.Location(), sentence)
		}
	}
	says(b.post("/logout"), done["signed-out"])
	b.passPassword(person{Email: "ada@example.com"})
	says(b.post("/login/resend"), done["sent-again"])
	says(b.post("/login/cancel"), done["cancelled"])
}

// Opening a page asks no phone; a button does.
func TestOpeningTheWaitingPageAsksNoPhone(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.passPassword(ada)
	before := len(ada.phone.requests())
	// As if the process had stopped after the password, before the request.
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(s.dir, "nod.db")+"?_busy_timeout=180000")
	must(t, err)
	_, err = db.ExecContext(t.Context(), `DELETE FROM approvals`)
	must(t, errors.Join(err, db.Close()))
	for _, method := range []string{http.MethodHead, http.MethodGet} {
		got := b.send(method, "/login/approval", nil)
		wantStatus(t, got, http.StatusOK)
		if now := len(ada.phone.requests()); now != before {
			t.Fatalf("%s made %d requests to the phone", method, now-before)
		}
	}
	wantBody(t, b.get("/login/approval"), words("ask.title"), `action="/login/resend"`)
	wantRedirect(t, b.post("/login/resend"), "/login/approval", "sent-again")
	if now := len(ada.phone.requests()); now != before+1 {
		t.Errorf("the button made %d requests, want 1", now-before)
	}
	wantBody(t, b.get("/login/approval"), `data-status="pending"`)
}

// Another tab that is opened meanwhile does not take the notice away.
func TestANoticeIsForItsPage(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	b.passPassword(s.account("ada@example.com"))
	wantRedirect(t, b.post("/login/resend"), "/login/approval", "sent-again")
	if got := b.get("/"); strings.Contains(got.Body, words("notice.sent_again")) {
		t.Error("the front page says that a request was sent")
	}
	wantBody(t, b.get("/login/approval"), words("notice.sent_again"))
}

// A request that has ended is not announced.
func TestWhatWasSaidOfARequestEndsWithIt(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	events := b.waits(ada)
	wantRedirect(t, b.post("/login/resend"), "/login/approval", "sent-again")
	events.want("pending")
	ada.phone.deny(ada.phone.pending())
	events.want("denied")
	got := b.get("/login/approval")
	wantBody(t, got, `data-now="denied"`)
	if strings.Contains(got.Body, words("notice.sent_again")) {
		t.Error("a new request is on its way, above the end of it")
	}
}
