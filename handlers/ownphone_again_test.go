package handlers_test

import (
	"net/http"
	"strings"
	"testing"

	"nod/phone/phonetest"
)

// The reply to a new phone is lost: it sends the same again, and is the one phone that
// waits. Once that is confirmed, or with other keys, the code is used up.
func TestANewPhoneSendsTheSameAgain(t *testing.T) {
	s := newOwnSite(t)
	in := s.browser()
	in.signIn(s.account("ada@example.com"))
	code := in.phoneCode()
	h := hand{s.browser(), phonetest.New(s.url, "localhost")}
	sent := h.made(code, "Pixel")
	lost := hand{s.browser(), h.keys} // the browser without the cookie of the reply
	if status := lost.finishes(sent); status != http.StatusOK {
		t.Fatalf("the phone is refused: %d", status)
	}
	for range 7 { // more often than wrong codes may come
		if status := h.finishes(sent); status != http.StatusOK {
			t.Fatalf("the same again is refused: %d", status)
		}
	}
	if got := h.status(); got.Status != "waiting" || got.Name != "Pixel" {
		t.Errorf("then the phone stands %+v", got)
	}
	if got := lost.status(); got.Status != "unknown" {
		t.Errorf("the cookie before is good for %+v", got)
	}
	if n := strings.Count(in.get("/account/phones").Body, `name="id" value=`); n != 2 { // yes and no
		t.Errorf("%d buttons are about phones that wait, want 2", n)
	}
	other := hand{s.browser(), phonetest.New(s.url, "localhost")}
	stolen := sent
	stolen.DeviceKey = other.keys.DeviceKey()
	if status := other.finishes(stolen); status != http.StatusUnprocessableEntity {
		t.Errorf("another device key: got %d", status)
	}
	forged := sent
	forged.Signature = other.keys.Sign([]byte("anything"))
	if status := other.finishes(forged); status != http.StatusForbidden {
		t.Errorf("the same without its signature: got %d", status)
	}
	wantRedirect(t, in.confirms("Pixel"), "/protected", "own-phone-first")
	if status := other.finishes(sent); status != http.StatusUnprocessableEntity {
		t.Errorf("once it is confirmed: got %d", status)
	}
	if got := h.status(); got.Status != "ready" {
		t.Errorf("in the end the phone stands %+v", got)
	}
}
