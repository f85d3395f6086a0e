package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"nod/store"
)

// Who has an e-mail that only folds to that of another account keeps every way in, and
// neither is taken for the other: at sign-in, at a forgotten password, by the operator.
func TestAnEmailThatFoldsToAnotherIsAnother(t *testing.T) {
	for mine, folded := range map[string]string{
		"anna@stra\u00dfe.example":                           "anna@strasse.example",
		"anna@\u03bf\u03b4\u03bf\u03c2.example":              "anna@\u03bf\u03b4\u03bf\u03c3.example",
		"anna@\u0646\u0627\u0645\u0647\u200c\u0627.example":  "anna@\u0646\u0627\u0645\u0647\u0627.example",
		"anna@xn--strae-oqa.example":                         "anna@strasse.example",
		"anna@STRA\u1e9eE.example":                           "ANNA@STRASSE.EXAMPLE",
		"anna@\uff53\uff54\uff52\uff41\u00df\uff45\u3002com": "anna@strasse.com",
	} {
		t.Run(mine, func(t *testing.T) {
			w := newWorld(t)
			ctx := t.Context()
			anna := w.user(mine)
			w.signIn(anna)
			codes := w.recoveryCodes(anna)
			eve := w.signUp(folded, "eve's own password")
			_, err := w.prove(eve)
			must(t, err)

			for email, want := range map[string]struct {
				id     int64
				secret string
			}{mine: {anna.ID, password}, folded: {eve.ID, "eve's own password"}} {
				got, err := w.store.Authenticate(ctx, email, want.secret)
				must(t, err)
				if got.ID != want.id {
					t.Errorf("%s is user %d, want %d", email, got.ID, want.id)
				}
				if got, err = w.store.AccountOf(ctx, email); got.ID != want.id || err != nil {
					t.Errorf("for the operator %s is user %d, want %d: %v", email, got.ID, want.id, err)
				}
			}
			_, err = w.store.Authenticate(ctx, mine, "eve's own password")
			wantErr(t, "the password of the other", err, store.ErrInvalidCredentials)
			_, u, err := w.store.StartReset(ctx, mine, codes[0], "", browser)
			must(t, err)
			if u.ID != anna.ID {
				t.Errorf("the password of user %d is forgotten, want %d", u.ID, anna.ID)
			}
			_, _, err = w.store.StartReset(ctx, folded, codes[1], "", browser)
			wantErr(t, "a recovery code of the other", err, store.ErrInvalidCredentials)
		})
	}
}

// Another spelling of an e-mail is the same account with the same limits, or it is no
// way to the account: nobody gets a second budget by it.
func TestAnotherSpellingIsNoOtherBudget(t *testing.T) {
	w := newWorld(t)
	w.store.SetLimits(w.options().Limits())
	bob := w.user("bob@business.example")
	_, err := w.prove(bob)
	must(t, err)
	for range 5 {
		_, err := w.store.SpendPasswordTry(t.Context(), "bob@business.example", browser)
		must(t, err)
	}
	for email, same := range map[string]bool{
		"bob@business.example": true, "BOB@Business.Example": true, "b\u200bob@business.example": true,
		"bob@business.example.": true, "bob@business.example\u3002": true, "bob@busine\u017f\u017f.example": true,
		"bob@\uff42\uff55siness.example": true, "bob@busi\u200dness.example": true,
		"bob@busine\u00df.example": false, "bob@BUSINE\u1e9e.example": false,
	} {
		_, limited := w.store.SpendPasswordTry(t.Context(), email, browser)
		got, _ := w.store.Authenticate(t.Context(), email, password)
		if (limited != nil) != same || (got.ID == bob.ID) != same {
			t.Errorf("%+q: user %d, refused %v, want the account with its limits: %v", email, got.ID, limited, same)
		}
	}
}

