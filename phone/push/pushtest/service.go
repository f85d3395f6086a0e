// Package pushtest is a push service for tests, with the browsers behind it.
//
// Owns: what a push service checks (RFC 8030, 8292), what a browser decrypts
// (RFC 8291), both written apart from the sender, and the faults that services have.
// Promises: a request that a real service would refuse is refused; nothing leaves the
// loopback address.
// Never: is part of the product.
package pushtest

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Host is the name of the service: that of the certificates of httptest.
const Host = "push.example.com"

// Service is a push service on a loopback address. It answers under Host alone.
type Service struct {
	t      testing.TB
	server *httptest.Server
	now    func() time.Time

	mu       sync.Mutex
	browsers map[string]*Browser // by the token of their endpoint
	faults   []Fault             // of the next requests
}

// Fault is an answer in the place of the right one, or the right one late.
type Fault struct {
	Status int // 0: the right one
	Header http.Header
	Until  <-chan struct{} // when it answers; nil: at once
}

// Browser is one with a subscription.
type Browser struct {
	Endpoint string
	P256dh   []byte
	Auth     []byte

	key    *ecdh.PrivateKey
	sender string // whose messages it takes: a VAPID key, base64url
	got    chan Received

	firefox *Firefox // that has made it; nil for one of the tests' own
	channel string   // what Firefox calls it
}

// Received is a message that a browser has decrypted.
type Received struct {
	Payload string
	TTL     int // in seconds
	Urgency string
	Topic   string
	Size    int // of the body
	Claims  Claims
}

// New starts a service, which ends with the test.
func New(t testing.TB, now func() time.Time) *Service {
	t.Helper()
	s := &Service{t: t, now: now, browsers: map[string]*Browser{}}
	s.server = httptest.NewUnstartedServer(s)
	s.server.EnableHTTP2 = true
	s.server.StartTLS()
	t.Cleanup(s.server.Close)
	return s
}

// Dial reaches the service, whatever the address.
func (s *Service) Dial(ctx context.Context, network, _ string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, network, s.server.Listener.Addr().String())
}

// Roots hold the service's certificate.
func (s *Service) Roots() *x509.CertPool {
	roots := x509.NewCertPool()
	roots.AddCert(s.server.Certificate())
	return roots
}

// Subscribe makes a browser that takes messages of one sender.
func (s *Service) Subscribe(sender string) *Browser {
	s.t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	b := &Browser{P256dh: key.PublicKey().Bytes(), Auth: []byte(rand.Text())[:16], key: key, sender: sender, got: make(chan Received, 100)}
	b.Endpoint = s.register(b)
	return b
}

// register gives a browser its endpoint.
func (s *Service) register(b *Browser) (endpoint string) {
	token := rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.browsers[token] = b
	return "https://" + Host + endpointPath + token
}

const endpointPath = "/wpush/v2/"

// forget ends the subscription that Firefox calls by a name.
func (s *Service) forget(channel string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.browsers, func(_ string, b *Browser) bool { return b.channel == channel })
}

// UnsubscribeAll ends all subscriptions, and tells no browser.
func (s *Service) UnsubscribeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.browsers)
}

// Unsubscribe ends the subscription of a browser.
func (s *Service) Unsubscribe(b *Browser) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.browsers, b.Endpoint[strings.LastIndexByte(b.Endpoint, '/')+1:])
}

// Next makes the next requests fail, one after the other.
func (s *Service) Next(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, faults...)
}

// Got is the next message that a browser has got.
func (b *Browser) Got(t testing.TB) Received {
	t.Helper()
	return wait(t, b.got, "no message came")
}

// hangLimit ends a test that waits for what never comes.
const hangLimit = 3 * time.Minute

func wait[T any](t testing.TB, from chan T, what string) (got T) {
	t.Helper()
	select {
	case got = <-from:
	case <-time.After(hangLimit):
		t.Fatal(what)
	}
	return got
}

// Quiet says whether no message waits to be read.
func (b *Browser) Quiet() bool { return len(b.got) == 0 }

// ServeHTTP takes a message, RFC 8030.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return
	}
	b, fault := s.find(r.URL.Path)
	if fault.Until != nil {
		select {
		case <-fault.Until:
		case <-r.Context().Done():
			return
		}
	}
	switch {
	case fault.Status != 0:
		for name, values := range fault.Header {
			w.Header()[name] = values
		}
		http.Error(w, "as the test wants it", fault.Status)
	case r.Host != Host || r.Method != http.MethodPost || b == nil:
		http.Error(w, "no such subscription", http.StatusGone)
	default:
		s.deliver(w, r, b, body)
	}
}

// find is whose endpoint a path is, and the fault whose turn it is.
func (s *Service) find(path string) (b *Browser, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.faults) > 0 {
		f, s.faults = s.faults[0], s.faults[1:]
	}
	token, _ := strings.CutPrefix(path, endpointPath)
	return s.browsers[token], f
}

// deliver refuses what a push service refuses, and gives the rest to the browser.
func (s *Service) deliver(w http.ResponseWriter, r *http.Request, b *Browser, body []byte) {
	claims, err := checkVAPID(r.Header.Get("Authorization"), b.sender, "https://"+Host, s.now())
	if err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	ttl, err := strconv.Atoi(r.Header.Get("TTL"))
	topic := r.Header.Get("Topic")
	_, topicErr := base64.RawURLEncoding.DecodeString(strings.Repeat("A", (4-len(topic)%4)%4) + topic)
	switch {
	case err != nil || ttl < 0:
		http.Error(w, "TTL is no number of seconds", http.StatusBadRequest)
		return
	case len(topic) > 32 || topicErr != nil:
		http.Error(w, "Topic is not at most 32 characters of base64url", http.StatusBadRequest)
		return
	case r.Header.Get("Content-Encoding") != "aes128gcm":
		http.Error(w, "the encoding is not aes128gcm", http.StatusUnsupportedMediaType)
		return
	case len(body) > 4096:
		http.Error(w, "more than 4096 bytes", http.StatusRequestEntityTooLarge)
		return
	}
	got := Received{TTL: ttl, Urgency: r.Header.Get("Urgency"), Topic: topic, Size: len(body), Claims: claims}
	if b.firefox != nil {
		b.firefox.notify(b.channel, body, got)
	} else if got.Payload, err = b.open(body); err != nil {
		s.t.Errorf("the browser cannot read the message: %v", err)
		return
	} else {
		b.got <- got
	}
	w.Header().Set("Location", "https://"+Host+"/m/"+rand.Text())
	w.WriteHeader(http.StatusCreated)
}
