package handlers_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	"nod/authy"
	"nod/metrics"
	"nod/providers"
)

// The faults that the simulator can be told to have, at each step they touch:
// what the person sees, that nobody got in, and that who should does when the
// fault is over. The files faults_*_test.go have them by step; what they
// share is here.

// apiFault is one way in which the calls to the provider fail.
type apiFault struct {
	name, order string
	refused     bool // the call is not carried out; else only its reply is lost
	silent      bool // no reply until the client times out
	limited     bool // the provider limits requests
	gateway     int  // the status that a proxy before the provider answers with
}

var apiFaults = []apiFault{
	{name: "500", order: `{"api": "error"}`, refused: true},
	{name: "429", order: `{"api": "rate_limit", "retry_after_s": 7}`, refused: true, limited: true},
	{name: "garbage", order: `{"api": "garbage"}`},
	{name: "dropped connection", order: `{"api": "drop"}`},
	{name: "hang", order: `{"api": "hang"}`, silent: true},
	{name: "reply after the timeout", order: `{"api_delay_ms": 60000}`, silent: true},
	{name: "504 of a proxy", order: `{}`, gateway: http.StatusGatewayTimeout},
}

// faulty is a site whose provider fails in one way, when the test says so.
type faulty struct {
	*site
	fault   apiFault
	calls   *faultStart
	gateway *gateway
}

// eachAPIFault runs a test once for every fault of the API.
func eachAPIFault(t *testing.T, test func(t *testing.T, s *faulty)) {
	t.Helper()
	eachFault(t, apiFaults, test)
}

func eachFault(t *testing.T, faults []apiFault, test func(t *testing.T, s *faulty)) {
	t.Helper()
	for _, fault := range faults {
		t.Run(fault.name, func(t *testing.T) {
			t.Parallel()
			s := &faulty{fault: fault}
			s.site = newSite(t, counted, func(c *config) {
				if fault.gateway != 0 {
					s.gateway = newGateway(t, c)
				}
				if fault.silent {
					c.Authy.(*authy.Client).Transport = timeouts{http.DefaultTransport, c.delays}
				}
				s.calls = &faultStart{AuthyAPI: c.Authy, begin: s.breaks}
				c.Authy = s.calls
			})
			test(t, s)
		})
	}
}

func (s *faulty) breaks() {
	s.t.Helper()
	if s.gateway != nil {
		s.gateway.status.Store(int32(s.fault.gateway))
		return
	}
	s.order(s.fault.order)
}

// mends ends the fault of the API, and no other.
func (s *faulty) mends() {
	s.t.Helper()
	if s.gateway != nil {
		s.gateway.status.Store(0)
		return
	}
	s.order(`{"api": "", "api_delay_ms": 0, "retry_after_s": 0}`)
}

// gateway is a proxy before the provider. It passes every call on; while it has a
// status, it keeps the provider's reply and says that it waited in vain.
type gateway struct{ status atomic.Int32 }

// newGateway has a site reach its provider through a proxy.
func newGateway(t *testing.T, c *config) *gateway {
	t.Helper()
	g := &gateway{}
	client := c.Authy.(*authy.Client)
	provider, err := url.Parse(client.BaseURL)
	must(t, err)
	proxy := httputil.NewSingleHostReverseProxy(provider)
	proxy.ModifyResponse = func(res *http.Response) error {
		if status := int(g.status.Load()); status != 0 {
			const body = "<html><body>Gateway Time-out</body></html>"
			res.Body.Close()
			res.StatusCode, res.Status, res.Body = status, "", io.NopCloser(strings.NewReader(body))
			res.ContentLength, res.Header = int64(len(body)), http.Header{"Content-Type": {"text/html"}}
		}
		return nil
	}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	client.BaseURL = server.URL
	return g
}

// faultStart lets calls pass, and has the fault begin at the push or the SMS that
// a test names.
type faultStart struct {
	providers.AuthyAPI
	atPush, atSMS atomic.Bool
	begin         func()
}

func (a *faultStart) RequestApproval(ctx context.Context, id int64, r authy.ApprovalRequest) (string, error) {
	if a.atPush.CompareAndSwap(true, false) {
		a.begin()
	}
	return a.AuthyAPI.RequestApproval(ctx, id, r)
}

func (a *faultStart) SendSMS(ctx context.Context, id int64, o authy.SendOptions) (authy.Sent, error) {
	if a.atSMS.CompareAndSwap(true, false) {
		a.begin()
	}
	return a.AuthyAPI.SendSMS(ctx, id, o)
}

