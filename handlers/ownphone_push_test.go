package handlers_test

import (
	"encoding/base64"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"nod/phone/push"
	"nod/phone/push/pushtest"
	"nod/store"
)

// newPushSite is a site whose phones are woken by a push service.
func newPushSite(t *testing.T) (*site, *pushtest.Service) {
	t.Helper()
	clock := newClock()
	service := pushtest.New(t, clock.Now)
	return newSiteAt(t, "localhost", t.TempDir(), clock, func(c *config) {
		c.sender = func(db *store.Store) *push.Sender {
			s, err := push.New(push.Options{
				Key: db.PushKey(), Subject: "mailto:ops@nod.example", Hosts: []string{pushtest.Host}, Now: c.Now, Logger: c.Logger,
				Dial: service.Dial, Roots: service.Roots(),
			})
			must(t, err)
			go s.Run(t.Context())
			return s
		}
	}), service
}

type pushes struct {
	Key     string
	Known   bool
	Outcome string
}

func (h hand) pushes() (now pushes) {
	h.t.Helper()
	if status := h.readJSON("/phone/push", &now); status != http.StatusOK {
		h.t.Fatalf("got %d", status)
	}
	return now
}

// becomes asks until the outcome of a push is noted.
func (h hand) becomes(what string, is func(pushes) bool) {
	h.t.Helper()
	for h.t.Context().Err() == nil {
		if is(h.pushes()) {
			return
		}
	}
	h.t.Fatal(what + ": never")
}

// subscribes is what the page of a phone does once it may show notifications.
func (h hand) subscribes(service *pushtest.Service) *pushtest.Browser {
	h.t.Helper()
	b := service.Subscribe(h.pushes().Key)
	if status := h.sendJSON("/phone/push", subscription(b), nil); status != http.StatusNoContent {
		h.t.Fatalf("the subscription is refused: %d", status)
	}
	return b
}

// subscription is one as PushSubscription.toJSON has it.
func subscription(b *pushtest.Browser) map[string]any {
	text := base64.RawURLEncoding.EncodeToString
	return map[string]any{"endpoint": b.Endpoint, "expirationTime": nil, "keys": map[string]string{"p256dh": text(b.P256dh), "auth": text(b.Auth)}}
}

// A request wakes the phone; what its push service says stands on the account page and in
// /readyz, and decides what the page of the phone does next.
func TestAnOwnPhoneIsWoken(t *testing.T) {
	s, service := newPushSite(t)
	ada := s.account("ada@example.com")
	in := s.browser()
	in.signIn(ada)
	h := in.addsPhone("Pixel")
	wantBody(t, in.get("/protected"), "hears only while its page is open")
	b := h.subscribes(service)
	if page := in.get("/protected").Body; strings.Contains(page, "hears only while its page is open") {
		t.Error("the account page does not know that the phone is woken")
	}
	tab := s.browser()
	tab.waits(ada)
	got := b.Got(t)
	if !strings.Contains(got.Payload, `"navigate":"`+s.url+`/phone"`) || strings.Contains(got.Payload, tab.numberShown()) || strings.Contains(got.Payload, ada.Email) {
		t.Errorf("got %+v", got)
	}
	h.becomes("the outcome is noted", func(now pushes) bool { return now.Outcome == "accepted" })
	wantBody(t, in.get("/readyz"), `"push":{"last_call"`, `"state":"ok"`)

	service.Next(pushtest.Fault{Status: http.StatusForbidden})
	s.browser().waits(ada)
	h.becomes("the refusal is noted", func(now pushes) bool { return now.Outcome == "key_refused" })
	wantBody(t, in.get("/protected"), "the push service refuses them")
	wantBody(t, in.get("/readyz"), `"state":"refuses the key"`)
	if got := in.get("/readyz"); got.Status != http.StatusOK {
		t.Errorf("a push service makes Nod unready: %d", got.Status)
	}

	service.Unsubscribe(b)
	s.browser().waits(ada)
	h.becomes("the subscription is gone", func(now pushes) bool { return !now.Known })
	h.subscribes(service)
	if status := h.sendJSON("/phone/push", map[string]string{}, nil); status != http.StatusNoContent || h.pushes().Known {
		t.Errorf("it cannot be turned off: %d", status)
	}
}

