package push_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"nod/phone/push"
	"nod/phone/push/pushtest"
)

// world is a sender, and the push service that it asks.
type world struct {
	t       *testing.T
	service *pushtest.Service
	sender  *push.Sender
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, service: pushtest.New(t, time.Now)}
	w.sender = w.newSender()
	return w
}

// newSender is one with a key of its own.
func (w *world) newSender() *push.Sender {
	w.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(w.t, err)
	s, err := push.New(push.Options{
		Key: key, Subject: "https://nod.example.com", Hosts: []string{pushtest.Host}, Logger: slog.New(slog.DiscardHandler),
		Dial: w.service.Dial, Roots: w.service.Roots(),
	})
	must(w.t, err)
	go s.Run(w.t.Context())
	return s
}

func (w *world) subscribe() *pushtest.Browser {
	w.t.Helper()
	key, err := w.sender.PublicKey()
	must(w.t, err)
	return w.service.Subscribe(key)
}

// send is what becomes of a message to a browser.
func (w *world) send(by *push.Sender, to *pushtest.Browser, m push.Message) push.Outcome {
	w.t.Helper()
	got := make(chan push.Outcome, 1)
	m.Expires = time.Now().Add(2 * time.Minute)
	must(w.t, by.Send(push.Subscription{Endpoint: to.Endpoint, P256dh: to.P256dh, Auth: to.Auth}, m, func(o push.Outcome) { got <- o }))
	return <-got
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A message gets to its browser as all the standards say, and its size says nothing.
func TestAMessageArrives(t *testing.T) {
	w := newWorld(t)
	phone := w.subscribe()
	payload, err := push.Notification{Title: "Sign in?", Body: "Tap to see.", Navigate: "https://nod.example.com/phone", Tag: "request", Lang: "en"}.Payload()
	must(t, err)
	for _, text := range []string{string(payload), "", "short"} {
		if o := w.send(w.sender, phone, push.Message{Payload: []byte(text), Topic: "a-topic_of_32_characters_in_all_"}); o != push.Accepted {
			t.Fatalf("got %s", o)
		}
		got := phone.Got(t)
		if got.Payload != text || got.Urgency != "high" || got.Topic != "a-topic_of_32_characters_in_all_" || got.Size != 4096 {
			t.Errorf("got %+v", got)
		}
		if got.TTL < 60 || got.TTL > 120 {
			t.Errorf("it may wait for %d seconds, want what is left of two minutes", got.TTL)
		}
		if got.Claims.Subject != "https://nod.example.com" {
			t.Errorf("it claims %+v", got.Claims)
		}
	}
	const want = `{"web_push":8030,"notification":{"title":"Sign in?","body":"Tap to see.","navigate":"https://nod.example.com/phone","tag":"request","lang":"en"}}`
	if string(payload) != want {
		t.Errorf("got %s", payload)
	}
	if state, at := w.sender.Health(); state != "ok" || at.IsZero() {
		t.Errorf("health is %q at %v", state, at)
	}
}

func TestTheLongestMessage(t *testing.T) {
	w := newWorld(t)
	phone := w.subscribe()
	longest := make([]byte, push.MaxPayload)
	longest[push.MaxPayload-1] = 'x'
	if o := w.send(w.sender, phone, push.Message{Payload: longest}); o != push.Accepted || phone.Got(t).Payload != string(longest) {
		t.Errorf("got %s", o)
	}
	to := push.Subscription{Endpoint: phone.Endpoint, P256dh: phone.P256dh, Auth: phone.Auth}
	if err := w.sender.Send(to, push.Message{Payload: append(longest, 'x')}, nil); err == nil {
		t.Error("one byte more was taken")
	}
}

// Each refusal means one thing.
func TestWhatAPushServiceRefuses(t *testing.T) {
	w := newWorld(t)
	phone, other := w.subscribe(), w.subscribe()
	elsewhere := http.Header{"Location": {other.Endpoint}}
	for _, test := range []struct {
		fault  pushtest.Fault
		want   push.Outcome
		health string
	}{
		{pushtest.Fault{Status: http.StatusGone}, push.Gone, "ok"},
		{pushtest.Fault{Status: http.StatusNotFound}, push.Gone, "ok"},
		{pushtest.Fault{Status: http.StatusForbidden}, push.KeyRefused, "refuses the key"},
		{pushtest.Fault{Status: http.StatusUnauthorized}, push.KeyRefused, "refuses the key"},
		{pushtest.Fault{Status: http.StatusRequestEntityTooLarge}, push.Refused, "refuses messages"},
		{pushtest.Fault{Status: http.StatusBadRequest}, push.Refused, "refuses messages"},
		{pushtest.Fault{Status: http.StatusTemporaryRedirect, Header: elsewhere}, push.Refused, "refuses messages"},
		{pushtest.Fault{Status: http.StatusFound, Header: elsewhere}, push.Refused, "refuses messages"},
		{pushtest.Fault{Status: http.StatusOK}, push.Accepted, "ok"},
	} {
		w.service.Next(test.fault)
		o := w.send(w.sender, phone, push.Message{})
		if state, _ := w.sender.Health(); o != test.want || state != test.health {
			t.Errorf("%d: got %s and health %q, want %s and %q", test.fault.Status, o, state, test.want, test.health)
		}
	}
	if !phone.Quiet() || !other.Quiet() {
		t.Error("a phone got a message")
	}
}

// A subscription takes messages of the key that it was made for, and no others.
func TestAnotherKeyIsRefused(t *testing.T) {
	w := newWorld(t)
	phone := w.subscribe()
	if o := w.send(w.newSender(), phone, push.Message{}); o != push.KeyRefused {
		t.Errorf("another key: got %s", o)
	}
	w.service.Unsubscribe(phone)
	if o := w.send(w.sender, phone, push.Message{}); o != push.Gone {
		t.Errorf("after the end of the subscription: got %s", o)
	}
}

// Without the tests' dialer a loopback address is not reached, whatever the list says.
func TestTheProductReachesNoLoopbackAddress(t *testing.T) {
	w := newWorld(t)
	o := w.sender.Options
	o.Dial, o.Hosts = nil, []string{"localhost"}
	s, err := push.New(o)
	must(t, err)
	go s.Run(t.Context())
	phone := w.subscribe()
	phone.Endpoint = "https://localhost/wpush/v2/token"
	if o := w.send(s, phone, push.Message{}); o != push.Refused {
		t.Errorf("got %s", o)
	}
}

func TestASubjectIsAnAddress(t *testing.T) {
	w := newWorld(t)
	o := w.sender.Options
	for _, subject := range []string{"", "http://nod.example.com", "nod.example.com"} {
		o.Subject = subject
		if _, err := push.New(o); err == nil {
			t.Errorf("%q was taken", subject)
		}
	}
}
