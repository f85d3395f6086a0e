package store_test

import (
	"fmt"
	"testing"
	"time"

	"nod/store"
)

// bringing is a browser that holds a cookie, "" for none, and may get another.
func bringing(device, next string) store.Client {
	c := browser
	c.Device, c.NewDevice = device, next
	return c
}

// signInFrom walks the whole way in and returns what the browser is known by.
func (w *world) signInFrom(u store.User, c store.Client) string {
	w.t.Helper()
	sess, err := w.store.StartSession(w.t.Context(), u.ID, "", c)
	must(w.t, err)
	w.approve(w.begin(sess))
	in, err := w.store.ConfirmLogin(w.t.Context(), sess.ID, c)
	must(w.t, err)
	if kept := w.session(in.ID).Device; kept != in.Device {
		w.t.Errorf("the session is of the browser %q, its row says %q", in.Device, kept)
	}
	return in.Device
}

func (w *world) wantKnown(u store.User, device string, want bool) {
	w.t.Helper()
	got, err := w.store.KnownDevice(w.t.Context(), u.ID, device)
	must(w.t, err)
	if got != want {
		w.t.Errorf("%s knows the browser %q: %t, want %t", u.Email, device, got, want)
	}
}

func (w *world) devices(u store.User) []store.Device {
	w.t.Helper()
	all, err := w.store.Devices(w.t.Context(), u.ID)
	must(w.t, err)
	return all
}

// Only both steps make a browser known, and each account knows its own.
func TestABrowserIsKnownOnceItHasSignedIn(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.user("ada@example.com"), w.user("bob@example.com")
	began := w.clock.Now()
	sess, err := w.store.StartSession(t.Context(), ada.ID, "", bringing("", "first"))
	must(t, err)
	w.wantKnown(ada, "first", false)
	w.approve(w.begin(sess))
	_, err = w.store.ConfirmLogin(t.Context(), sess.ID, bringing("", "first"))
	must(t, err)
	w.wantKnown(ada, "first", true)
	w.wantKnown(bob, "first", false)
	w.wantKnown(ada, "", false)

	w.clock.Advance(time.Hour)
	if got := w.signInFrom(ada, bringing("first", "second")); got != "first" {
		t.Errorf("a known browser is %q after its next sign-in", got)
	}
	w.wantKnown(ada, "second", false)
	all := w.devices(ada)
	if len(all) != 1 || !all[0].CreatedAt.Equal(began) || !all[0].LastUsedAt.Equal(w.clock.Now()) || all[0].IP != browser.IP || all[0].UserAgent != browser.UserAgent {
		t.Errorf("got %+v", all)
	}
}

// A cookie that the account does not know may be a stranger's, who put it there to
// be taken for the owner: he is left with nothing.
func TestAPlantedCookieMakesNobodyKnown(t *testing.T) {
	w := newWorld(t)
	owner, stranger := w.user("ada@example.com"), w.user("mallory@example.com")
	planted := w.signInFrom(stranger, bringing("", "planted"))
	if got := w.signInFrom(owner, bringing(planted, "own")); got != "own" {
		t.Errorf("the browser goes on as %q", got)
	}
	w.wantKnown(owner, planted, false)
	w.wantKnown(stranger, planted, false)
	// The other accounts of a browser go with it to the new cookie.
	w.wantKnown(owner, "own", true)
	w.wantKnown(stranger, "own", true)
}

