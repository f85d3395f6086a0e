package store_test

import (
	"errors"
	"testing"
	"time"

	"nod/store"
)

var rent = store.Transfer{Payee: "Grace Hopper", AmountMinor: 120000, Currency: "EUR"}

// transfers are the newest of a user.
func (w *world) transfers(u store.User) []store.Transfer {
	w.t.Helper()
	all, _, err := w.store.Transfers(w.t.Context(), u.ID, 10)
	must(w.t, err)
	return all
}

// ask begins a transfer of the rent, and rings.
func (w *world) ask(in store.Session) (store.Transfer, store.Approval) {
	w.t.Helper()
	t, a, err := w.store.BeginTransfer(w.t.Context(), in.ID, rent, ttl)
	must(w.t, err)
	return t, w.attach(a)
}

func (w *world) wantTransfer(u store.User, status store.TransferStatus) {
	w.t.Helper()
	if got := w.transfers(u)[0].Status; got != status {
		w.t.Errorf("got transfer %q, want %q", got, status)
	}
}

func TestATransferIsExecutedOnce(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	in := w.signIn(ada)
	tr, a := w.ask(in)
	if a.Kind != store.KindTransfer || a.Subject == "" || a.SessionID != in.ID || tr.ApprovalID != a.ID {
		t.Errorf("got request %+v of %+v", a, tr)
	}
	w.wantTransfer(ada, "awaiting")
	_, err := w.store.ExecuteTransfer(t.Context(), in.ID, tr.ID, rent)
	wantErr(t, "before the tap", err, store.ErrNotApproved)

	w.approve(a)
	w.wantTransfer(ada, "approved")
	w.clock.Advance(time.Second)
	done, err := w.store.ExecuteTransfer(t.Context(), in.ID, tr.ID, rent)
	must(t, err)
	if done.Status != "executed" || !done.ExecutedAt.Equal(w.clock.Now()) || done.Payee != rent.Payee || done.AmountMinor != rent.AmountMinor {
		t.Errorf("got %+v", done)
	}
	// A browser that lost the reply asks again, and hears that it is done.
	w.clock.Advance(time.Second)
	again, err := w.store.ExecuteTransfer(t.Context(), in.ID, tr.ID, rent)
	if err != nil || again != done {
		t.Errorf("a second time: got %+v, %v, want %+v", again, err, done)
	}
	_, err = w.store.ExecuteTransfer(t.Context(), in.ID, tr.ID, store.Transfer{Payee: "Eve", AmountMinor: 1, Currency: "EUR"})
	wantErr(t, "another one under its id", err, store.ErrExecuted)
	if got := w.transfers(ada); len(got) != 1 || got[0] != done {
		t.Errorf("got %+v, want %+v", got, done)
	}
}

func TestAChangedTransferIsRefused(t *testing.T) {
	for name, shown := range map[string]store.Transfer{
		"payee":    {Payee: "Grace Hopper ", AmountMinor: 120000, Currency: "EUR"},
		"amount":   {Payee: "Grace Hopper", AmountMinor: 1200000, Currency: "EUR"},
		"currency": {Payee: "Grace Hopper", AmountMinor: 120000, Currency: "USD"},
		"all":      {},
		// What moves from one field to the next must not read the same.
		"shifted": {Payee: `Grace Hopper",120000,"`, AmountMinor: 120000, Currency: "EUR"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, tapped := range []bool{false, true} {
				w := newWorld(t)
				ada := w.user("ada@example.com")
				in := w.signIn(ada)
				tr, a := w.ask(in)
				if tapped {
					w.approve(a)
				}
				_, err := w.store.ExecuteTransfer(t.Context(), in.ID, tr.ID, shown)
				wantErr(t, "changed", err, store.ErrChanged)
				w.wantTransfer(ada, "refused")
				// The change ended it: what was approved is not sent either.
				_, err = w.store.ExecuteTransfer(t.Context(), in.ID, tr.ID, rent)
				wantErr(t, "as approved", err, store.ErrNotApproved)
				w.wantTransfer(ada, "refused")
			}
		})
	}
}

