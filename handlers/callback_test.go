package handlers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"nod/authy"
	"nod/providers"
)

// answer is a callback body as the provider writes it.
func answerBody(authyID int64, uuid, status string, hidden map[string]string) string {
	body, err := json.Marshal(map[string]any{
		"authy_id": authyID, "uuid": uuid, "status": status, "callback_action": "approval_request_status",
		"approval_request": map[string]any{"transaction": map[string]any{"hidden_details": hidden}},
	})
	if err != nil {
		panic(err)
	}
	return string(body)
}

// deliver posts a callback signed with key, and gives the status.
func (s *site) deliver(key, body string, change func(*http.Request)) int {
	s.t.Helper()
	url, nonce := s.url+"/authy/callback", fmt.Sprint(s.clock.Now().Unix())
	signature, err := authy.SignCallback(key, http.MethodPost, url, nonce, []byte(body))
	must(s.t, err)
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, url, strings.NewReader(body))
	must(s.t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Authy-Signature", signature)
	req.Header.Set("X-Authy-Signature-Nonce", nonce)
	if change != nil {
		change(req)
	}
	res, err := http.DefaultClient.Do(req)
	must(s.t, err)
	res.Body.Close()
	return res.StatusCode
}

func TestCallbacksThatAreRefused(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.passPassword(ada)
	uuid, id := ada.phone.pending(), ada.phone.authyID()
	good := answerBody(id, uuid, "approved", nil)
	old := fmt.Sprint(s.clock.Now().Add(-time.Hour).Unix())
	tests := []struct {
		name   string
		key    string
		body   string
		change func(*http.Request)
		want   int
	}{
		{"wrong key", "another-key", good, nil, 401},
		{"no signature", testKey, good, func(r *http.Request) { r.Header.Del("X-Authy-Signature") }, 401},
		{"two signatures", testKey, good, func(r *http.Request) { r.Header.Add("X-Authy-Signature", r.Header.Get("X-Authy-Signature")) }, 401},
		{"no nonce", testKey, good, func(r *http.Request) { r.Header.Del("X-Authy-Signature-Nonce") }, 401},
		{"another nonce", testKey, good, func(r *http.Request) { r.Header.Set("X-Authy-Signature-Nonce", old) }, 401},
		{"lower-cased signature", testKey, good, func(r *http.Request) {
			r.Header.Set("X-Authy-Signature", strings.ToLower(r.Header.Get("X-Authy-Signature")))
		}, 401},
		{"packed body", testKey, good, func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }, 415},
		{"a form", testKey, good, func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }, 415},
		{"UTF-16", testKey, good, func(r *http.Request) { r.Header.Set("Content-Type", "application/json; charset=utf-16") }, 415},
		{"another method", testKey, good, func(r *http.Request) { r.Method = http.MethodPut }, 405},
		{"status of another type", testKey, strings.Replace(good, `"approved"`, `true`, 1), nil, 400},
		{"status unknown", testKey, strings.Replace(good, `"approved"`, `"maybe"`, 1), nil, 400},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := s.deliver(test.key, test.body, test.change); got != test.want {
				t.Errorf("got status %d, want %d", got, test.want)
			}
		})
	}
	var status told
	must(t, json.Unmarshal([]byte(b.get("/authy/status").Body), &status))
	if status.Status != "pending" {
		t.Errorf("after refused callbacks the request is %q, want pending", status.Status)
	}
	if got := s.deliver(testKey, good, nil); got != 200 {
		t.Errorf("the good one: got %d, want 200", got)
	}
	wantRedirect(t, b.post("/confirm-login"), "/protected")
}

// The X-Forwarded headers of a caller change nothing about what is verified.
func TestCallbackIgnoresForwardedHeaders(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	s.browser().passPassword(ada)
	good := answerBody(ada.phone.authyID(), ada.phone.pending(), "approved", nil)
	got := s.deliver(testKey, good, func(r *http.Request) {
		r.Header.Set("X-Forwarded-Host", "evil.example")
		r.Header.Set("X-Forwarded-Proto", "https")
		r.Host = "evil.example"
	})
	if got != 200 {
		t.Errorf("got status %d, want 200", got)
	}
}

