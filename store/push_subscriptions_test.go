package store_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"nod/store"
)

// wokenAt keeps where a phone is woken.
func (w *world) wokenAt(p ownPhone, endpoint string) store.PushSubscription {
	w.t.Helper()
	sub := store.PushSubscription{PhoneID: p.ID, Endpoint: endpoint, P256dh: []byte("key of " + endpoint), Auth: []byte("secret")}
	must(w.t, w.store.KeepPushSubscription(w.t.Context(), sub))
	return sub
}

// woken are the endpoints at which the phones of a user are woken.
func (w *world) woken(u store.User) (endpoints []string) {
	w.t.Helper()
	subs, err := w.store.PushSubscriptions(w.t.Context(), u.ID)
	must(w.t, err)
	for _, s := range subs {
		endpoints = append(endpoints, s.Endpoint)
	}
	return endpoints
}

func (w *world) notePush(s store.PushSubscription, o store.PushOutcome) {
	w.t.Helper()
	must(w.t, w.store.NotePush(w.t.Context(), s, o))
}

// A phone is woken at one place, the last that it has told; only while it counts.
func TestWhereAPhoneIsWoken(t *testing.T) {
	w := newWorld(t)
	ada, eve := w.signUp("ada@example.com", password), w.signUp("eve@example.com", password)
	first := w.own(ada, "Pixel")
	w.clock.Advance(time.Second)
	second := w.own(ada, "iPhone")
	w.wokenAt(w.own(eve, "Eve's"), "https://push.example/eve")
	old := w.wokenAt(first, "https://push.example/1")
	w.notePush(old, store.PushKeyRefused)
	w.wokenAt(first, "https://push.example/1")
	if got, err := w.store.PushSubscriptionOf(t.Context(), first.ID); err != nil || got.Outcome != store.PushKeyRefused || got.OutcomeAt.IsZero() {
		t.Errorf("the same again: got %+v, %v", got, err)
	}
	w.wokenAt(first, "https://push.example/2")
	if got, err := w.store.PushSubscriptionOf(t.Context(), first.ID); err != nil || got.Outcome != "" || !got.OutcomeAt.IsZero() || string(got.P256dh) != "key of https://push.example/2" {
		t.Errorf("another one: got %+v, %v", got, err)
	}
	// What is said of the one before comes late.
	w.notePush(old, store.PushGone)
	w.notePush(old, store.PushRefused)
	w.wokenAt(second, "https://push.example/3")
	if got := w.woken(ada); !slices.Equal(got, []string{"https://push.example/2", "https://push.example/3"}) {
		t.Errorf("woken at %v", got)
	}
	now, err := w.store.PushSubscriptionOf(t.Context(), first.ID)
	must(t, err)
	w.notePush(now, store.PushAccepted)
	if got, err := w.store.PushSubscriptionOf(t.Context(), first.ID); err != nil || got.Outcome != store.PushAccepted {
		t.Errorf("got %+v, %v", got, err)
	}
	w.notePush(now, store.PushGone)
	if got := w.woken(ada); !slices.Equal(got, []string{"https://push.example/3"}) {
		t.Errorf("after one is gone: woken at %v", got)
	}
	must(t, w.store.ForgetPushSubscription(t.Context(), second.ID))
	must(t, w.store.ForgetPushSubscription(t.Context(), second.ID))
	if got := w.woken(ada); got != nil {
		t.Errorf("after it was turned off: woken at %v", got)
	}
}

// Nobody learns where a phone was woken that was removed, and it is woken no more.
func TestAPhoneThatWasRemovedIsNotWoken(t *testing.T) {
	w := newWorld(t)
	ada := w.signUp("ada@example.com", password)
	kept, lost, waits := w.own(ada, "Pixel"), w.own(ada, "iPhone"), w.enrolled(ada, "iPad")
	for _, p := range []ownPhone{kept, lost, waits} {
		w.wokenAt(p, "https://push.example/"+p.Name)
	}
	if got := w.woken(ada); len(got) != 2 {
		t.Errorf("before it is confirmed: woken at %v", got)
	}
	w.as(ada, func(id string) error {
		_, err := w.store.RevokeOwnPhone(t.Context(), id, lost.ID, browser)
		return err
	})
	if got := w.woken(ada); !slices.Equal(got, []string{"https://push.example/Pixel"}) {
		t.Errorf("woken at %v", got)
	}
	if _, err := w.store.PushSubscriptionOf(t.Context(), lost.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the place is kept: %v", err)
	}
	sub := store.PushSubscription{PhoneID: lost.ID, Endpoint: "https://push.example/again"}
	if err := w.store.KeepPushSubscription(t.Context(), sub); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a phone that was removed: got %v", err)
	}
	w.as(ada, func(id string) error {
		_, err := w.store.CloseAccount(t.Context(), id)
		return err
	})
	if _, err := w.store.PushSubscriptionOf(t.Context(), kept.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("of a closed account: %v", err)
	}
}

// The key that signs pushes is that of the secret key, and no other.
func TestTheKeyOfPushesIsMadeOfTheSecretKey(t *testing.T) {
	open := func(secret string) *store.Store {
		t.Helper()
		s, err := store.Open(t.Context(), t.TempDir()+"/nod.db", store.Options{SecretKey: []byte(secret)})
		must(t, err)
		t.Cleanup(func() { must(t, s.Close()) })
		return s
	}
	const one, two = "the first secret key of this test, long enough", "the second secret key of this test, long enough"
	topic := open(one).PushTopic("pushes", 1)
	if topic != open(one).PushTopic("pushes", 1) || topic == open(two).PushTopic("pushes", 1) || topic == open(one).PushTopic("pushes", 2) || topic == open(one).PushTopic("news", 1) {
		t.Errorf("a topic is not that of the secret key and the user")
	}
	if !open(one).PushKey().Equal(open(one).PushKey()) || open(one).PushKey().Equal(open(two).PushKey()) {
		t.Error("the key is another one than the secret says")
	}
}
