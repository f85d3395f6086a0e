package store_test

import (
	"testing"
	"time"

	"nod/store"
)

// form is the client of these tests with the digest of a form.
func form(digest string) store.Client {
	c := browser
	c.Form = digest
	return c
}

// A browser that lost the reply to the last step sends its form again: it gets
// the session under another id, and the id before is dead.
func TestTheLastStepIsRepeated(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	half := w.start(ada)
	w.approve(w.begin(half))
	lost, err := w.store.ConfirmLogin(t.Context(), half.ID, form("f"))
	must(t, err)
	w.clock.Advance(10 * time.Second)
	for range 3 { // also that reply may be lost
		again, err := w.store.RepeatSignIn(t.Context(), half.ID, form("f"))
		must(t, err)
		if again.Level != store.SignedIn || again.Method != "push" || again.ApprovalID != lost.ApprovalID || again.ID == lost.ID {
			t.Errorf("got %+v after %+v", again, lost)
		}
		_, _, err = w.store.Session(t.Context(), lost.ID)
		wantErr(t, "the id given before", err, store.ErrNotFound)
		lost = again
	}
	if _, _, err := w.store.Session(t.Context(), lost.ID); err != nil {
		t.Errorf("the newest id: %v", err)
	}
	_, err = w.store.RepeatSignIn(t.Context(), half.ID, form("f"))
	wantErr(t, "once it was used", err, store.ErrNotFound)
	if _, _, err := w.store.Session(t.Context(), lost.ID); err != nil {
		t.Errorf("after a repeat that came too late: %v", err)
	}
	if got := w.number(`SELECT COUNT(*) FROM events WHERE kind = 'signed_in'`); got != 1 {
		t.Errorf("%d lines say that somebody signed in, want 1", got)
	}
}

func TestTheLastStepIsNotRepeated(t *testing.T) {
	for _, test := range []struct {
		name  string
		form  string
		after time.Duration
		end   store.Reason // of the new session, "" for none
	}{
		{"by another form", "g", 0, ""},
		{"without a form", "", 0, ""},
		{"after half a minute", "f", 30 * time.Second, ""},
		{"once it was signed out", "f", 0, store.ReasonSignedOut},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			half := w.start(w.user("ada@example.com"))
			in, err := w.store.ConfirmByCode(t.Context(), half.ID, store.MethodApp, "hash", form("f"))
			must(t, err)
			if test.end != "" {
				must(t, w.store.EndSession(t.Context(), in.ID, test.end))
			}
			w.clock.Advance(test.after)
			_, err = w.store.RepeatSignIn(t.Context(), half.ID, form(test.form))
			wantErr(t, test.name, err, store.ErrNotFound)
		})
	}
	w := newWorld(t)
	half := w.start(w.user("ada@example.com"))
	_, err := w.store.RepeatSignIn(t.Context(), half.ID, form("f"))
	wantErr(t, "a sign-in that is not complete", err, store.ErrNotFound)
	must(t, w.store.EndSession(t.Context(), half.ID, store.ReasonSignedOut))
	_, err = w.store.RepeatSignIn(t.Context(), half.ID, form("f"))
	wantErr(t, "one that was signed out", err, store.ErrNotFound)
}

// Of many that send the last step again while somebody begins to use it, one
// session is left.
func TestRepeatRaceLeavesOneSession(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	for range 20 {
		half := w.start(ada)
		w.approve(w.begin(half))
		in, err := w.store.ConfirmLogin(t.Context(), half.ID, form("f"))
		must(t, err)
		ids := make(chan string, 16)
		ids <- in.ID
		race(t, 16, store.ErrNotFound, func(i int) error {
			if i == 7 {
				_, _, err := w.store.Session(t.Context(), in.ID)
				return err
			}
			again, err := w.store.RepeatSignIn(t.Context(), half.ID, form("f"))
			if err == nil {
				ids <- again.ID
			}
			return err
		})
		close(ids)
		open := 0
		for id := range ids {
			if _, _, err := w.store.Session(t.Context(), id); err == nil {
				open++
			}
		}
		if open != 1 {
			t.Fatalf("%d sessions are open, want 1", open)
		}
	}
}

// Two clicks for one send a form twice: it begins one sign-in, and nothing else does.
func TestAFormBeginsOneSignIn(t *testing.T) {
	w := newWorld(t)
	ada, grace := w.user("ada@example.com"), w.user("grace@example.com")
	begin := func(u store.User, digest string) string {
		t.Helper()
		sess, err := w.store.StartSession(t.Context(), u.ID, "", form(digest))
		must(t, err)
		return sess.ID
	}
	first := begin(ada, "f")
	if got := begin(ada, "f"); got != first {
		t.Error("the second one begins another sign-in")
	}
	for name, other := range map[string]string{"another form": begin(ada, "g"), "another account": begin(grace, "f"), "no form": begin(ada, "")} {
		if other == first {
			t.Errorf("%s: the same sign-in", name)
		}
	}
	if one, other := begin(ada, ""), begin(ada, ""); one == other {
		t.Error("without a form: the same sign-in")
	}
	w.clock.Advance(30 * time.Second)
	late := begin(ada, "f")
	if late == first {
		t.Error("after half a minute: the same sign-in")
	}
	must(t, w.store.EndSession(t.Context(), late, store.ReasonSignedOut))
	if begin(ada, "f") == late {
		t.Error("after its end: the same sign-in")
	}
}
