package handlers_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/fasthttp/websocket"

	"nod/hub"
)

func withHub(o hub.Options) option {
	return func(c *config) {
		c.Hub.Shutdown(context.Background(), websocket.CloseGoingAway)
		c.Hub = hub.New(lasting(o))
	}
}

// A flood of sockets meets its limit before the upgrade; who is over it can
// still ask, and comes in as everybody does.
func TestAFloodOfSocketsMeetsItsLimits(t *testing.T) {
	tests := []struct {
		name   string
		limits hub.Options
		status int
	}{
		{"of one session", hub.Options{PerKey: 1}, http.StatusTooManyRequests},
		{"of one address", hub.Options{PerAddr: 1}, http.StatusTooManyRequests},
		{"of all", hub.Options{Total: 1}, http.StatusServiceUnavailable},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, withHub(test.limits))
			ada := s.account("ada@example.com")
			b := s.browser()
			events := b.waits(ada)
			_, res, err := b.dial()
			if err == nil || res == nil || res.StatusCode != test.status {
				t.Fatalf("a socket over the limit: got %v, %v, want status %d", res, err, test.status)
			}
			got := b.begin("/login/stream")
			if got.Status != test.status || got.Header.Get("Retry-After") == "" {
				t.Errorf("a stream over the limit: got %d, again after %q; want %d", got.Status, got.Header.Get("Retry-After"), test.status)
			}
			wantBody(t, b.get("/authy/status"), `"status":"pending"`)
			ada.phone.approve(ada.phone.pending())
			events.want("approved")
			wantRedirect(t, b.post("/confirm-login"), "/protected")
		})
	}
}

// What a browser sends on the socket is nothing, or it is closed.
func TestABrowserThatTalksIsClosed(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	for _, kind := range []int{websocket.TextMessage, websocket.BinaryMessage} {
		b := s.browser()
		events := b.waits(ada)
		must(t, events.conn.WriteMessage(kind, []byte(`{"status":"approved"}`)))
		events.wantClosed(websocket.ClosePolicyViolation)
		wantRedirect(t, b.get("/protected"), "/login/approval")
	}
}
