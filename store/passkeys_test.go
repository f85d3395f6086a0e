package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

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

// A known browser may try as many passkeys as passwords, and no more.
func TestAKnownBrowserTriesFewPasskeys(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	known := w.know(ada)
	p := w.own(ada, "Phone")
	try := func(challenge int, c store.Client) (time.Duration, string) {
		_, err := w.store.SpendPasskeyTry(t.Context(), p.Credential, fmt.Sprint(challenge), c)
		return w.refused(err)
	}
	for i := range 20 {
		if wait, limit := try(i, known); limit != "" {
			t.Fatalf("number %d has to wait %v for %q", i+1, wait, limit)
		}
	}
	if wait, limit := try(20, known); limit != "passkey_device" || wait != 15*time.Minute {
		t.Errorf("the 21st has to wait %v for %q", wait, limit)
	}
	if wait, limit := try(21, browser); limit != "" {
		t.Errorf("another browser has to wait %v for %q", wait, limit)
	}
}

// Who shares an address with somebody that tries passkeys gets in before them.
func TestNewcomersTryPasskeysFirst(t *testing.T) {
	w := newWorld(t)
	p := w.own(w.user("ada@example.com"), "Phone")
	try := func(credential []byte, challenge int) (time.Duration, string) {
		_, err := w.store.SpendPasskeyTry(t.Context(), credential, fmt.Sprint(challenge), browser)
		if errors.Is(err, store.ErrNotFound) {
			err = nil
		}
		return w.refused(err)
	}
	nobodys := []byte("nobody's")
	for i := range 50 {
		if wait, limit := try(nobodys, i); limit != "" {
			t.Fatalf("number %d has to wait %v for %q", i+1, wait, limit)
		}
	}
	w.clock.Advance(3 * time.Second)
	if wait, limit := try(nobodys, 50); limit != "passkey_source" || wait != 3*time.Second {
		t.Errorf("the 51st has to wait %v for %q", wait, limit)
	}
	if wait, limit := try(p.Credential, 51); limit != "" {
		t.Errorf("the owner of a passkey has to wait %v for %q", wait, limit)
	}
}
