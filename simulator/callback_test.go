package simulator_test

import (
	"bytes"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nod/authy"
	"nod/simulator"
)

// check verifies a callback as an application does.
func (c callback) check(s *sim) (authy.Callback, error) {
	return authy.VerifyCallback(testKey, s.app.url+"/authy/callback", authy.CallbackRequest{
		Method: c.method, RawQuery: c.query, Body: c.body, Signature: c.signature, Nonce: c.nonce})
}

var signatures = regexp.MustCompile(`"signature":"[A-Za-z0-9+/]{342}=="`)

// plain is the body with its random parts replaced.
func (c callback) plain() string {
	text := hexIDs.ReplaceAllString(scrub(string(c.body)), `"HEX"`)
	return signatures.ReplaceAllString(text, `"signature":"RSA"`)
}

// callbackBody is the expected callback from ada's phone.
func callbackBody(status, details, hidden, message, expires, logos string) string {
	return `{"authy_id":100001,"device_uuid":2100001,"callback_action":"approval_request_status","uuid":"UUID","status":"` + status + `",` +
		`"approval_request":{"transaction":{"details":` + details + `,"device_details":{},"device_geolocation":"",` +
		`"device_signing_time":1795546807,"encrypted":false,"flagged":false,"hidden_details":` + hidden + `,"message":"` + message + `",` +
		`"reason":"","requester_details":null,"status":"` + status + `","uuid":"UUID","created_at_time":1795546800,"customer_uuid":100001},` +
		`"expiration_timestamp":` + expires + `,"logos":` + logos + `,"app_id":"HEX"},"signature":"RSA",` +
		`"device":{"city":null,"country":null,"ip":"203.0.113.7","region":null,"registration_city":null,"registration_country":null,` +
		`"registration_ip":"203.0.113.7","registration_method":"sms","registration_region":null,"os_type":"ios",` +
		`"last_account_recovery_at":null,"id":2100001,"registration_date":1795546800,"last_sync_date":1795546800}}`
}

func TestCallbacks(t *testing.T) {
	s := newAda(t)
	tests := []struct {
		tap        string
		status     authy.Status
		body, want string
	}{
		{"approve", authy.StatusApproved, `{"message":"Sign <in> & out?","details":{"Where":"Bogotá","Amount":12.50},"hidden_details":{"id":"7"},"seconds_to_expire":120,` +
			`"logos":[{"url":"https://e.com/a.png","res":"default"}]}`,
			callbackBody("approved", `{"Where":"Bogotá","Amount":"12.50"}`, `{"id":"7"}`, "Sign <in> & out?", "1795546920",
				`[{"res":"default","url":"https://e.com/a.png"}]`)},
		{"deny", authy.StatusDenied, `{"message":"x","seconds_to_expire":0}`, callbackBody("denied", "null", "null", "x", "null", "null")},
	}
	for _, test := range tests {
		uuid := s.ask(ada, test.body)
		s.clock.Advance(7 * time.Second)
		s.tap(ada, uuid, test.tap).wantStatus(200)
		got := s.app.next()
		s.clock.Advance(-7 * time.Second)
		if got.method != "POST" || got.query != "" || got.header.Get("Content-Type") != "application/json" || got.nonce != "1795546807" {
			t.Errorf("got %+v", got)
		}
		if got.plain() != test.want {
			t.Errorf("got  %s\nwant %s", got.plain(), test.want)
		}
		answer, err := got.check(s)
		if err != nil || answer.AuthyID != ada || answer.UUID != uuid || answer.Status != test.status {
			t.Errorf("got %+v, %v", answer, err)
		}
	}
}

// Some verifiers leave out the port, or take the scheme that a proxy names.
func TestASignedURLThatDiffersFromTheDialledOne(t *testing.T) {
	const signed = "https://app.example.com/authy/callback"
	for _, method := range []string{"POST", "GET"} {
		s := newAda(t, func(c *simulator.Config) { c.SignedURL, c.CallbackMethod = signed, method })
		s.tap(ada, s.ask(ada, "message=x"), "approve").wantStatus(200)
		got := s.app.next()
		if _, err := authy.VerifyCallback(testKey, signed, authy.CallbackRequest{
			Method: got.method, RawQuery: got.query, Body: got.body, Signature: got.signature, Nonce: got.nonce}); err != nil {
			t.Errorf("%s: %v", method, err)
		}
	}
}

func TestCallbacksByGET(t *testing.T) {
	s := newAda(t, func(c *simulator.Config) { c.CallbackMethod = "GET" })
	uuid := s.ask(ada, `{"message":"x","details":{"Email Address":"a@b"}}`)
	s.tap(ada, uuid, "approve").wantStatus(200)
	got := s.app.next()
	if got.method != "GET" || len(got.body) != 0 || !strings.Contains(got.query, "approval_request%5Btransaction%5D%5Bdetails%5D%5BEmail+Address%5D=a%40b&") {
		t.Errorf("got %+v", got)
	}
	if answer, err := got.check(s); err != nil || answer.UUID != uuid || answer.Status != authy.StatusApproved {
		t.Errorf("got %+v, %v", answer, err)
	}
}

