package command

import (
	"bytes"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	collected "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// collector takes traces as OpenTelemetry's does.
type collector struct {
	mu    sync.Mutex
	raw   bytes.Buffer
	spans []*trace.Span
}

// newCollector has the environment name it.
func newCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var all collected.ExportTraceServiceRequest
		if err == nil {
			err = proto.Unmarshal(body, &all)
		}
		if err != nil || r.URL.Path != "/v1/traces" || r.Header.Get("Authorization") != "hush-hush" {
			t.Errorf("the collector was sent %s: %v", r.URL.Path, err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.raw.Write(body)
		for _, of := range all.ResourceSpans {
			for _, scope := range of.ScopeSpans {
				c.spans = append(c.spans, scope.Spans...)
			}
		}
	}))
	t.Cleanup(server.Close)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=hush-hush")
	return c
}

// span is the first of a name, once the program has ended.
func (c *collector) span(t *testing.T, name string) *trace.Span {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	var names []string
	for _, span := range c.spans {
		if span.Name == name {
			return span
		}
		names = append(names, span.Name)
	}
	t.Fatalf("there is no span %q in %q", name, names)
	return nil
}

// The collector that the environment names hears of each request and each call to the
// provider, how they belong together, and nothing of what is in them.
func TestACollectorIsToldOfRequests(t *testing.T) {
	c := newCollector(t)
	p := start(t, lastWords, nil)
	ada := p.person()
	get(t, p.url+"/no/such/page?secret=canary")
	site, err := url.Parse(p.url)
	must(t, err)
	secrets := []string{"ada@example.com", "Ada", "2015550101", "correct horse", "canary", "hush", "127.0.0.1", "no/such"}
	for _, cookie := range ada.Jar.Cookies(site) {
		secrets = append(secrets, cookie.Value)
	}
	p.end()

	signUp, asked := c.span(t, "POST /signup"), c.span(t, "authy request approval")
	if !bytes.Equal(asked.TraceId, signUp.TraceId) || !bytes.Equal(asked.ParentSpanId, signUp.SpanId) {
		t.Error("the phone was not asked within the sign-up")
	}
	for _, name := range []string{"GET /login/approval", "POST /authy/callback", "POST /confirm-login"} {
		c.span(t, name)
	}
	if lost := c.span(t, "GET").Attributes; !strings.Contains(lost[len(lost)-1].String(), "404") {
		t.Errorf("a page that is not there: %v", lost)
	}
	for _, secret := range secrets {
		if bytes.Contains(c.raw.Bytes(), []byte(secret)) {
			t.Errorf("the collector was told %q", secret)
		}
	}
}

// A proxy of ours says which trace a request belongs to, and nobody else does.
func TestOnlyAProxyNamesTheTrace(t *testing.T) {
	const trace = "0af7651916cd43dd8448eb211c80319c"
	for _, proxies := range []string{"127.0.0.1", "10.0.0.1"} {
		c := newCollector(t)
		p := start(t, lastWords, nil, "TRUSTED_PROXIES", proxies)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url+"/healthz", nil)
		must(t, err)
		req.Header.Set("traceparent", "00-"+trace+"-b7ad6b7169203331-01")
		status(t, req)
		p.end()
		if joined := hex.EncodeToString(c.span(t, "GET /healthz").TraceId) == trace; joined != (proxies == "127.0.0.1") {
			t.Errorf("TRUSTED_PROXIES=%s: in the trace that was named: %t", proxies, joined)
		}
	}
}

// A collector that is not there is no reason not to serve, nor not to stop in order.
func TestWithoutItsCollectorNodGoesOn(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
	p := start(t, lastWords, nil)
	if got := get(t, p.url+"/healthz").StatusCode; got != http.StatusOK {
		t.Errorf("got %d", got)
	}
	p.end()
}
