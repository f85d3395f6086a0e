package store_test

import (
	"testing"
	"time"

	"nod/store"
)

// from is a browser at an address.
func from(c store.Client, ip string) store.Client {
	c.IP = ip
	return c
}

func TestTheOwnerIsToldOfANewBrowser(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	w.signInFrom(ada, bringing("", "first"))
	w.signInFrom(ada, bringing("first", "not needed"))
	wantEqual(t, w.notices(ada), nil) // the first sign-in is no news, nor is the same browser
	other := bringing("", "second")
	other.UserAgent, other.Place, other.IP = "Other/2.0", "Bogotá, Colombia", "198.51.100.9"
	w.signInFrom(ada, other)
	wantEqual(t, w.notices(ada), []string{"new_browser"})
	if n := w.newestNotice(ada); n.UserAgent != other.UserAgent || n.Place != other.Place || n.IP != other.IP || n.SessionID == "" {
		t.Errorf("got %+v", n)
	}
	// Nothing of its sessions is kept after some weeks, but its browsers are known.
	w.clock.Advance(40 * 24 * time.Hour)
	_, err := w.store.EndOverdue(t.Context())
	must(t, err)
	w.clock.Advance(40 * 24 * time.Hour)
	must(t, w.store.Prune(t.Context()))
	w.signInFrom(ada, from(bringing("first", ""), "203.0.113.1"))
	w.signInFrom(ada, from(bringing("", "third"), "203.0.113.1"))
	wantEqual(t, w.notices(ada), []string{"new_browser", "new_browser"})
}

func TestTheOwnerIsToldOfANewNetwork(t *testing.T) {
	for _, test := range []struct{ before, now, want string }{
		{"192.0.2.7", "192.0.2.250", ""},
		{"192.0.2.7", "192.0.3.7", "new_network"},
		{"2001:db8:1:2::3", "2001:db8:1:ffff::4", ""},
		{"2001:db8:1:2::3", "2001:db8:2:2::3", "new_network"},
		{"192.0.2.7", "::ffff:192.0.2.8", ""},
	} {
		w := newWorld(t)
		ada := w.user("ada@example.com")
		w.signInFrom(ada, from(bringing("", "first"), test.before))
		w.signInFrom(ada, from(bringing("first", ""), test.now))
		var want []string
		if test.want != "" {
			want = []string{test.want}
		}
		wantEqual(t, w.notices(ada), want)
		w.signInFrom(ada, from(bringing("first", ""), test.now))
		wantEqual(t, w.notices(ada), want) // told once
	}
}

// A browser of before is no news only because it has no cookie yet.
func TestUpgradeTellsNobodyOfTheirOwnBrowser(t *testing.T) {
	w := oldWorld(t)
	ada := store.User{ID: 1}
	agent := w.session("TFFGUN5NXVOQGOINXMGMORMVXN").UserAgent
	same := from(bringing("", "first"), "127.0.0.1")
	same.UserAgent = agent
	w.signInFrom(ada, same)
	wantEqual(t, w.notices(ada), nil)
	other := from(bringing("", "second"), "127.0.0.1")
	other.UserAgent = "Other/2.0"
	w.signInFrom(ada, other)
	wantEqual(t, w.notices(ada), []string{"new_browser"})
}
