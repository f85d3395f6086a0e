package phone_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"nod/locales"
	"nod/phone"
	"nod/phone/push"
	"nod/phone/push/pushtest"
	"nod/signin"
	"nod/store"
)

// woken are phones that a push service wakes.
type woken struct {
	*world
	service *pushtest.Service
	sender  *push.Sender
	counted chan string // what became of each push
}

func newWoken(t *testing.T) *woken {
	t.Helper()
	w := &woken{world: newWorld(t), counted: make(chan string, 100)}
	clock := func() time.Time { return w.now }
	w.service = pushtest.New(t, clock)
	var err error
	w.sender, err = push.New(push.Options{
		Key: w.store.PushKey(), Subject: origin, Hosts: []string{pushtest.Host}, Now: clock, Logger: slog.New(slog.DiscardHandler),
		Dial: w.service.Dial, Roots: w.service.Roots(),
	})
	must(t, err)
	go w.sender.Run(t.Context())
	words, err := locales.New()
	must(t, err)
	w.room, err = phone.New(phone.Config{
		Store: w.store, Pages: w, Origin: origin, Now: clock, Logger: slog.New(slog.DiscardHandler), Push: w.sender, Words: words,
		Pushed: func(outcome string) { w.counted <- outcome },
	})
	must(t, err)
	return w
}

// browser is that of a phone, which has subscribed and told.
func (w *woken) browser(p store.OwnPhone) *pushtest.Browser {
	w.t.Helper()
	now, err := w.room.Pushes(w.t.Context(), p)
	must(w.t, err)
	b := w.service.Subscribe(now.Key)
	must(w.t, w.keep(p, b))
	return b
}

func (w *woken) keep(p store.OwnPhone, b *pushtest.Browser) error {
	return w.room.KeepPushes(w.t.Context(), p, push.Subscription{Endpoint: b.Endpoint, P256dh: b.P256dh, Auth: b.Auth})
}

// becomes waits until a phone is woken as want says.
func (w *woken) becomes(p store.OwnPhone, want phone.Pushes) {
	w.t.Helper()
	var now phone.Pushes
	for w.t.Context().Err() == nil {
		var err error
		now, err = w.room.Pushes(w.t.Context(), p)
		must(w.t, err)
		want.Key = now.Key
		if now == want {
			return
		}
		time.Sleep(time.Millisecond)
	}
	w.t.Fatalf("got %+v, want %+v", now, want)
}

// All phones of a person are woken, with words for a lock screen: no number, no e-mail,
// no amount, nor who is paid.
func TestARequestWakesAllPhones(t *testing.T) {
	w := newWoken(t)
	ada, in := w.account()
	_, pixel := w.phone(in)
	_, iphone := w.phone(in)
	_, eve := w.account()
	_, hers := w.phone(eve)
	browsers := []*pushtest.Browser{w.browser(pixel), w.browser(iphone)}
	other := w.browser(hers)
	a := w.asks(ada)
	var topic string
	for _, b := range browsers {
		got := b.Got(t)
		if got.TTL != 120 || got.Urgency != "high" || len(got.Topic) != 32 {
			t.Errorf("got %+v", got)
		}
		if topic != "" && topic != got.Topic {
			t.Errorf("one person has two topics: %s and %s", topic, got.Topic)
		}
		topic = got.Topic
		want := `{"web_push":8030,"notification":{"title":"Sign in to Nod?","body":"Tap to see who is asking.","navigate":"` + origin + `/phone","tag":"` + topic + `","lang":"en"},` +
			`"worker":{"asked":"` + w.now.UTC().Format("2006-01-02T15:04:05.000Z") + `","deny":"Deny","denied":"Denied. Tap if it wasn’t you.",` +
			`"ended":"That request had ended already.","failed":"Not denied: it couldn’t be sent. Tap to open the page."}}`
		if got.Payload != want {
			t.Errorf("got %s", got.Payload)
		}
		for _, secret := range []string{a.Number, ada.Email, "12.50", "Bob", a.ID} {
			if strings.Contains(got.Payload, secret) {
				t.Errorf("it says %q", secret)
			}
		}
	}
	if !other.Quiet() {
		t.Error("the phone of somebody else was woken")
	}
	w.becomes(pixel, phone.Pushes{Known: true, Outcome: store.PushAccepted})
	if one, two := <-w.counted, <-w.counted; one != "accepted" || two != "accepted" {
		t.Errorf("they were counted as %s and %s", one, two)
	}
}