// The row itself is held to what was approved, too.
func TestATransferChangedInTheTableIsNotExecuted(t *testing.T) {
	w := newWorld(t)
	in := w.signIn(w.user("ada@example.com"))
	tr, a := w.ask(in)
	w.approve(a)
	db := w.raw()
	_, err := db.ExecContext(t.Context(), `UPDATE transfers SET amount_minor = 1`)
	must(t, errors.Join(err, db.Close()))
	shown := rent
	shown.AmountMinor = 1
	_, err = w.store.ExecuteTransfer(t.Context(), in.ID, tr.ID, shown)
	wantErr(t, "amount of the table", err, store.ErrNotApproved)
}

func TestTransfersThatDoNotHappen(t *testing.T) {
	tests := []struct {
		name string
		end  func(w *world, in store.Session, a store.Approval)
		want store.TransferStatus
	}{
		{"denied", func(w *world, _ store.Session, a store.Approval) { w.decide(a, store.Denied) }, "denied"},
		{"unanswered, not yet swept", func(w *world, _ store.Session, a store.Approval) { w.clock.Advance(ttl) }, "expired"},
		{"unanswered", func(w *world, _ store.Session, a store.Approval) {
			w.clock.Advance(ttl)
			_, err := w.store.ExpireDue(w.t.Context())
			must(w.t, err)
		}, "expired"},
		{"cancelled", func(w *world, _ store.Session, a store.Approval) {
			_, _, err := w.store.CancelApproval(w.t.Context(), a.ID, "unavailable")
			must(w.t, err)
		}, "cancelled"},
		{"signed out before the tap", func(w *world, in store.Session, a store.Approval) {
			must(w.t, w.store.EndSession(w.t.Context(), in.ID, "signed_out"))
		}, "withdrawn"},
		{"signed out after the tap", func(w *world, in store.Session, a store.Approval) {
			w.approve(a)
			must(w.t, w.store.EndSession(w.t.Context(), in.ID, "signed_out"))
		}, "approved"},
		{"approved and left too long", func(w *world, _ store.Session, a store.Approval) {
			w.approve(a)
			w.clock.Advance(ttl + 30*time.Second)
		}, "expired"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			ada := w.user("ada@example.com")
			in := w.signIn(ada)
			tr, a := w.ask(in)
			test.end(w, in, a)
			w.wantTransfer(ada, test.want)
			_, err := w.store.ExecuteTransfer(t.Context(), in.ID, tr.ID, rent)
			wantErr(t, "execute", err, store.ErrNotApproved)
		})
	}
}

func TestOneTransferWaitsAtATime(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	in, elsewhere := w.signIn(ada), w.signIn(ada)
	_, a := w.ask(in)
	_, _, err := w.store.BeginTransfer(t.Context(), elsewhere.ID, rent, ttl)
	wantErr(t, "while one waits", err, store.ErrTransferPending)
	w.decide(a, store.Denied)
	w.clock.Advance(time.Second)

	w.ask(elsewhere)
	// One past its deadline no longer waits, though no sweep has come.
	w.clock.Advance(ttl)
	w.ask(in)
	var got []string
	for _, tr := range w.transfers(ada) {
		got = append(got, string(tr.Status))
	}
	wantEqual(t, got, []string{"awaiting", "expired", "denied"})

	if one, _, err := w.store.Transfers(t.Context(), ada.ID, 1); len(one) != 1 || err != nil {
		t.Errorf("got %d transfers and %v, want 1", len(one), err)
	}
}

func TestATransferNeedsASignedInSession(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	half := w.start(ada)
	ended := w.signIn(ada)
	must(t, w.store.EndSession(t.Context(), ended.ID, "signed_out"))
	for name, id := range map[string]string{"half signed in": half.ID, "ended": ended.ID, "unknown": "nothing"} {
		_, _, err := w.store.BeginTransfer(t.Context(), id, rent, ttl)
		wantErr(t, name, err, store.ErrNotFound)
	}
	if got := w.transfers(ada); len(got) != 0 {
		t.Errorf("got %+v, want none", got)
	}
}

