package store_test

import (
	"testing"

	"nod/store"
)

// Only the passkey of a phone that counts, now and at the last step, signs in, and what it
// has signed is good once.
func TestPasskeysOfPhonesThatCount(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	ada := w.user("ada@example.com")
	waits, counts := w.enrolled(ada, "Waits"), w.own(ada, "Counts")
	_, err := w.store.SpendPasskeyTry(ctx, []byte("nobody's"), "a", browser)
	wantErr(t, "a passkey of nobody", err, store.ErrNotFound)
	_, err = w.store.SpendPasskeyTry(ctx, waits.Credential, "b", browser)
	wantErr(t, "one that waits to be confirmed", err, store.ErrNotFound)

	try, err := w.store.SpendPasskeyTry(ctx, counts.Credential, "c", browser)
	must(t, err)
	_, err = w.store.SpendPasskeyTry(ctx, counts.Credential, "c", browser)
	wantErr(t, "what was signed before", err, store.ErrCodeUsed)
	before := w.start(ada)
	sess, err := w.store.SignInByPasskey(ctx, try, 0, before.ID, browser)
	must(t, err)
	if sess.Level != store.SignedIn || sess.Method != store.MethodPasskey || !w.session(sess.ID).CodeAt.IsZero() {
		t.Errorf("got %+v", sess)
	}
	if ended := w.session(before.ID); ended.EndReason != store.ReasonReplaced || ended.ReplacedBy != sess.ID {
		t.Errorf("the session before: %+v", ended)
	}

	try, err = w.store.SpendPasskeyTry(ctx, counts.Credential, "d", browser)
	must(t, err)
	w.as(ada, func(id string) error { return err2(w.store.RevokeOwnPhone(ctx, id, counts.ID, browser)) })
	_, err = w.store.SignInByPasskey(ctx, try, 0, "", browser)
	wantErr(t, "a phone that was removed meanwhile", err, store.ErrNotFound)
	_, err = w.store.SpendPasskeyTry(ctx, counts.Credential, "e", browser)
	wantErr(t, "a phone that was removed", err, store.ErrNotFound)
}
