package store_test

import (
	"testing"
	"time"

	"nod/store"
)

// Pages order what they are told by the revision of their session, so every
// change that a page shows must raise it.
func TestEveryChangeRaisesTheRevision(t *testing.T) {
	signedIn := func(w *world) store.Session { return w.signIn(w.user("ada@example.com")) }
	waiting := func(w *world) store.Session { return w.start(w.user("ada@example.com")) }
	tests := []struct {
		name    string
		session func(*world) store.Session
		prepare func(*world, store.Session) (change func())
	}{
		{"a request", waiting, func(w *world, s store.Session) func() {
			return func() { w.begin(s) }
		}},
		{"an approval", waiting, func(w *world, s store.Session) func() {
			a := w.begin(s)
			return func() { w.approve(a) }
		}},
		{"a denial", waiting, func(w *world, s store.Session) func() {
			a := w.begin(s)
			return func() { w.decide(a, store.Denied) }
		}},
		{"a cancellation", waiting, func(w *world, s store.Session) func() {
			a := w.begin(s)
			return func() {
				_, _, err := w.store.CancelApproval(w.t.Context(), a.ID, store.ReasonByUser)
				must(w.t, err)
			}
		}},
		{"an expiry", waiting, func(w *world, s store.Session) func() {
			w.begin(s)
			w.clock.Advance(ttl + time.Second)
			return func() {
				_, err := w.store.ExpireDue(w.t.Context())
				must(w.t, err)
			}
		}},
		{"the end of the session", waiting, func(w *world, s store.Session) func() {
			return func() { must(w.t, w.store.EndSession(w.t.Context(), s.ID, store.ReasonSignedOut)) }
		}},
		{"a transfer", signedIn, func(w *world, s store.Session) func() {
			return func() { w.ask(s) }
		}},
		{"an executed transfer", signedIn, func(w *world, s store.Session) func() {
			tr, a := w.ask(s)
			w.approve(a)
			return func() {
				_, err := w.store.ExecuteTransfer(w.t.Context(), s.ID, tr.ID, rent)
				must(w.t, err)
			}
		}},
		{"a refused transfer", signedIn, func(w *world, s store.Session) func() {
			tr, a := w.ask(s)
			w.approve(a)
			return func() {
				_, err := w.store.ExecuteTransfer(w.t.Context(), s.ID, tr.ID, store.Transfer{Payee: "Eve", AmountMinor: 1, Currency: "EUR"})
				wantErr(w.t, "a changed transfer", err, store.ErrChanged)
			}
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			s := test.session(w)
			change := test.prepare(w, s)
			before := w.revision(s)
			change()
			if after := w.revision(s); after <= before {
				t.Errorf("the revision was %d and is %d", before, after)
			}
		})
	}
}

func (w *world) revision(s store.Session) int64 {
	w.t.Helper()
	got, err := w.store.Wait(w.t.Context(), s.ID)
	must(w.t, err)
	return got.Revision
}
