package store_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nod/store"
)

// What is sealed is not in the file, outlives a restart, and opens only where it
// was put.
func TestSealedSecretsOpenInTheirPlace(t *testing.T) {
	w := newWorld(t)
	secret := []byte("the secret of an app")
	sealed, err := w.store.Seal(t.Context(), "app 1", secret)
	must(t, err)
	if bytes.Contains(sealed, secret[:8]) {
		t.Errorf("the secret can be read: %q", sealed)
	}
	w.restart()
	if plain, err := w.store.Unseal("app 1", sealed); err != nil || !bytes.Equal(plain, secret) {
		t.Errorf("got %q, %v", plain, err)
	}
	_, err = w.store.Unseal("app 2", sealed)
	wantErr(t, "in another place", err, store.ErrSecretKey)
	sealed[len(sealed)-1] ^= 1
	_, err = w.store.Unseal("app 1", sealed)
	wantErr(t, "changed", err, store.ErrSecretKey)
}

// A file that has sealed something is not opened without its key: people could
// not sign in, and what they add would be sealed with another one.
func TestOpenRefusesAnotherKey(t *testing.T) {
	w := newWorld(t)
	path := store.KeyFile(w.path)
	open := func(key string) error {
		o := w.options()
		o.SecretKey = []byte(key)
		s, err := store.Open(t.Context(), w.path, o)
		if err == nil {
			must(t, s.Close())
		}
		return err
	}
	other := strings.Repeat("another key ", 4)
	must(t, w.store.Close())
	must(t, open(other)) // nothing was sealed yet
	w.open()
	_, err := w.store.Seal(t.Context(), "app 1", []byte("secret"))
	must(t, err)
	must(t, w.store.Close())

	wantErr(t, "another key", open(other), store.ErrSecretKey)
	key, err := os.ReadFile(path)
	must(t, err)
	must(t, open(strings.TrimSpace(string(key)))) // the same key, set
	must(t, os.Rename(path, path+".away"))
	wantErr(t, "no key", open(""), store.ErrSecretKey)
	if _, err := os.Stat(path); err == nil {
		t.Error("a new key was made")
	}
	must(t, os.WriteFile(path, nil, 0o600))
	wantErr(t, "an empty file", open(""), store.ErrSecretKey)
	must(t, os.Rename(path+".away", path))
	w.open()
}

// The key beside the database is its owner's alone.
func TestTheKeyFileIsPrivate(t *testing.T) {
	w := newWorld(t)
	path := store.KeyFile(w.path)
	if want := filepath.Join(filepath.Dir(w.path), "nod-secret.key"); path != want {
		t.Errorf("got %s, want %s", path, want)
	}
	info, err := os.Stat(path)
	must(t, err)
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("got mode %v, want 0600", got)
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o602} {
		must(t, os.Chmod(path, mode))
		_, err := store.Open(t.Context(), w.path, w.options())
		if err == nil || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("mode %v: got %v", mode, err)
		}
	}
	must(t, os.Chmod(path, 0o600))
	left, err := filepath.Glob(path + "*")
	must(t, err)
	if len(left) != 1 {
		t.Errorf("got %v", left)
	}
}

// Of two processes that begin with other keys one seals: what the other sealed, nobody
// could open later.
func TestTheFirstKeyThatSealsIsTheOnlyOne(t *testing.T) {
	w := newWorld(t)
	o := w.options()
	o.SecretKey = []byte(strings.Repeat("another key ", 4))
	second, err := store.Open(t.Context(), w.path, o)
	must(t, err)
	defer second.Close()
	_, err = w.store.Seal(t.Context(), "app 1", []byte("secret"))
	must(t, err)
	_, err = second.Seal(t.Context(), "app 2", []byte("secret"))
	wantErr(t, "sealed with another key", err, store.ErrSecretKey)
}
