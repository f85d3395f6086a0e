package authy_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"nod/authy"
)

const apiKey = "FU10H0uCafgKnXvPfDm5iAisVuHDgXJA"

// received is a request as it arrived, with its body.
type received struct {
	Method, Path, Query, Body string
	Header                    http.Header
}

// provider is a stand-in for the Authy API.
type provider struct {
	URL string

	mu       sync.Mutex
	requests []received
}

// newProvider starts a provider that answers every request with answer.
func newProvider(t testing.TB, answer http.HandlerFunc) *provider {
	t.Helper()
	p := &provider{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		p.mu.Lock()
		p.requests = append(p.requests, received{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, string(body), r.Header})
		p.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	p.URL = server.URL
	return p
}

// replying answers with this status and body, labelled as HTML, as the service
// labels some of its JSON.
func replying(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// unlimited is a timeout that no call here reaches, so that no verdict depends on
// how fast the machine is.
const unlimited = 24 * time.Hour

func (p *provider) client() *authy.Client {
	c := authy.NewClient(p.URL, apiKey)
	c.Timeout = unlimited
	return c
}

func (p *provider) received() []received {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]received(nil), p.requests...)
}

// only returns the one request that was made.
func (p *provider) only(t testing.TB) received {
	t.Helper()
	all := p.received()
	if len(all) != 1 {
		t.Fatalf("got %d requests, want 1: %+v", len(all), all)
	}
	return all[0]
}

// calls returns every call of a client, by the name that Observe gets.
func calls(c *authy.Client, t testing.TB) map[string]func() error {
	ctx := t.Context()
	return map[string]func() error{
		"register": func() error {
			id, err := c.RegisterUser(ctx, authy.Registration{Email: "foo@bar.com", PhoneNumber: "317-338-9302", CountryCode: 57})
			return zeroUnless(t, err, id == 0)
		},
		"remove": func() error { return c.RemoveUser(ctx, 1635) },
		"status": func() error {
			s, err := c.UserStatus(ctx, 1635)
			return zeroUnless(t, err, s.AuthyID == 0 && s.Devices == nil)
		},
		"request approval": func() error {
			uuid, err := c.RequestApproval(ctx, 1635, authy.ApprovalRequest{Message: "Login"})
			return zeroUnless(t, err, uuid == "")
		},
		"approval status": func() error {
			a, err := c.ApprovalStatus(ctx, requestID)
			return zeroUnless(t, err, a == authy.Approval{})
		},
		"sms": func() error {
			s, err := c.SendSMS(ctx, 1635, authy.SendOptions{})
			return zeroUnless(t, err, s == authy.Sent{})
		},
		"call": func() error {
			s, err := c.StartCall(ctx, 1635, authy.SendOptions{})
			return zeroUnless(t, err, s == authy.Sent{})
		},
		"verify": func() error { return c.VerifyToken(ctx, 1635, "1234567", "") },
		"authenticator": func() error {
			qr, err := c.AuthenticatorQR(ctx, 1635, "Nod", 300)
			return zeroUnless(t, err, qr == authy.QRCode{})
		},
	}
}

// zeroUnless checks that an error comes with a zero value.
func zeroUnless(t testing.TB, err error, zero bool) error {
	t.Helper()
	if err != nil && !zero {
		t.Errorf("a value came with the error %v", err)
	}
	return err
}

const requestID = "550e8400-e29b-41d4-a716-446655440000"
