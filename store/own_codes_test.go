package store_test

import (
	"testing"

	"nod/store"
)

// A new phone that got no reply comes again, and gets another cookie: until it is
// confirmed or refused, with the same keys, while its code is good.
func TestANewPhoneComesAgain(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	ada := w.user("ada@example.com")
	keys := store.OwnPhone{Name: "Pixel", DeviceKey: []byte("device"), PasskeyKey: []byte("p"), Credential: []byte("c")}
	code := w.phoneCode(ada)
	e, err := w.store.BeginEnrolment(ctx, code, browser)
	must(t, err)
	first, err := w.store.Enrol(ctx, code, e, keys, "lost")
	must(t, err)
	open, err := w.store.OpenEnrolment(ctx, code, keys.DeviceKey, browser)
	must(t, err)
	again, err := w.store.Enrol(ctx, code, open, keys, "cookie")
	must(t, err)
	if got := w.ownPhoneOf("cookie"); again.ID != first.ID || got.ID != first.ID {
		t.Errorf("the same keys are the phones %s, %s and %s", first.ID, again.ID, got.ID)
	}
	wantErr(t, "the cookie before", err2(w.store.OwnPhoneOf(ctx, "lost")), store.ErrNotFound)
	wantErr(t, "another phone", err2(w.store.OpenEnrolment(ctx, code, []byte("another"), browser)), store.ErrWrongCode)
	comes := func(what string, change func(e *store.Enrolment, p *store.OwnPhone)) {
		t.Helper()
		e, p := open, keys
		change(&e, &p)
		wantErr(t, what, err2(w.store.Enrol(ctx, code, e, p, "another cookie")), store.ErrWrongCode)
	}
	comes("another device key", func(_ *store.Enrolment, p *store.OwnPhone) { p.DeviceKey = []byte("another") })
	comes("another passkey", func(_ *store.Enrolment, p *store.OwnPhone) { p.Credential = []byte("another") })
	comes("another enrolment", func(e *store.Enrolment, _ *store.OwnPhone) { e.Challenge = "another" })
	ends := func(what string, end func(sessionID string) error) {
		t.Helper()
		w.as(ada, end)
		comes(what, func(*store.Enrolment, *store.OwnPhone) {})
		wantErr(t, what, err2(w.store.OpenEnrolment(ctx, code, keys.DeviceKey, browser)), store.ErrWrongCode)
	}
	ends("confirmed", func(id string) error { return w.store.ConfirmOwnPhone(ctx, id, first.ID, browser) })

	code, keys.Credential = w.phoneCode(ada), []byte("refused")
	open, err = w.store.BeginEnrolment(ctx, code, browser)
	must(t, err)
	refused, err := w.store.Enrol(ctx, code, open, keys, "refused")
	must(t, err)
	ends("refused", func(id string) error { return err2(w.store.RevokeOwnPhone(ctx, id, refused.ID, browser)) })

	code, keys.Credential = w.phoneCode(ada), []byte("late")
	open, err = w.store.BeginEnrolment(ctx, code, browser)
	must(t, err)
	must(t, err2(w.store.Enrol(ctx, code, open, keys, "late")))
	w.clock.Advance(store.PhoneCodeLife)
	comes("too late", func(*store.Enrolment, *store.OwnPhone) {})
}