func TestCallbackOfSomebodyElseChangesNothing(t *testing.T) {
	s := newSite(t)
	ada, bob := s.account("ada@example.com"), s.account("bob@example.com")
	b := s.browser()
	b.passPassword(ada)
	body := answerBody(bob.phone.authyID(), ada.phone.pending(), "approved", nil)
	if got := s.deliver(testKey, body, nil); got != 200 {
		t.Errorf("got status %d, want 200", got)
	}
	wantStatus(t, b.post("/confirm-login"), http.StatusConflict)
}

func TestFirstAnswerWins(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.passPassword(ada)
	id, uuid := ada.phone.authyID(), ada.phone.pending()
	for _, status := range []string{"denied", "approved", "approved"} {
		if got := s.deliver(testKey, answerBody(id, uuid, status, nil), nil); got != 200 {
			t.Fatalf("%s: got status %d, want 200", status, got)
		}
	}
	wantStatus(t, b.post("/confirm-login"), http.StatusConflict)
	wantBody(t, b.get("/login/approval"), `data-status="denied"`)
}

func TestPingOfTheDashboardIsAnswered(t *testing.T) {
	s := newSite(t)
	if got := s.deliver(testKey, `{"authy_id":1234,"callback_action":"approval_request_status"}`, nil); got != 200 {
		t.Errorf("got status %d, want 200", got)
	}
}

// slowAuthy lets a test act between the request and its reply.
type slowAuthy struct {
	providers.AuthyAPI
	beforeReply func(uuid string, r authy.ApprovalRequest)
}

func (a slowAuthy) RequestApproval(ctx context.Context, id int64, r authy.ApprovalRequest) (string, error) {
	uuid, err := a.AuthyAPI.RequestApproval(ctx, id, r)
	if err == nil && a.beforeReply != nil {
		a.beforeReply(uuid, r)
	}
	return uuid, err
}

// A fast thumb: the callback overtakes the reply to the request.
func TestCallbackBeforeTheReply(t *testing.T) {
	var s *site
	var ada person
	hasty := false
	s = newSite(t, func(c *config) {
		c.Authy = slowAuthy{c.Authy, func(uuid string, r authy.ApprovalRequest) {
			if !hasty {
				return
			}
			body := answerBody(ada.phone.authyID(), uuid, "approved", r.HiddenDetails)
			if got := s.deliver(testKey, body, nil); got != 200 {
				t.Errorf("the early callback: got status %d, want 200", got)
			}
		}}
	})
	ada = s.account("ada@example.com")
	hasty = true
	b := s.browser()
	b.passPassword(ada)
	b.events().want("approved")
	wantRedirect(t, b.post("/confirm-login"), "/protected")
}

// lostCallbacks points the simulator's callbacks nowhere.
func TestALostCallbackIsMadeUpFor(t *testing.T) {
	t.Run("near the deadline", func(t *testing.T) {
		s := newSite(t)
		ada := s.account("ada@example.com")
		s.loseCallbacks()
		b := s.browser()
		events := b.waits(ada)
		ada.phone.approve(ada.phone.pending())
		s.clock.Advance(115 * time.Second)
		must(t, s.flow.Sweep(t.Context()))
		events.want("approved")
		wantRedirect(t, b.post("/confirm-login"), "/protected")
	})
	t.Run("when the person says so", func(t *testing.T) {
		s := newSite(t)
		ada := s.account("ada@example.com")
		s.loseCallbacks()
		b := s.browser()
		b.passPassword(ada)
		wantStatus(t, b.post("/confirm-login"), http.StatusConflict)
		ada.phone.approve(ada.phone.pending())
		s.clock.Advance(2 * time.Second)
		wantRedirect(t, b.post("/confirm-login"), "/protected")
	})
	t.Run("when the page asks", func(t *testing.T) {
		s := newSite(t)
		ada := s.account("ada@example.com")
		s.loseCallbacks()
		b := s.browser()
		b.passPassword(ada)
		ada.phone.deny(ada.phone.pending())
		s.clock.Advance(5 * time.Second)
		wantBody(t, b.get("/authy/status"), `"status":"denied"`)
	})
}

// loseCallbacks orders the fault from the simulator.
func (s *site) loseCallbacks() {
	s.t.Helper()
	if got := postJSON(s.t, s.simURL+"/faults", `{"callback": "never"}`); got != 200 {
		s.t.Fatalf("ordering a fault: got status %d, want 200", got)
	}
}

func (p *phone) authyID() int64 {
	p.t.Helper()
	var id int64
	_, err := fmt.Sscan(p.base[strings.LastIndex(p.base, "/")+1:], &id)
	must(p.t, err)
	return id
}