// order has something go wrong in the simulator, for all phones unless it
// names one. What was ordered before stays.
func (s *site) order(fault string) {
	s.t.Helper()
	if got := postJSON(s.t, s.simURL+"/faults", fault); got != http.StatusOK {
		s.t.Fatalf("ordering %s: got status %d, want 200", fault, got)
	}
}

// repair clears all faults.
func (s *site) repair() {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodDelete, s.simURL+"/faults", nil)
	must(s.t, err)
	res, err := http.DefaultClient.Do(req)
	must(s.t, err)
	res.Body.Close()
}

// counted has the site count, so that a test can wait for what changes
// nothing.
func counted(c *config) { c.Metrics = metrics.New(c.Hub.Waiting, c.Now) }

// heard waits until a callback has come and was judged so.
func (s *site) heard(verdict string) {
	s.t.Helper()
	for {
		next := s.answered.wait()
		w := httptest.NewRecorder()
		s.metrics.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		if strings.Contains(w.Body.String(), `nod_callbacks_total{verdict="`+verdict+`"}`) {
			return
		}
		select {
		case <-next:
		case <-time.After(hung):
			s.t.Fatal("no callback was " + verdict)
		}
	}
}

// arrives waits, as the phone's page does, for a request other than old.
func (p *phone) arrives(old string) (uuid string) {
	p.t.Helper()
	conn, _, err := websocket.DefaultDialer.DialContext(p.t.Context(), strings.Replace(p.base, "http", "ws", 1)+"/events", nil)
	must(p.t, err)
	defer conn.Close()
	must(p.t, conn.SetReadDeadline(time.Now().Add(hung)))
	for {
		var shown struct{ Requests []phoneRequest }
		must(p.t, conn.ReadJSON(&shown))
		for _, r := range shown.Requests {
			if r.Status == "pending" && r.UUID != old {
				return r.UUID
			}
		}
	}
}

// wantOutside says that a browser is not in, whatever it tries.
func (b *browser) wantOutside() {
	b.t.Helper()
	wantStatus(b.t, b.post("/confirm-login"), http.StatusConflict)
	wantRedirect(b.t, b.get("/protected"), "/login/approval")
}

// wantNotSent says what is known of a push that failed: nobody was asked, or
// nobody knows whether somebody was.
func (s *faulty) wantNotSent(b *browser) {
	s.t.Helper()
	if s.fault.refused {
		b.wantUnasked(s.fault.reason())
		return
	}
	wantBody(b.t, b.get("/login/approval"), `data-status="pending"`, `data-reason="unconfirmed"`, words("approval.unconfirmed"))
	wantBody(b.t, b.get("/authy/status"), `"status":"pending"`, `"reason":"unconfirmed"`)
	if told := b.events().want("pending"); told.Reason != "unconfirmed" {
		b.t.Errorf("the waiting page was told %+v", told)
	}
	b.wantOutside()
}

// reason is why a request is cancelled that the provider has not taken.
func (f apiFault) reason() string {
	if f.limited {
		return "rate_limited"
	}
	return "unavailable"
}

// wantUnasked says that the page, a script and a socket all tell that the
// phone could not be asked, and why.
func (b *browser) wantUnasked(reason string) {
	b.t.Helper()
	wantBody(b.t, b.get("/login/approval"), `data-status="cancelled"`, `data-reason="`+reason+`"`, `data-now="cancelled-`+reason+`"`)
	wantBody(b.t, b.get("/authy/status"), `"status":"cancelled"`, `"reason":"`+reason+`"`)
	if told := b.events().want("cancelled"); told.Reason != reason {
		b.t.Errorf("the waiting page was told %+v", told)
	}
	b.wantOutside()
}

// asksAgain has the phone ring once more, and goes in by it.
func (b *browser) asksAgain(p person) {
	b.t.Helper()
	wantRedirect(b.t, b.post("/login/resend"), "/login/approval", "sent-again")
	events := b.events()
	events.want("pending")
	p.phone.approve(p.phone.pending())
	events.want("approved")
	wantRedirect(b.t, b.post("/confirm-login"), "/protected")
	wantStatus(b.t, b.get("/protected"), http.StatusOK)
}

// wantRetryAfter says when it is worth trying again.
func wantRetryAfter(t testing.TB, got page, wait time.Duration) {
	t.Helper()
	if told := got.Header.Get("Retry-After"); told != fmt.Sprint(wait.Seconds()) {
		t.Errorf("status %d: got Retry-After %q, want %v", got.Status, told, wait)
	}
}
