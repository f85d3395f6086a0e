package store_test

import (
	"testing"
	"time"

	"nod/store"
)

// One step: another password, the rest is out, and what a stranger may have added goes.
func TestANewPasswordTakesBackWhatStrangersAdded(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.user("ada@example.com"), w.user("bob@example.com")
	kept, bobs, theirs := w.app(ada), w.app(bob), w.app(ada)
	old := w.recoveryCodes(ada)
	in := w.signIn(ada)
	change := store.PasswordChange{
		Password: "another password", Everywhere: true,
		RemoveApps: []string{theirs.id, bobs.id, "none"}, RecoveryCodes: store.NewRecoveryCodes(),
	}
	sess, _, err := w.store.ChangePassword(t.Context(), in.ID, change, browser)
	must(t, err)
	w.clock.Advance(time.Minute)
	half := w.start(ada)
	_, err = w.byApp(half, theirs.code(0))
	wantErr(t, "an app that was removed", err, store.ErrWrongCode)
	_, err = w.recover(half, old[0], browser)
	wantErr(t, "a code from before", err, store.ErrWrongCode)
	must(t, err2(w.recover(half, change.RecoveryCodes[0], browser)))
	must(t, err2(w.byApp(w.start(ada), kept.code(0))))
	must(t, err2(w.byApp(w.start(bob), bobs.code(0))))
	own, _, err := w.store.UnreadNotices(t.Context(), sess, 10)
	must(t, err)
	for _, n := range own {
		if n.Kind != store.NoticeFactorAdded && n.Kind != store.NoticeCodesMade && n.Kind != store.NoticeCodeUsed {
			t.Errorf("the session that did it is asked about %s", n.Kind)
		}
	}
}