// A request that is kept waits, and its phones are woken, also where the time of the page
// that has asked is up.
func TestAPhoneIsWokenHoweverLongItsRequestWasWaitedFor(t *testing.T) {
	w := newWoken(t)
	ada, in := w.account()
	_, pixel := w.phone(in)
	b := w.browser(pixel)
	ctx, gone := context.WithCancel(t.Context())
	w.heard = gone
	w.asksWithin(ctx, ada, store.KindLogin)
	b.Got(t)
}

// A new phone is told to those that there are, beside the request that waits there.
func TestANewPhoneIsToldToTheOthers(t *testing.T) {
	w := newWoken(t)
	ada, in := w.account()
	_, pixel := w.phone(in)
	b := w.browser(pixel)
	w.asks(ada)
	asked := b.Got(t)
	w.room.Added(t.Context(), ada.ID, "de")
	got := b.Got(t)
	if !strings.Contains(got.Payload, "Ein Handy wurde") || got.TTL != 24*60*60 || got.Topic == asked.Topic {
		t.Errorf("got %+v", got)
	}
}

func TestAPushSpeaksTheLanguageOfItsOwner(t *testing.T) {
	w := newWoken(t)
	ada, in := w.account()
	_, pixel := w.phone(in)
	b := w.browser(pixel)
	a := w.asks(ada)
	b.Got(t)
	for kind, says := range map[store.Kind]string{
		store.KindLogin: "Bei Nod anmelden?", store.KindConfirm: "Konto ändern?", store.KindTransfer: "Zahlung freigeben?",
	} {
		a.ID = string(kind) // another request, as far as the phone's rows go
		must(t, w.room.Ask(t.Context(), a, signin.Question{Kind: kind, Language: "de", ExpiresAt: w.now.Add(time.Minute)}))
		if got := b.Got(t).Payload; !strings.Contains(got, says) || !strings.Contains(got, `"lang":"de"`) {
			t.Errorf("%s: got %s", kind, got)
		}
	}
}

// What a push service says decides what is kept, and what the page of the phone does
// about it.
func TestWhatBecomesOfAPush(t *testing.T) {
	w := newWoken(t)
	ada, in := w.account()
	_, pixel := w.phone(in)
	w.becomes(pixel, phone.Pushes{})
	b := w.browser(pixel)
	w.becomes(pixel, phone.Pushes{Known: true})
	w.service.Next(pushtest.Fault{Status: 403})
	w.asks(ada)
	w.becomes(pixel, phone.Pushes{Known: true, Outcome: store.PushKeyRefused})
	must(t, w.keep(pixel, b)) // the same again says nothing new
	w.becomes(pixel, phone.Pushes{Known: true, Outcome: store.PushKeyRefused})
	b = w.browser(pixel)
	w.becomes(pixel, phone.Pushes{Known: true})
	w.service.Unsubscribe(b)
	w.asks(ada)
	w.becomes(pixel, phone.Pushes{})
	w.browser(pixel)
	must(t, w.room.KeepPushes(t.Context(), pixel, push.Subscription{}))
	w.becomes(pixel, phone.Pushes{})
}

func TestWhereAPhoneMayNotBeWoken(t *testing.T) {
	w := newWoken(t)
	_, in := w.account()
	_, pixel := w.phone(in)
	now, err := w.room.Pushes(t.Context(), pixel)
	must(t, err)
	b := w.service.Subscribe(now.Key)
	b.Endpoint = "https://169.254.169.254/latest/meta-data"
	if err := w.keep(pixel, b); !errors.Is(err, push.ErrSubscription) {
		t.Errorf("an address inside: got %v", err)
	}
	w.becomes(pixel, phone.Pushes{})
	w.room.Push = nil
	if err := w.keep(pixel, w.service.Subscribe(now.Key)); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("where no phone is woken: got %v", err)
	}
}
