package handlers_test

import (
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"nod/authy"
	"nod/store"
)

// lines are the lines of the audit trail about a person, oldest first, as "kind
// outcome detail".
func (s *site) lines(p person) (all []string) {
	s.t.Helper()
	for _, e := range slices.Backward(s.eventsOf(p)) {
		all = append(all, strings.TrimSpace(fmt.Sprintf("%s %s %s", e.Kind, e.Kind.Outcome(), e.Detail)))
	}
	return all
}

func (s *site) eventsOf(p person) []store.Event {
	s.t.Helper()
	var id int64
	must(s.t, s.open("nod.db").QueryRowContext(s.t.Context(), `SELECT id FROM users WHERE email = ?`, p.Email).Scan(&id))
	events, err := s.store.Events(s.t.Context(), id, 1000)
	must(s.t, err)
	return events
}

// What was refused about a known person is a line, as what was done is, and says
// where it came from and in which session.
func TestWhatIsRefusedIsInTheAuditTrail(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	owner, thief := s.browser(), s.browser()
	owner.signIn(ada)
	before := len(s.lines(ada))
	wantStatus(t, thief.post("/login", "email", ada.Email, "password", "a guess at it"), http.StatusUnprocessableEntity)
	events := thief.waits(ada)
	wantStatus(t, thief.post("/verify-token", "token", wrong(ada.phone.token())), http.StatusUnprocessableEntity)
	ada.phone.deny(ada.phone.pending())
	events.want("denied")
	lines := s.lines(ada)[before:]
	for _, want := range []string{
		"password_refused refused", "session_started done", "approval_begun done login", "code_refused refused wrong",
		"approval_denied refused callback",
	} {
		if !slices.Contains(lines, want) {
			t.Errorf("there is no line %q in %q", want, lines)
		}
	}
	half := s.newestSession(ada).ID
	for _, e := range s.eventsOf(ada) {
		if e.Kind == store.EventCodeRefused && (e.IP != "127.0.0.1" || e.Network != "127.0.0.0/24" || e.Actor != half || e.SessionID != half) {
			t.Errorf("got %+v", e)
		}
		if e.Kind == store.EventApprovalDenied && (e.IP != "" || e.Actor != "") {
			t.Errorf("the phone has denied, and not a browser: got %+v", e)
		}
	}
}

// A session that is ended from another one says by which.
func TestALineSaysWhichSessionActed(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	first, second := s.browser(), s.browser()
	first.signIn(ada)
	mine := s.eventsOf(ada)[0].SessionID
	second.passPassword(ada)
	wantRedirect(t, first.post("/account/close", "password", goodPassword), "/", "account-closed")
	ended := 0
	for _, e := range s.closedEvents() {
		if e.Kind == store.EventSessionEnded && e.Detail == "account_closed" && e.Actor == mine && e.IP == "" {
			ended++
		}
	}
	if ended != 2 {
		t.Errorf("%d sessions were ended by that of the owner, want 2", ended)
	}
}

func (s *site) closedEvents() []store.Event {
	s.t.Helper()
	var id int64
	must(s.t, s.open("nod.db").QueryRowContext(s.t.Context(), `SELECT id FROM users WHERE closed_at IS NOT NULL`).Scan(&id))
	events, err := s.store.Events(s.t.Context(), id, 1000)
	must(s.t, err)
	return events
}

// refusals are what was refused to nobody known, as "kind detail times".
func (s *site) refusals() (all []string) {
	s.t.Helper()
	s.clock.Advance(time.Minute)
	must(s.t, s.store.SignTrail(s.t.Context()))
	rows, err := s.open("nod.db").QueryContext(s.t.Context(), `SELECT kind || ' ' || detail || ' ' || times FROM events WHERE user_id = 0 AND ip = '127.0.0.1' ORDER BY kind, detail`)
	must(s.t, err)
	defer rows.Close()
	for rows.Next() {
		var line string
		must(s.t, rows.Scan(&line))
		all = append(all, line)
	}
	must(s.t, rows.Err())
	return all
}

