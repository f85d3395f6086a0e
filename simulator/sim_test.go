package simulator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"nod/simulator"
)

const testKey = "FU10H0uCafgKnXvPfDm5iAisVuHDgXJA"

// hangLimit ends a wait that would never end. It fails a test that hangs, and
// never one that is slow.
const hangLimit = 3 * time.Minute

// clock is a time that only the test advances.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 24, 19, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// sim is a simulator behind a real listener, with an application that receives
// its callbacks.
type sim struct {
	*simulator.Simulator
	t     *testing.T
	url   string
	clock *clock
	app   *app
	path  string
	stop  func()

	closeLimit time.Duration // how long stop waits for callbacks
}

type option func(*simulator.Config)

func newSim(t *testing.T, options ...option) *sim {
	t.Helper()
	s := &sim{t: t, clock: newClock(), app: newApp(t), path: filepath.Join(t.TempDir(), "simulator.db"), closeLimit: hangLimit}
	s.open(options...)
	return s
}

// open starts a simulator on the file of s, which may be that of an earlier one.
func (s *sim) open(options ...option) {
	s.t.Helper()
	config := simulator.Config{
		APIKey: testKey, CallbackURL: s.app.url + "/authy/callback", Path: s.path, Now: s.clock.Now,
		Logger: slog.New(slog.NewTextHandler(s.t.Output(), nil)), CallbackTimeout: hangLimit,
		FirstID: ada,
	}
	for _, o := range options {
		o(&config)
	}
	one, err := simulator.New(config)
	must(s.t, err)
	server := httptest.NewServer(one.Handler())
	s.Simulator, s.url = one, server.URL
	s.stop = sync.OnceFunc(func() {
		ctx, cancel := context.WithTimeout(context.Background(), s.closeLimit)
		defer cancel()
		if err := one.Close(ctx); err != nil && s.closeLimit > 0 {
			s.t.Error(err)
		}
		server.Close()
	})
	s.t.Cleanup(s.stop)
}

// restart closes the simulator, which waits for its callbacks, and starts
// another one on the same file.
func (s *sim) restart(options ...option) {
	s.t.Helper()
	s.stop()
	s.open(options...)
}

// message is an SMS, a call or an e-mail as the phone shows it.
type message struct{ Via, Code, Text, At string }

// messages returns those of the first user's phone, newest first.
func (s *sim) messages() (all []message) {
	s.t.Helper()
	s.get("/phones/100001/messages").wantStatus(200).json(&all)
	return all
}

// token returns what the first user's app shows.
func (s *sim) token() string {
	s.t.Helper()
	var got struct{ Token string }
	s.get("/phones/100001/token").wantStatus(200).json(&got)
	return got.Token
}

// reply is a response with its whole body.
type reply struct {
	t      *testing.T
	status int
	header http.Header
	body   string
}

// call calls the API with the key in the header. A body is sent as JSON if it
// begins with {, else as a form.
func (s *sim) call(method, path, body string) reply {
	s.t.Helper()
	return s.do(method, path, body, key())
}

func (s *sim) do(method, path, body string, header http.Header) reply {
	s.t.Helper()
	got, err := s.try(method, path, body, header)
	must(s.t, err)
	return got
}

func (s *sim) try(method, path, body string, header http.Header) (reply, error) {
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if strings.HasPrefix(body, "{") {
		r.Header.Set("Content-Type", "application/json")
	}
	for name, values := range header {
		r.Header[name] = values
	}
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	got := reply{s.t, response.StatusCode, response.Header, string(text)}
	s.hold(r, got)
	return got, err
}

// key is a header with the key.
func key() http.Header { return http.Header{"X-Authy-Api-Key": {testKey}} }

// get and post call the phones' JSON, which needs no key.
func (s *sim) get(path string) reply { return s.do("GET", path, "", nil) }
func (s *sim) post(path, json string) reply {
	return s.do("POST", path, json, http.Header{"Content-Type": {"application/json"}})
}

func (r reply) want(status int, body string) {
	r.t.Helper()
	if r.status != status || r.body != body {
		r.t.Errorf("got  %d %s\nwant %d %s", r.status, r.body, status, body)
	}
}

func (r reply) wantStatus(status int) reply {
	r.t.Helper()
	if r.status != status {
		r.t.Fatalf("got status %d, want %d: %s", r.status, status, r.body)
	}
	return r
}

func (r reply) wantIn(parts ...string) {
	r.t.Helper()
	for _, part := range parts {
		if !strings.Contains(r.body, part) {
			r.t.Errorf("got %d %s\nwant %s in it", r.status, r.body, part)
		}
	}
}

func (r reply) json(v any) {
	r.t.Helper()
	if err := json.Unmarshal([]byte(r.body), v); err != nil {
		r.t.Fatalf("%v: %s", err, r.body)
	}
}

var numbers int // phone numbers used so far

// user registers a user with a new number and returns the id.
func (s *sim) user(email string) int64 {
	s.t.Helper()
	numbers++
	var got struct{ User struct{ ID int64 } }
	s.call("POST", "/protected/json/users/new", fmt.Sprintf(
		`{"user":{"email":%q,"cellphone":"31755%05d","country_code":57}}`, email, numbers)).wantStatus(200).json(&got)
	return got.User.ID
}

// ask creates an approval request and returns its uuid.
func (s *sim) ask(user int64, body string) string {
	s.t.Helper()
	var got struct {
		Request struct{ UUID string } `json:"approval_request"`
	}
	s.call("POST", fmt.Sprintf("/onetouch/json/users/%d/approval_requests", user), body).wantStatus(200).json(&got)
	return got.Request.UUID
}

func (s *sim) tap(user int64, uuid, how string) reply {
	s.t.Helper()
	return s.post(fmt.Sprintf("/phones/%d/requests/%s/%s", user, uuid, how), "")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var serials = regexp.MustCompile(`"app_id":\d{5}`)

var uuids = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`)

// scrub replaces every uuid with UUID, so that bodies can be compared.
func scrub(body string) string { return uuids.ReplaceAllString(body, "UUID") }
