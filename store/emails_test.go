package store_test

import (
	"errors"
	"testing"

	"github.com/alexedwards/argon2id"
	"golang.org/x/text/unicode/norm"

	"nod/store"
)

func TestCleanEmailKeepsWhatBelongs(t *testing.T) {
	for typed, want := range map[string]string{
		" ada@example.com\n":                                 "ada@example.com",
		"\u202aada@example.com\u202c":                        "ada@example.com",
		"a\u200dda@example.com\u200d":                        "ada@example.com",
		"ada@\u0646\u0627\u0645\u0647\u200c\u0627\u06cc.com": "ada@\u0646\u0627\u0645\u0647\u200c\u0627\u06cc.com", // a joiner of Persian
		"zo\u00eb@example.com":                               "zo\u00eb@example.com",
		"\u200b\u2060\ufeff":                                 "",
	} {
		if got := store.CleanEmail(typed); got != want {
			t.Errorf("%+q: got %+q, want %+q", typed, got, want)
		}
	}
}

// asBefore gives an account the key that a version before 0007 gave it, and
// lets the migration run again.
func (w *world) asBefore(keys map[int64]string) {
	w.t.Helper()
	must(w.t, w.store.Close())
	db := w.raw()
	for id, key := range keys {
		_, err := db.ExecContext(w.t.Context(), `UPDATE users SET email = ?1, email_key = ?1, claims = NULL WHERE id = ?2`, key, id)
		must(w.t, err)
	}
	_, err := db.ExecContext(w.t.Context(), `DROP INDEX factors_of_user; DELETE FROM migrations WHERE name = 'migrations/0007_emails_and_numbers.sql'`)
	must(w.t, errors.Join(err, db.Close()))
	w.open()
}

func TestUpgradeFindsAccountsThatHadUnseenCharacters(t *testing.T) {
	w := newWorld(t)
	ada, zoe := w.user("1@example.com"), w.user("2@example.com")
	w.asBefore(map[int64]string{ada.ID: "ada\u200b@example.com", zoe.ID: "zoe@b\u00fccher.example"})
	for _, typed := range []string{"ada@example.com", "ada\u200b@example.com"} {
		got, err := w.store.Authenticate(t.Context(), typed, password)
		must(t, err)
		if got.ID != ada.ID {
			t.Errorf("%+q is user %d, want %d", typed, got.ID, ada.ID)
		}
		if got.Email != "ada@example.com" {
			t.Errorf("the e-mail reads %+q", got.Email)
		}
	}
	got, err := w.store.Authenticate(t.Context(), "zoe@xn--bcher-kva.example", password)
	must(t, err)
	if got.ID != zoe.ID {
		t.Errorf("got user %d, want %d", got.ID, zoe.ID)
	}
}

// Two accounts that read the same now: each is still found by what its owner
// has typed until now.
func TestUpgradeKeepsTwoThatReadTheSame(t *testing.T) {
	w := newWorld(t)
	pasted, typed := w.user("1@example.com"), w.user("2@example.com")
	w.asBefore(map[int64]string{pasted.ID: "ada\u200b@example.com", typed.ID: "ada@example.com"})
	for email, want := range map[string]int64{"ada\u200b@example.com": pasted.ID, "ada@example.com": typed.ID, "ADA@example.com": typed.ID} {
		got, err := w.store.Authenticate(t.Context(), email, password)
		must(t, err)
		if got.ID != want {
			t.Errorf("%+q is user %d, want %d", email, got.ID, want)
		}
	}
}

func TestPasswordsAreOneInEverySpelling(t *testing.T) {
	const secret = "Zauberfl\u00f6te \u00fcber K\u00f6ln"
	spellings := map[string]string{
		"composed": norm.NFC.String(secret), "decomposed": norm.NFD.String(secret), "blanks of another keyboard": "Zauberfl\u00f6te\u00a0\u00fcber\u3000K\u00f6ln",
	}
	for set, first := range spellings {
		for typed, second := range spellings {
			w := newWorld(t)
			_, err := w.store.CreateUser(t.Context(), store.NewUser{Email: "ada@example.com", Password: first, Handle: "1"})
			must(t, err)
			if _, err := w.store.Authenticate(t.Context(), "ada@example.com", second); err != nil {
				t.Errorf("set %s, typed %s: %v", set, typed, err)
			}
		}
	}
}

// A hash from before knows the password as it was typed then. It is taken, and
// replaced by one that any keyboard can match.
func TestHashesFromBeforeAreTakenAndReplaced(t *testing.T) {
	const secret = "Zauberfl\u00f6te\u00a0\u00fcber K\u00f6ln"
	for name, made := range map[string]string{"decomposed": norm.NFD.String(secret), "with its own blank": secret} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			u := w.user("ada@example.com")
			hash, err := argon2id.CreateHash(made, cheap)
			must(t, err)
			db := w.raw()
			_, err = db.ExecContext(t.Context(), `UPDATE users SET password_hash = ? WHERE id = ?`, hash, u.ID)
			must(t, errors.Join(err, db.Close()))
			_, err = w.store.Authenticate(t.Context(), "ada@example.com", "Zauberflote uber Koln")
			wantErr(t, "another password", err, store.ErrInvalidCredentials)
			_, err = w.store.Authenticate(t.Context(), "ada@example.com", made)
			must(t, err)
			for _, now := range []string{made, "Zauberfl\u00f6te \u00fcber K\u00f6ln"} {
				_, err = w.store.Authenticate(t.Context(), "ada@example.com", now)
				must(t, err)
			}
		})
	}
}