// Each attempt has a new nonce and signature: an application that remembers
// nonces would reject the same bytes as a replay.
func TestCallbacksAreRetried(t *testing.T) {
	s := newAda(t, func(c *simulator.Config) {
		now := c.Now
		var ticks atomic.Int64 // a second passes with every call of Now
		c.Now = func() time.Time { return now().Add(time.Duration(ticks.Add(1)) * time.Second) }
	})
	uuid := s.ask(ada, "message=x")
	s.app.status <- 500
	s.tap(ada, uuid, "approve").wantStatus(200)
	if first, second := s.app.next(), s.app.next(); first.nonce == second.nonce || !bytes.Equal(first.body, second.body) {
		t.Errorf("got %s %s, then %s %s", first.nonce, first.body, second.nonce, second.body)
	}
	s.restart()
	s.status(uuid).wantIn(`"notified":true`)
}

// However many answers come at once, an application gets so many callbacks and no more at
// a time.
func TestSoManyCallbacksAreUnderWay(t *testing.T) {
	s := newAda(t)
	s.app.hangs.Store(true)
	s.closeLimit = 0 // nobody waits for them in the end
	for range 40 {
		s.tap(ada, s.ask(ada, "message=x"), "approve").wantStatus(200)
	}
	for range 32 {
		s.app.next()
	}
	s.tap(ada, s.ask(ada, "message=x"), "approve").wantStatus(200)
	if n := len(s.app.got); n != 0 {
		t.Errorf("%d more have come", n)
	}
}

func TestRejectedCallbacks(t *testing.T) {
	s := newAda(t)
	for _, status := range []int{401, 404, 302} { // a redirect is not followed
		uuid := s.ask(ada, "message=x")
		s.app.status <- status
		s.tap(ada, uuid, "approve").wantStatus(200)
		s.restart()
		s.app.next()
		s.restart()
		s.status(uuid).wantIn(`"notified":false`, `"status":"approved"`)
	}
	if n := len(s.app.got); n != 0 {
		t.Errorf("%d callbacks were retried", n)
	}
}

func TestNoCallbackURL(t *testing.T) {
	s := newAda(t, func(c *simulator.Config) { c.CallbackURL = "" })
	uuid := s.ask(ada, "message=x")
	s.tap(ada, uuid, "approve").wantStatus(200)
	s.post("/callback/ping", "").want(409, `{"error":"no callback URL is configured"}`+"\n")
	s.status(uuid).wantIn(`"notified":false`, `"status":"approved"`)
}

// The dashboard's test callback names a user who does not exist.
func TestPing(t *testing.T) {
	s := newAda(t)
	s.post("/callback/ping", "").want(200, `{"status":200}`+"\n")
	got := s.app.next()
	if want := `{"authy_id":1234,`; !strings.HasPrefix(string(got.body), want) {
		t.Errorf("got %s", got.body)
	}
	if answer, err := got.check(s); err != nil || !answer.Ping {
		t.Errorf("got %+v, %v", answer, err)
	}
	s.app.status <- 403
	s.post("/callback/ping", "").want(200, `{"status":403}`+"\n")
}

func TestAnUnreachableApplication(t *testing.T) {
	unreachable := func(c *simulator.Config) { c.CallbackURL = "http://127.0.0.1:1/authy/callback" }
	s := newAda(t, unreachable)
	s.post("/callback/ping", "").wantStatus(502).wantIn("the application cannot be reached")
	uuid := s.ask(ada, "message=x")
	s.tap(ada, uuid, "approve").wantStatus(200)
	s.restart(unreachable)
	s.status(uuid).wantIn(`"notified":false`, `"status":"approved"`)
}

func TestInvalidConfigurations(t *testing.T) {
	for _, c := range []simulator.Config{
		{CallbackURL: "/authy/callback"}, {CallbackURL: "ftp://127.0.0.1/x"}, {CallbackURL: "http://127.0.0.1/x?a=b"},
		{CallbackURL: "http://a:b@127.0.0.1/x"}, {CallbackURL: "http://127.0.0.1/x#y"}, {CallbackMethod: http.MethodPut},
		{SignedURL: "https://app.example.com/x?a=b"}, {SandboxToken: "abc"}, {CallbackRetries: -2}, {Faults: simulator.Faults{API: "fire"}},
		{Path: t.TempDir()}, {Path: t.TempDir() + "/no/such/folder/file"},
	} {
		if s, err := simulator.New(c); err == nil {
			must(t, s.Close(t.Context()))
			t.Errorf("%+v was accepted", c)
		}
	}
}
