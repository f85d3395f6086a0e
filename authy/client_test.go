package authy_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"nod/authy"
)

func TestTimeoutAndCancel(t *testing.T) {
	p := newProvider(t, hang)
	c := p.client()
	c.Timeout = time.Millisecond
	if err := c.RemoveUser(t.Context(), 1); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, authy.ErrUnavailable) {
		t.Errorf("got %v, want DeadlineExceeded", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.client().RemoveUser(ctx, 1); !errors.Is(err, context.Canceled) || !errors.Is(err, authy.ErrUnavailable) {
		t.Errorf("got %v, want Canceled", err)
	}
}

// A call whose time was over before it had a connection was not carried out; one
// that was cut off later may have been.
func TestACallThatWasNeverSentHasAnOutcome(t *testing.T) {
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for _, base := range []string{newProvider(t, hang).URL, "http://127.0.0.1:99999", "http://\x00"} {
		c := authy.NewClient(base, apiKey)
		if _, err := c.SendSMS(over, 1635, authy.SendOptions{}); !errors.Is(err, authy.ErrUnavailable) || errors.Is(err, authy.ErrNoReply) {
			t.Errorf("%q: got %v, want an error that is no ErrNoReply", base, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	p := newProvider(t, func(w http.ResponseWriter, r *http.Request) {
		cancel()
		hang(w, r)
	})
	if _, err := p.client().SendSMS(ctx, 1635, authy.SendOptions{}); !errors.Is(err, authy.ErrNoReply) {
		t.Errorf("a call that was given up: got %v, want ErrNoReply", err)
	}
}

func TestTimeoutHasADefault(t *testing.T) {
	if got := authy.NewClient("http://127.0.0.1", "k").Timeout; got != 5*time.Second {
		t.Errorf("got %v, want 5s", got)
	}
	synctest.Test(t, func(t *testing.T) {
		c := authy.NewClient("http://127.0.0.1", "k")
		c.Timeout = 0
		c.Transport = trip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		start := time.Now()
		if err := c.RemoveUser(t.Context(), 1); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 5*time.Second {
			t.Errorf("a timeout of 0: %v after %v", err, time.Since(start))
		}
	})
}

// On a reused connection that is dead net/http retries a GET. For a code that would
// be a second SMS, or a code that counts as used.
func TestCallsWithAnEffectAreNotRetried(t *testing.T) {
	for _, op := range []string{"sms", "call", "verify", "request approval", "register", "authenticator"} {
		var asked atomic.Int32
		p := newProvider(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/status") {
				replying(200, strings.ReplaceAll(status, "290907", "1635"))(w, r)
				return
			}
			asked.Add(1)
			drop(w, r)
		})
		c := p.client()
		all := calls(c, t)
		if err := all["status"](); err != nil {
			t.Fatal(err)
		}
		wantOnly(t, all[op](), "ErrUnavailable")
		if n := asked.Load(); n != 1 {
			t.Errorf("%s: asked %d times, want once", op, n)
		}
	}
}

func TestObserve(t *testing.T) {
	p := newProvider(t, replying(404, `{"message":"User not found.","success":false,"errors":{},"error_code":"60026"}`))
	c := p.client()
	seen := map[string]error{}
	c.Observe = func(call string, d time.Duration, err error) {
		if seen[call] = err; d <= 0 {
			t.Errorf("%s took %v", call, d)
		}
	}
	for op, call := range calls(c, t) {
		if err := call(); seen[op] == nil || !errors.Is(err, seen[op]) {
			t.Errorf("%s: observed %v, returned %v", op, seen[op], err)
		}
	}
	if len(seen) != 9 {
		t.Errorf("observed %v", seen)
	}
}

func TestClientIsSafeForConcurrentUse(t *testing.T) {
	p := newProvider(t, replying(200, valid))
	c := p.client()
	var n atomic.Int32
	c.Observe = func(string, time.Duration, error) { n.Add(1) }
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			if err := c.VerifyToken(t.Context(), 1635, "1234567", ""); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n.Load() != 32 {
		t.Errorf("observed %d calls, want 32", n.Load())
	}
}

type trip func(*http.Request) (*http.Response, error)

func (f trip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestTransportCanBeReplaced(t *testing.T) {
	c := authy.NewClient("https://api.authy.com", apiKey)
	c.Transport = trip(func(r *http.Request) (*http.Response, error) {
		if got, want := r.URL.String(), "https://api.authy.com/protected/json/verify/1234567/1635?force=true"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(valid))}, nil
	})
	if err := c.VerifyToken(t.Context(), 1635, "1234567", ""); err != nil {
		t.Error(err)
	}
}

// Only calls without an effect reuse a connection.
func TestOnlyCallsWithoutAnEffectReuseConnections(t *testing.T) {
	p := newProvider(t, replying(http.StatusNotFound, `{}`))
	for op, call := range calls(p.client(), t) {
		before := len(p.received())
		_ = call()
		kept := p.received()[before].Header.Get("Connection") != "close"
		if want := op == "status" || op == "approval status"; kept != want {
			t.Errorf("%s: kept %v, want %v", op, kept, want)
		}
	}
}
