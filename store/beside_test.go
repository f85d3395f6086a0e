package store_test

import (
	"testing"

	"nod/store"
)

// A tap on the phone with the number decides what one's own phones are asked where its
// owner wants that, and nowhere else.
func TestATapBesideAnOwnPhone(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	ada, eve := w.user("ada@example.com"), w.user("eve@example.com")
	turn := func(u store.User, on bool) error { return w.store.AskBeside(ctx, w.fresh(u), on, browser) }
	wantErr(t, "a phone that is not proved", turn(ada, true), store.ErrNotFound)
	w.signIn(ada)
	w.signIn(eve)
	must(t, turn(ada, true))
	if _, err := w.store.Beside(ctx, ada.ID); err == nil {
		t.Error("it is on without a phone of one's own")
	}
	pixel := w.own(ada, "Pixel")
	number, hers := w.phone(ada).Handle, w.phone(eve).Handle
	tap := func(a store.Approval, handle string) error {
		_, _, err := w.store.Decide(ctx, store.Decision{ApprovalID: a.ID, UUID: "uuid-of-" + a.ID, Handle: handle, Status: store.Approved, Via: store.ViaCallback})
		return err
	}
	wantErr(t, "it is off", tap(w.askOwn(ada), number), store.ErrNotFound)
	must(t, turn(ada, true))
	told, _, err := w.store.UnreadNotices(ctx, store.Session{UserID: ada.ID}, 10)
	must(t, err)
	if told[0].Kind != store.NoticeFactorAdded || told[0].Detail != ada.PhoneNumber {
		t.Errorf("the owner was told %+v", told)
	}
	w.own(eve, "Nokia")
	must(t, turn(eve, true))
	asked := w.askOwn(ada)
	wantErr(t, "another account's number", tap(asked, hers), store.ErrNotFound)
	must(t, tap(asked, number))
	if got := w.approval(asked.ID); got.Status != store.Approved {
		t.Errorf("then it is %+v", got)
	}
	// Whose phone answers first, also once the provider's id is known.
	second := w.askOwn(ada)
	must(t, w.attachUUID(second.ID, "uuid-of-"+second.ID))
	if _, applied := w.answerOwn(pixel.says(second, store.Denied)); !applied {
		t.Error("the own phone's answer does not count")
	}
	must(t, tap(second, number))
	if got := w.approval(second.ID); got.Status != store.Denied {
		t.Errorf("a late tap makes it %s", got.Status)
	}
	must(t, turn(ada, false))
	third := w.askOwn(ada)
	wantErr(t, "off again", tap(third, number), store.ErrNotFound)
	must(t, turn(ada, true))
	must(t, err2(w.store.RevokeOwnPhone(ctx, w.fresh(ada), pixel.ID, browser)))
	w.own(ada, "iPhone")
	if _, err := w.store.Beside(ctx, ada.ID); err == nil {
		t.Error("it outlives the phones of one's own")
	}
}