func TestAKnownBrowserIsForgotten(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.user("ada@example.com"), w.user("bob@example.com")
	home := w.signInFrom(ada, bringing("", "home"))
	work := w.signInFrom(ada, bringing("", "work"))
	shared := w.signInFrom(bob, bringing("", "shared"))
	id := w.devices(ada)[1].ID
	wantErr(t, "of another account", w.store.RevokeDevice(t.Context(), w.fresh(bob), id, plainly, browser), store.ErrNotFound)
	must(t, w.store.RevokeDevice(t.Context(), w.fresh(ada), id, plainly, browser))
	wantErr(t, "a second time", w.store.RevokeDevice(t.Context(), w.fresh(ada), id, plainly, browser), store.ErrNotFound)
	w.wantKnown(ada, home, false)
	w.wantKnown(ada, work, true)
	if got := w.signInFrom(ada, bringing(home, "anew")); got != "anew" {
		t.Errorf("a browser that was removed goes on as %q", got)
	}

	must(t, w.store.RevokeDevices(t.Context(), w.fresh(ada), browser))
	must(t, w.store.RevokeDevices(t.Context(), w.fresh(ada), browser)) // nothing to remove is nothing to tell
	w.wantKnown(ada, work, false)
	w.wantKnown(ada, "anew", false)
	w.wantKnown(bob, shared, true)
	var removed []string
	for _, kind := range w.events(ada) {
		if kind == "device_removed" || kind == "devices_removed" {
			removed = append(removed, kind)
		}
	}
	wantEqual(t, removed, []string{"device_removed", "devices_removed"})
	wantEqual(t, w.notices(ada), []string{"browsers_removed", "new_browser", "browser_removed", "new_browser"})
}

func TestAClosedAccountKnowsNoBrowser(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.user("ada@example.com"), w.user("bob@example.com")
	first := w.signInFrom(ada, bringing("", "first"))
	device := w.signInFrom(bob, bringing(first, "second"))
	for _, closing := range []struct {
		user store.User
		left bool
	}{{ada, true}, {bob, false}} {
		w.closeAccount(closing.user)
		w.wantKnown(closing.user, device, false)
		left, err := w.store.DeviceInUse(t.Context(), device)
		must(t, err)
		if left != closing.left {
			t.Errorf("an account knows the browser still: %t, want %t", left, closing.left)
		}
	}
	if got := w.number(`SELECT COUNT(*) FROM sessions WHERE device <> ''`); got != 0 {
		t.Errorf("%d sessions still say in which browser they were", got)
	}
}

// A browser that keeps no cookies is a new one every time.
func TestAnAccountKnowsSoManyBrowsers(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	for i := range 52 {
		w.clock.Advance(time.Minute)
		w.signInFrom(ada, bringing("", fmt.Sprint("browser ", i)))
	}
	if got := len(w.devices(ada)); got != 50 {
		t.Errorf("the account knows %d browsers, want 50", got)
	}
	w.wantKnown(ada, "browser 1", false)
	w.wantKnown(ada, "browser 2", true)
}

func TestAnUnusedBrowserIsForgotten(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	device := w.signInFrom(ada, bringing("", "first"))
	w.clock.Advance(store.DeviceLife - time.Second)
	w.wantKnown(ada, device, true)
	w.clock.Advance(time.Second)
	w.wantKnown(ada, device, false)
	if got := w.signInFrom(ada, bringing(device, "second")); got != "second" {
		t.Errorf("a browser that was away for too long goes on as %q", got)
	}
	w.clock.Advance(store.DeviceLife)
	must(t, w.store.Prune(t.Context()))
	if got := w.number(`SELECT COUNT(*) FROM devices`); got != 0 {
		t.Errorf("%d rows are left of browsers that nobody uses", got)
	}
}

// The reply that brought the cookie is lost; its repeat brings another, and the
// browser is on the list once.
func TestARepeatedStepKeepsTheBrowserKnown(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	for _, held := range []string{"", "old"} { // by the browser, before and still
		sent := bringing(held, "lost "+held)
		sent.Form = "form"
		waiting, err := w.store.StartSession(t.Context(), ada.ID, "", sent)
		must(t, err)
		w.approve(w.begin(waiting))
		in, err := w.store.ConfirmLogin(t.Context(), waiting.ID, sent)
		must(t, err)
		sent.NewDevice = "kept " + held
		again, err := w.store.RepeatSignIn(t.Context(), waiting.ID, sent)
		must(t, err)
		if again.Device != sent.NewDevice || w.session(again.ID).Device != sent.NewDevice {
			t.Errorf("the browser is known as %q, want %q", again.Device, sent.NewDevice)
		}
		w.wantKnown(ada, sent.NewDevice, true)
		w.wantKnown(ada, in.Device, false)
	}
	if got := len(w.devices(ada)); got != 2 {
		t.Errorf("the account knows %d browsers, want 2", got)
	}
}

// plainly names a browser by what it says of itself.
func plainly(userAgent string) string { return userAgent }