// What is refused before anybody is known is counted, by its kind and source.
func TestWhatIsRefusedToStrangersIsCounted(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	for range 3 {
		wantStatus(t, b.post("/login", "email", "nobody@example.com", "password", goodPassword), http.StatusUnprocessableEntity)
	}
	for range 2 {
		wantStatus(t, b.postForm("/login", url.Values{"_csrf": {"made up"}}), http.StatusForbidden)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/logout", nil)
	must(t, err)
	req.Header.Set("Origin", "https://evil.example")
	wantStatus(t, b.do(req), http.StatusForbidden)
	if got := s.deliver("another key", answerBody(1, "uuid", "approved", nil), nil); got != http.StatusUnauthorized {
		t.Errorf("a forged callback got %d", got)
	}
	wantStatus(t, s.request("BREW", "/"), http.StatusNotImplemented)
	wantStatus(t, s.request("GET", "/nowhere"), http.StatusNotFound)
	want := []string{"callback_forged  1", "email_unknown  3", "foreign_form  1", "malformed 501 1", "stale_form  2"}
	if got := s.refusals(); !slices.Equal(got, want) {
		t.Errorf("got  %q,\nwant %q", got, want)
	}
}

// Nothing that somebody sends makes a line of the log look like another, or does
// anything to the screen that shows it.
func TestNoInputForgesALineOfTheLog(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	const forged = "level=INFO msg=audit kind=signed_in user=1"
	for _, evil := range []string{
		"x\n" + forged, "x\r\n" + forged, "x\u2028" + forged, "\x1b[2J\x1b[31m" + forged, "\x9b2J" + forged, "x\u202e" + forged, `x" ` + forged,
	} {
		for _, form := range []url.Values{
			{"email": {evil}, "password": {evil}},
			{"email": {ada.Email}, "password": {evil}},
			{"name": {evil}, "email": {evil + "@example.com"}, "password": {evil}, "country_code": {evil}, "phone_number": {evil}},
		} {
			form.Set("_csrf", b.formToken())
			for _, path := range []string{"/login", "/signup", "/login?x=" + url.QueryEscape(evil), "/" + url.PathEscape(evil)} {
				b.postForm(path, form)
			}
		}
		s.deliver(testKey, answerBody(1, evil, evil, map[string]string{"approval_id": evil}), nil)
		for _, header := range []string{"User-Agent", "X-Forwarded-For", "Origin", "Host", "Cookie", "Accept"} {
			s.rawAnswer("GET / HTTP/1.1\r\nHost: " + strings.TrimPrefix(s.url, "http://") + "\r\n" + header + ": " + evil + "\r\nConnection: close\r\n\r\n")
		}
	}
	s.refusals()
	begins := regexp.MustCompile(`^time=\S+ level=[A-Z]+ msg=`)
	for line := range strings.Lines(s.log.String()) {
		line = strings.TrimSuffix(line, "\n")
		if !begins.MatchString(line) || strings.ContainsFunc(line, store.Unseen) || strings.HasPrefix(line[len("time=2026-11-26T00:00:00.000Z"):], forged) {
			t.Errorf("a line of the log reads %q", line)
		}
	}
	if strings.Contains(s.log.String(), "kind=signed_in outcome=done user=1") {
		t.Error("nobody has signed in, and the log says so")
	}
}

// secrets are what nobody may find where it does not belong.
type secrets map[string]string

func (s secrets) note(what, value string) {
	if len(value) < 6 {
		panic(what + " is too short to be looked for")
	}
	s[what] = value
}

// find looks for each of them, also as they are usually encoded.
func (s secrets) find(t *testing.T, where, text string) {
	t.Helper()
	for what, secret := range s {
		for how, form := range map[string]string{
			"as it is": secret, "in base64": base64.StdEncoding.EncodeToString([]byte(secret)),
			"in base64 of a URL": base64.RawURLEncoding.EncodeToString([]byte(secret)),
			"in hex":             hex.EncodeToString([]byte(secret)), "encoded for a URL": url.QueryEscape(secret),
		} {
			if strings.Contains(text, form) {
				t.Errorf("%s holds %s %s", where, what, how)
			}
		}
	}
}

// cookies notes those that the browser has now.
func (s secrets) cookies(b *browser) {
	for pair := range strings.SplitSeq(b.cookieHeader(), "; ") {
		name, value, _ := strings.Cut(pair, "=")
		s.note(fmt.Sprintf("the cookie %s, the %d. noted", name, len(s)), value)
	}
}

// No password, code, cookie or key is in a log, a database, a metric or an error,
// whatever became of what it was sent for.
func TestSecretsStayWhereTheyBelong(t *testing.T) {
	s := newSite(t, counted)
	ada := s.account("ada@example.com")
	found := secrets{}
	found.note("the password", goodPassword)
	found.note("the key of the provider", testKey)
	key, err := os.ReadFile(store.KeyFile(filepath.Join(s.dir, "nod.db")))
	must(t, err)
	found.note("the secret key", strings.TrimSpace(string(key)))

	var errorPages strings.Builder
	b := s.browser()
	send := func(path string, fields ...string) {
		found.note("a form token at "+path, b.formToken())
		for i := 1; i < len(fields); i += 2 {
			if fields[i-1] == "password" || fields[i-1] == "token" {
				found.note(fields[i-1]+" "+fields[i], fields[i])
			}
		}
		found.cookies(b)
		if got := b.post(path, fields...); got.Status >= 400 {
			errorPages.WriteString(got.Body)
		}
		found.cookies(b)
	}
	send("/login", "email", ada.Email, "password", "a password that is wrong")
	send("/login", "email", "nobody@example.com", "password", "a password of nobody")
	send("/login", "email", ada.Email, "password", goodPassword)
	send("/verify-token", "token", wrong(ada.phone.token()))
	send("/send-token", "via", "sms")
	send("/verify-token", "token", wrong(ada.phone.code("sms")))
	send("/verify-token", "token", ada.phone.code("sms"))
	send("/logout")
	send("/login", "email", ada.Email, "password", goodPassword)
	send("/verify-token", "token", ada.phone.token())
	app := b.addApp()
	found.note("the secret of an app", app.Secret())
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(app.Secret())
	must(t, err)
	found.note("the bytes of that secret", string(raw))
	codes := b.recoveryCodes()
	for _, code := range codes {
		found.note("the recovery code "+code, code)
		found.note("the bare recovery code "+code, strings.ReplaceAll(code, "-", ""))
	}
	send("/logout")
	send("/login", "email", ada.Email, "password", goodPassword)
	send("/verify-token", "token", wrong(app.code()))
	send("/verify-token", "token", codes[0])
	send("/account/close", "password", "a password to close with")
	wantStatus(t, b.postForm("/logout", url.Values{"_csrf": {"a form token that is made up"}}), http.StatusForbidden)
	found.note("a form token", "a form token that is made up")
	s.refusals()

	found.find(t, "the log", s.log.String())
	found.find(t, "a metric", readMetrics(t, s))
	delete(found, "a form token") // the pages show their own
	for _, file := range []string{"nod.db", "nod.db-wal", "sessions.db", "sessions.db-wal"} {
		content, err := os.ReadFile(filepath.Join(s.dir, file))
		must(t, err)
		found.find(t, file, string(content))
	}
	for what, secret := range found { // what was typed is in no answer
		if strings.HasPrefix(what, "password") || strings.HasPrefix(what, "token") {
			secrets{what: secret}.find(t, "an error page", errorPages.String())
		}
	}
	if len(found) < 20 {
		t.Errorf("only %d secrets were looked for", len(found))
	}
}

func readMetrics(t *testing.T, s *site) string {
	t.Helper()
	answer := httptest.NewRecorder()
	s.metrics.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return answer.Body.String()
}

// A running site learns of what an operator does in another process: open pages
// are told, and the owner at the next sign-in.
func TestARunningSiteLearnsOfTheOperator(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	in, waits := s.browser(), s.browser()
	in.signIn(ada)
	events := waits.waits(ada)
	operator, err := store.Open(t.Context(), filepath.Join(s.dir, "nod.db"), store.Options{Existing: true, Now: s.clock.Now})
	must(t, err)
	defer operator.Close()
	user, err := operator.AccountOf(t.Context(), ada.Email)
	must(t, err)
	_, err = operator.EndSessionsOf(t.Context(), user.ID)
	must(t, err)
	must(t, s.flow.Sweep(t.Context()))
	events.want("signed_out")
	wantRedirect(t, in.get("/protected"), "/login", "start")
	again := s.browser()
	again.signIn(ada)
	wantBody(t, again.get("/protected"), words("told.sessions_ended"))

	phone := ada.phone.authyID()
	must(t, operator.CloseAccountOf(t.Context(), user.ID))
	must(t, s.flow.Sweep(t.Context()))
	for provider := authy.NewClient(s.simURL, testKey); ; { // it is told in the background
		if _, err := provider.UserStatus(t.Context(), phone); errors.Is(err, authy.ErrUserNotFound) {
			break
		}
	}
}