func TestATransferBelongsToItsSession(t *testing.T) {
	w := newWorld(t)
	ada, eve := w.user("ada@example.com"), w.user("eve@example.com")
	in, elsewhere, other := w.signIn(ada), w.signIn(ada), w.signIn(eve)
	tr, a := w.ask(in)
	w.approve(a)
	for name, id := range map[string]string{"her other browser": elsewhere.ID, "another person": other.ID, "nobody": "nothing"} {
		_, err := w.store.ExecuteTransfer(t.Context(), id, tr.ID, rent)
		wantErr(t, name, err, store.ErrNotFound)
	}
	_, err := w.store.ExecuteTransfer(t.Context(), in.ID, "nothing", rent)
	wantErr(t, "unknown transfer", err, store.ErrNotFound)
	if got := w.transfers(eve); len(got) != 0 {
		t.Errorf("Eve sees %+v", got)
	}
}

func TestOneKindOfApprovalIsNotUsedForTheOther(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	in := w.signIn(ada)
	half := w.start(ada)
	login := w.begin(half)
	tr, a := w.ask(in) // both may wait at once

	w.approve(login)
	_, err := w.store.ExecuteTransfer(t.Context(), in.ID, tr.ID, rent)
	wantErr(t, "transfer by a login's approval", err, store.ErrNotApproved)
	_, err = w.store.ExecuteTransfer(t.Context(), half.ID, tr.ID, rent)
	wantErr(t, "transfer by the half session", err, store.ErrNotFound)
	must(t, w.store.EndSession(t.Context(), half.ID, "signed_out"))

	w.approve(a)
	another := w.start(ada)
	for name, id := range map[string]string{"the transfer's session": in.ID, "a new attempt": another.ID} {
		_, err = w.store.ConfirmLogin(t.Context(), id, browser)
		wantErr(t, "login by a transfer's approval, "+name, err, store.ErrNotApproved)
	}
	_, err = w.store.ExecuteTransfer(t.Context(), in.ID, tr.ID, rent)
	must(t, err)
}

// A request of a session that is signed in already lets nobody in again, even
// where nothing but its kind tells it from a login.
func TestTheKindAloneKeepsThemApart(t *testing.T) {
	w := newWorld(t)
	in := w.signIn(w.user("ada@example.com"))
	a, _, err := w.store.BeginApproval(t.Context(), in.ID, store.KindTransfer, "", ttl)
	must(t, err)
	w.approve(w.attach(a))
	_, err = w.store.ConfirmLogin(t.Context(), in.ID, browser)
	wantErr(t, "confirm", err, store.ErrNotApproved)
}

// A login whose time is over is left to the sweep, which tells its browser.
func TestATransferLeavesLoginsAlone(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	in := w.signIn(ada)
	login := w.begin(w.start(ada))
	w.clock.Advance(ttl)
	w.ask(in)
	due, err := w.store.ExpireDue(t.Context())
	must(t, err)
	if len(due) != 1 || due[0].ID != login.ID {
		t.Errorf("got %+v, want the login", due)
	}
}

func TestARequestOfEachKindNeedsItsLevel(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	in := w.signIn(ada)
	half := w.start(ada)
	_, _, err := w.store.BeginApproval(t.Context(), in.ID, store.KindLogin, "", ttl)
	wantErr(t, "login when signed in", err, store.ErrNotFound)
	_, _, err = w.store.BeginApproval(t.Context(), half.ID, store.KindTransfer, "x", ttl)
	wantErr(t, "transfer when half signed in", err, store.ErrNotFound)
}

// All who race are told that it is done, and it is done once.
func TestExecuteRaceHasOneWinner(t *testing.T) {
	w := newWorld(t)
	in := w.signIn(w.user("ada@example.com"))
	for round := range 50 {
		tr, a := w.ask(in)
		w.approve(a)
		won := race(t, 16, store.ErrNotApproved, func(int) error {
			_, err := w.store.ExecuteTransfer(t.Context(), in.ID, tr.ID, rent)
			return err
		})
		if won != 16 {
			t.Fatalf("round %d: %d were told that it is executed, want 16", round, won)
		}
	}
	if got := w.number(`SELECT COUNT(*) FROM events WHERE kind = 'transfer_executed'`); got != 50 {
		t.Errorf("got %d lines, want 50", got)
	}
}
