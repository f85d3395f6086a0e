package store_test

import (
	"os"
	"testing"
	"time"

	"nod/store"
)

// operator is the store as a command opens it, beside the running one.
func (w *world) operator() *store.Store {
	w.t.Helper()
	o := w.options()
	o.Existing = true
	s, err := store.Open(w.t.Context(), w.path, o)
	must(w.t, err)
	w.t.Cleanup(func() { must(w.t, s.Close()) })
	return s
}

// byOperator are the kinds of the lines that the operator has left, oldest first.
func (w *world) byOperator(u store.User) (kinds []string) {
	w.t.Helper()
	events, err := w.store.Events(w.t.Context(), u.ID, 100)
	must(w.t, err)
	for _, e := range events {
		if e.Actor == store.ActorOperator {
			kinds = append([]string{string(e.Kind)}, kinds...)
		}
	}
	return kinds
}

func TestTheOperatorFindsAccountsOnly(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	w.signIn(ada) // until then it is a sign-up
	op := w.operator()
	found, err := op.AccountOf(t.Context(), " ADA@example.com")
	must(t, err)
	if found.ID != ada.ID {
		t.Errorf("got %+v", found)
	}
	_, err = op.AccountOf(t.Context(), "nobody@example.com")
	wantErr(t, "an unknown e-mail", err, store.ErrNotFound)
}

func TestTheOperatorEndsSessions(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	in, half := w.signIn(ada), w.start(ada)
	op := w.operator()
	for round, want := range []int{2, 0} {
		ended, err := op.EndSessionsOf(t.Context(), ada.ID)
		must(t, err)
		if ended != want {
			t.Errorf("round %d ended %d sessions, want %d", round, ended, want)
		}
	}
	for _, sess := range []store.Session{in, half} {
		if got := w.session(sess.ID); got.EndReason != store.ReasonEndedByOperator {
			t.Errorf("got %+v", got)
		}
	}
	wantEqual(t, w.byOperator(ada), []string{"session_ended", "session_ended"})
	w.wantTold(ada, store.NoticeSessionsEnded, 1)
}

// wantTold says how many notices of a kind a user has.
func (w *world) wantTold(u store.User, kind store.NoticeKind, want int) {
	w.t.Helper()
	told, _, err := w.store.UnreadNotices(w.t.Context(), store.Session{UserID: u.ID}, 100)
	must(w.t, err)
	got := 0
	for _, n := range told {
		if n.Kind == kind {
			got++
		}
	}
	if got != want {
		w.t.Errorf("user %d was told %q %d times, want %d", u.ID, kind, got, want)
	}
}

// Who has lost every way in gets recovery codes from the operator; what a stranger
// may hold is worth nothing.
func TestTheOperatorResetsFactors(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	in := w.signIn(ada)
	old := w.recoveryCodes(ada)
	w.change(`INSERT INTO authenticators (id, user_id, name, secret, created_at, proved_at) VALUES ('a', ?, 'Phone', ?, 1, 1)`, ada.ID, []byte{0})
	codes, err := w.operator().ResetFactors(t.Context(), ada.ID)
	must(t, err)
	w.wantSession(in.ID, false)
	for _, table := range []string{"authenticators", "devices", "phone_changes"} {
		if got := w.number(`SELECT COUNT(*) FROM `+table+` WHERE user_id = ?`, ada.ID); got != 0 {
			t.Errorf("%d rows of %s are left", got, table)
		}
	}
	_, err = w.recover(w.start(ada), old[0], browser)
	wantErr(t, "a code from before", err, store.ErrWrongCode)
	_, err = w.recover(w.start(ada), codes[0], browser)
	must(t, err)
	wantEqual(t, w.byOperator(ada), []string{"session_ended", "factors_reset"})
	w.wantTold(ada, store.NoticeFactorsReset, 1)

	w.closeAccount(ada)
	_, err = w.operator().ResetFactors(t.Context(), ada.ID)
	wantErr(t, "of a closed account", err, store.ErrNotFound)
}

// An account that an operator closes is as closed as one that its owner closes, and
// its phone is to be forgotten.
func TestTheOperatorClosesAnAccount(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	phone := w.phone(ada)
	in := w.signIn(ada)
	w.sign()
	must(t, w.operator().CloseAccountOf(t.Context(), ada.ID))
	w.wantSession(in.ID, false)
	if got := w.number(`SELECT COUNT(*) FROM users WHERE id = ? AND name || email = '' AND closed_at IS NOT NULL`, ada.ID); got != 1 {
		t.Error("the account is not forgotten")
	}
	wantEqual(t, w.byOperator(ada), []string{"session_ended", "account_closed"})
	w.sign()
	ended, err := w.store.EndedElsewhere(t.Context(), time.Minute)
	must(t, err)
	if len(ended) != 1 || ended[0].ID != in.ID {
		t.Errorf("got sessions %+v", ended)
	}
	forget, err := w.store.ClaimPhonesToForget(t.Context(), time.Minute)
	must(t, err)
	if len(forget) != 1 || forget[0].Handle != phone.Handle {
		t.Errorf("got phones %+v", forget)
	}
	again, err := w.store.ClaimPhonesToForget(t.Context(), time.Minute)
	must(t, err)
	if len(again) > 0 {
		t.Error("two processes are to tell the provider")
	}
	w.clock.Advance(time.Minute) // it could not be told
	again, err = w.store.ClaimPhonesToForget(t.Context(), time.Minute)
	must(t, err)
	if len(again) != 1 {
		t.Errorf("a minute later %d phones are to be forgotten, want 1", len(again))
	}
	must(t, w.store.PhoneForgotten(t.Context(), forget[0].ID))
	w.clock.Advance(time.Minute)
	forget, err = w.store.ClaimPhonesToForget(t.Context(), time.Minute)
	must(t, err)
	if len(forget) != 0 {
		t.Errorf("got phones %+v", forget)
	}
	w.clock.Advance(2 * time.Minute)
	ended, err = w.store.EndedElsewhere(t.Context(), time.Minute)
	must(t, err)
	if len(ended) != 0 {
		t.Errorf("two minutes later: got sessions %+v", ended)
	}
	wantErr(t, "once more", w.operator().CloseAccountOf(t.Context(), ada.ID), store.ErrNotFound)
}

// A lost key is said, and no other is made in its place.
func TestNoKeyIsMadeForATrail(t *testing.T) {
	w := newWorld(t)
	w.sign()
	key := store.KeyFile(w.path)
	must(t, os.Rename(key, key+".lost"))
	_, err := store.OpenTrail(t.Context(), w.path, w.options())
	wantErr(t, "without the key", err, store.ErrSecretKey)
	if _, err := os.Stat(key); err == nil {
		t.Error("a key was made")
	}
	must(t, os.Rename(key+".lost", key))
}