// Only a phone says where it is woken, and only at a push service.
func TestWhoSaysWhereAPhoneIsWoken(t *testing.T) {
	s, service := newPushSite(t)
	ada := s.account("ada@example.com")
	in := s.browser()
	in.signIn(ada)
	h := in.addsPhone("Pixel")
	b := service.Subscribe(h.pushes().Key)
	for _, endpoint := range []string{"http://" + pushtest.Host + "/a", "https://127.0.0.1/a", "https://evil.example/a"} {
		wrong := *b
		wrong.Endpoint = endpoint
		if status := h.sendJSON("/phone/push", subscription(&wrong), nil); status != http.StatusUnprocessableEntity {
			t.Errorf("%s: got %d", endpoint, status)
		}
	}
	for _, body := range []any{map[string]string{"endpoint": b.Endpoint}, map[string]any{"endpoint": b.Endpoint, "keys": map[string]string{"p256dh": "!", "auth": "?"}}} {
		if status := h.sendJSON("/phone/push", body, nil); status != http.StatusUnprocessableEntity {
			t.Errorf("%v: got %d", body, status)
		}
	}
	if status, _ := h.send("/phone/push", "https://evil.example", "application/json", subscription(b)); status != http.StatusForbidden {
		t.Errorf("another site: got %d", status)
	}
	if status, _ := h.send("/phone/push", s.url, "text/plain", subscription(b)); status != http.StatusUnsupportedMediaType {
		t.Errorf("a form: got %d", status)
	}
	signedIn := hand{in, h.keys}
	if status := signedIn.sendJSON("/phone/push", subscription(b), nil); status != http.StatusUnauthorized {
		t.Errorf("a signed-in browser: got %d", status)
	}
	if got := in.get("/phone/push"); got.Status != http.StatusUnauthorized {
		t.Errorf("a signed-in browser reads: got %d", got.Status)
	}
	if h.pushes().Known {
		t.Error("something was kept")
	}
	if status := h.sendJSON("/phone/push", subscription(b), nil); status != http.StatusNoContent {
		t.Errorf("the phone itself: got %d", status)
	}
}

// Where push services cannot be told who asks, no phone is woken, and its page says
// nothing of it.
func TestASiteThatWakesNoPhones(t *testing.T) {
	s, _, in, h := withOwnPhone(t)
	if now := h.pushes(); now != (pushes{}) {
		t.Errorf("got %+v", now)
	}
	service := pushtest.New(t, s.clock.Now)
	if status := h.sendJSON("/phone/push", subscription(service.Subscribe("")), nil); status != http.StatusNotFound {
		t.Errorf("got %d", status)
	}
	if page := in.get("/protected").Body; strings.Contains(page, "hears only while its page is open") {
		t.Error("the account page speaks of it")
	}
	if got := in.get("/readyz").Body; strings.Contains(got, `"push"`) {
		t.Errorf("/readyz says %s", got)
	}
}

// What makes an app of the phone's page: a worker for all pages of phones and no others,
// and a manifest that begins there.
func TestThePageOfAPhoneIsAnApp(t *testing.T) {
	s := newOwnSite(t)
	b := s.browser()
	wantBody(t, b.get("/phone"), `<link rel="manifest" href="/static/phone.webmanifest">`)
	worker := b.get("/phone/worker.js")
	if worker.Header.Get("Service-Worker-Allowed") != "/phone" || !strings.HasPrefix(worker.Header.Get("Content-Type"), "text/javascript") {
		t.Errorf("the worker comes with %v", worker.Header)
	}
	if !regexp.MustCompile(`\n// [0-9a-f]{16}\n$`).MatchString(worker.Body) {
		t.Error("the worker stays the same when another script changes")
	}
	kept := regexp.MustCompile(`const KEPT = \[OFFLINE, (.*)\];`).FindStringSubmatch(worker.Body)
	for path := range strings.SplitSeq(kept[1], ", ") {
		wantStatus(t, b.get(strings.Trim(path, `"`)), http.StatusOK)
	}
	if offline := b.get("/phone/offline"); offline.Status != http.StatusOK || strings.Contains(offline.Body, "_csrf") {
		t.Errorf("what is kept for when there is no network: %d %s", offline.Status, offline.Body)
	}
	manifest := b.get("/static/phone.webmanifest")
	if kind := manifest.Header.Get("Content-Type"); kind != "application/manifest+json" {
		t.Errorf("the manifest is %s", kind)
	}
	if !strings.Contains(manifest.Header.Get("Content-Security-Policy"), "manifest-src 'self'") {
		t.Error("no page may have a manifest")
	}
	for _, name := range []string{"/static/phone-192.png", "/static/phone-512.png"} {
		wantBody(t, manifest, `"`+name+`"`)
		if got := b.get(name); got.Status != http.StatusOK || got.Header.Get("Content-Type") != "image/png" {
			t.Errorf("%s: %d, %s", name, got.Status, got.Header.Get("Content-Type"))
		}
	}
}