// Two accounts from before that read the same: each password is compared with the salt
// of its own account, and neither is found by a spelling that only folds to its own.
func TestTwoAccountsThatReadTheSameHaveTheirOwnSalts(t *testing.T) {
	w := newWorld(t)
	pasted, typed := w.user("1@example.com"), w.user("2@example.com")
	w.signIn(pasted)
	w.signIn(typed)
	w.asBefore(map[int64]string{pasted.ID: "ada\u200b@stra\u00dfe.example", typed.ID: "ada@xn--strae-oqa.example"})
	own := map[int64]string{pasted.ID: "password of the pasted", typed.ID: "password of the typed"}
	db := w.raw()
	for id, secret := range own {
		hash, err := argon2id.CreateHash(secret, cheap)
		must(t, err)
		_, err = db.ExecContext(t.Context(), `UPDATE users SET password_hash = ? WHERE id = ?`, hash, id)
		must(t, err)
	}
	must(t, db.Close())
	for email, users := range map[string][]store.User{
		"ada\u200b@stra\u00dfe.example": {pasted, typed}, "Ada\u200b@Stra\u00dfe.example": {pasted, typed},
		"ada@stra\u00dfe.example": {typed}, "ada@xn--strae-oqa.example": {typed},
	} {
		for _, want := range users {
			got, err := w.store.Authenticate(t.Context(), email, own[want.ID])
			must(t, err)
			if got.ID != want.ID {
				t.Errorf("%+q is user %d, want %d", email, got.ID, want.ID)
			}
		}
	}
	for _, email := range []string{"ada\u200b@strasse.example", "ada@strasse.example"} {
		for _, secret := range own {
			_, err := w.store.Authenticate(t.Context(), email, secret)
			wantErr(t, email, err, store.ErrInvalidCredentials)
		}
	}
}

// A file in which the older of two accounts that read the same still has the key that
// it was folded to: from now on nobody else's e-mail is that key.
func TestUpgradeTakesFoldedKeysAway(t *testing.T) {
	w := newWorld(t)
	old, typed, signUp := w.user("1@example.com"), w.user("2@example.com"), w.user("3@example.com")
	w.signIn(old)
	w.signIn(typed)
	db := w.raw()
	const update = `UPDATE users SET email = ?1, email_key = ?2 WHERE id = ?3`
	_, err := db.ExecContext(t.Context(), update, "anna@stra\u00dfe.example", "anna@strasse.example", old.ID)
	must(t, err)
	_, err = db.ExecContext(t.Context(), update, "anna@xn--strae-oqa.example", "anna@xn--strae-oqa.example", typed.ID)
	must(t, err)
	_, err = db.ExecContext(t.Context(), `DELETE FROM migrations WHERE name = 'migrations/0040_email_keys.sql'`)
	must(t, errors.Join(err, db.Close()))
	w.restart()

	eve := w.signUp("anna@strasse.example", "eve's own password")
	_, err = w.prove(eve)
	must(t, err)
	for email, want := range map[string]int64{
		"anna@stra\u00dfe.example": old.ID, "anna@xn--strae-oqa.example": typed.ID, "anna@strasse.example": eve.ID,
	} {
		got, err := w.store.AccountOf(t.Context(), email)
		if got.ID != want || err != nil {
			t.Errorf("%s is user %d, want %d: %v", email, got.ID, want, err)
		}
	}
	_, err = w.prove(signUp)
	must(t, err)
}

// How many sign-ups a password is compared with does not tell whether their e-mail has
// an account.
func TestManySignUpsSayNothing(t *testing.T) {
	w := newWorld(t)
	w.signIn(w.user("taken@example.com"))
	found := map[string][]bool{}
	for _, email := range []string{"taken@example.com", "free@example.com"} {
		for n := range 10 {
			w.signUp(email, string(rune('a'+n))+" password of theirs")
			w.clock.Advance(time.Second)
		}
		for n := range 10 {
			_, err := w.store.Authenticate(t.Context(), email, string(rune('a'+n))+" password of theirs")
			found[email] = append(found[email], err == nil)
		}
	}
	wantEqual(t, found["taken@example.com"], found["free@example.com"])
	if !found["free@example.com"][9] || found["free@example.com"][0] {
		t.Errorf("found are %v, want the newest", found["free@example.com"])
	}
}
