package handlers_test

import (
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"nod/phone/phonetest"
	"nod/store"
)

// A connection ends with the signature that it was opened by, and the page signs again.
func TestAPhoneHearsAsLongAsItsSignatureIsGood(t *testing.T) {
	s, _, _, h := withOwnPhone(t)
	live := h.listens()
	s.clock.Advance(15*time.Minute - time.Second)
	must(t, s.flow.Sweep(t.Context()))
	s.clock.Advance(time.Second)
	must(t, s.flow.Sweep(t.Context()))
	live.told()
	live.ends(t)
	signed := phonetest.Digest("nod renewal 1", s.url, h.status().Challenge)
	if status := h.sendJSON("/phone/renew", map[string]any{"signature": h.keys.Sign(signed)}, nil); status != http.StatusOK {
		t.Errorf("got %d", status)
	}
	again := h.listens()
	must(t, s.flow.Sweep(t.Context()))
	b := s.browser()
	b.passPassword(person{Email: "ada@example.com"})
	again.told()
}

func TestARevokedPhoneIsToldSo(t *testing.T) {
	s, ada, in, h := withOwnPhone(t)
	live := h.listens()
	b := s.browser()
	waits := b.waits(ada)
	live.told()
	asked := h.pending()
	id := phoneID.FindStringSubmatch(in.get("/protected").Body)[1]
	wantRedirect(t, in.post("/account/phones/remove", "id", id), "/protected", "own-phone-removed")
	live.told()
	live.ends(t) // it may be told of its request's end before
	waits.want("cancelled")
	wantBody(t, b.get("/login/approval"), words("approval.phone_gone.title"))
	if got := h.status().Status; got != "revoked" {
		t.Errorf("the phone is told %q", got)
	}
	if status, _ := h.answers(asked, "approved", "123456"); status != http.StatusUnauthorized {
		t.Errorf("its answer: got %d", status)
	}
}

// Of a phone whose account is closed nothing is kept. It is told that at once, and not that
// it has lost something.
func TestThePhoneOfAClosedAccountBelongsToNobody(t *testing.T) {
	s, _, in, h := withOwnPhone(t)
	if got := (hand{browser: s.browser()}).status().Status; got != "none" {
		t.Errorf("a stranger is told %q", got)
	}
	live := h.listens()
	wantRedirect(t, in.post("/account/close", "password", goodPassword), "/", "account-closed")
	live.ends(t)
	if got := h.status(); got.Status != "unknown" || got.Name != "" {
		t.Errorf("the phone is told %+v", got)
	}
	wantStatus(t, h.get("/phone/requests"), http.StatusUnauthorized)
}

// So it is where an operator closes the account, in another process.
func TestThePhoneOfAnAccountThatTheOperatorCloses(t *testing.T) {
	s, ada, _, h := withOwnPhone(t)
	live := h.listens()
	operator, err := store.Open(t.Context(), filepath.Join(s.dir, "nod.db"), store.Options{Existing: true, Now: s.clock.Now})
	must(t, err)
	defer operator.Close()
	user, err := operator.AccountOf(t.Context(), ada.Email)
	must(t, err)
	must(t, operator.CloseAccountOf(t.Context(), user.ID))
	must(t, s.flow.Sweep(t.Context()))
	live.ends(t)
	if got := h.status().Status; got != "unknown" {
		t.Errorf("the phone is told %q", got)
	}
}
