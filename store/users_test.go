package store_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/alexedwards/argon2id"

	"nod/store"
)

func TestCreateUserKeepsWhatWasGiven(t *testing.T) {
	w := newWorld(t)
	got, err := w.store.CreateUser(t.Context(), store.NewUser{
		Name: "Zoë", Email: " Zoë@Example.com ", Password: password,
		PhoneNumber: "+573001234567", CountryCode: 57, Handle: "42",
	})
	must(t, err)
	want := store.User{
		ID: got.ID, Name: "Zoë", Email: "Zoë@Example.com",
		PhoneNumber: "+573001234567", CountryCode: 57, CreatedAt: w.clock.Now(), Unproved: true,
	}
	if got != want || got.ID == 0 {
		t.Errorf("got %+v, want %+v", got, want)
	}
	again, err := w.store.Authenticate(t.Context(), "zoë@example.com", password)
	must(t, err)
	if again.Plain() != want {
		t.Errorf("signed in as %+v, want %+v", again, want)
	}
	wantEqual(t, w.events(got), []string{"user_created"})
}

func TestEmailsAreComparedByMeaning(t *testing.T) {
	same := []struct{ name, first, second string }{
		{"as typed", "ada@example.com", "ada@example.com"},
		{"upper case", "ada@example.com", "ADA@Example.COM"},
		{"blanks around", "ada@example.com", "\t ada@example.com\n"},
		{"upper case with an accent", "zoë@example.com", "ZOË@example.com"},
		{"accent apart from its letter", "zo\u00eb@example.com", "zoe\u0308@example.com"},
		{"both", "zo\u00eb@example.com", "ZOE\u0308@example.com"},
		{"sharp s", "stra\u00dfe@example.com", "STRASSE@example.com"},
		{"final sigma", "\u03bf\u03b4\u03cc\u03c2@example.com", "\u039f\u0394\u039f\u0301\u03a3@example.com"},
		{"folded to parts that compose again", "\u0390@example.com", "\u0399\u0308\u0301@example.com"},
		{"long s", "nasa@example.com", "na\u017fa@example.com"},
		{"zero width space", "ada@example.com\u200b", "ada@example.com"},
		{"byte order mark", "\ufeffada@example.com", "ada@example.com"},
		{"embedding marks of a contact card", "\u202aada@example.com\u202c", "ada@example.com"},
		{"soft hyphen in the domain", "ada@exam\u00adple.com", "ada@example.com"},
		{"left-to-right mark within", "ad\u200ea@example.com", "ada@example.com"},
		{"Hangul filler", "ada\u3164@example.com", "ada@example.com"},
		{"domain in letters and in ASCII", "ada@b\u00fccher.example", "ada@xn--bcher-kva.example"},
		{"domain in wide forms", "ada@\uff45xample\u3002com", "ada@example.com"},
	}
	for _, test := range same {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.signIn(w.user(test.first))
			w.wantTaken(w.user(test.second))
			_, err := w.store.Authenticate(t.Context(), test.second, password)
			must(t, err)
		})
	}
	w := newWorld(t)
	w.signIn(w.user("ada@example.com"))
	// The wide forms are another mailbox, and dots and tags are for its owner to say.
	for _, other := range []string{"ada@example.co", "\uff41da@example.com", "a.da@example.com", "ada+1@example.com"} {
		w.signIn(w.user(other))
	}
}

func TestAuthenticateRefusesBothTheSameWay(t *testing.T) {
	w := newWorld(t)
	w.user("ada@example.com")
	tests := []struct{ name, email, password string }{
		{"wrong password", "ada@example.com", "wrong"},
		{"password in other case", "ada@example.com", strings.ToUpper(password)},
		{"empty password", "ada@example.com", ""},
		{"unknown e-mail", "eve@example.com", password},
		{"empty e-mail", "", password},
		{"the password of the dummy", "eve@example.com", "nobody has this password"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			u, err := w.store.Authenticate(t.Context(), test.email, test.password)
			if err != store.ErrInvalidCredentials || u != (store.User{}) {
				t.Errorf("got %+v and error %v, want ErrInvalidCredentials as it is", u, err)
			}
		})
	}
}

func TestPasswordsOfAnyScriptAndLength(t *testing.T) {
	w := newWorld(t)
	for i, secret := range []string{"8 signs!", strings.Repeat("correct horse ", 10), "пароль-密码-🐎🔋"} {
		email := strings.Repeat("a", i+1) + "@example.com"
		_, err := w.store.CreateUser(t.Context(), store.NewUser{Email: email, Password: secret, Handle: "1"})
		must(t, err)
		_, err = w.store.Authenticate(t.Context(), email, secret)
		must(t, err)
		_, err = w.store.Authenticate(t.Context(), email, secret+"x")
		wantErr(t, secret, err, store.ErrInvalidCredentials)
	}
}

func TestPasswordsAreKeptAsArgon2id(t *testing.T) {
	w := newWorld(t)
	must(t, w.store.Close())
	o := w.options()
	o.HashParams = nil
	var err error
	w.store, err = store.Open(t.Context(), w.path, o)
	must(t, err)
	w.user("ada@example.com")
	db := w.raw()
	var hash string
	err = db.QueryRowContext(t.Context(), `SELECT password_hash FROM users`).Scan(&hash)
	must(t, errors.Join(err, db.Close()))
	if want := "$argon2id$v=19$m=19456,t=2,p=1$"; !strings.HasPrefix(hash, want) {
		t.Errorf("got hash %s, want it to begin %s", hash, want)
	}
	if ok, err := argon2id.ComparePasswordAndHash(password, hash); !ok || err != nil {
		t.Errorf("the hash is not of the password: %v", err)
	}
}

func TestCloseAccountEndsAndForgets(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.user("ada@example.com"), w.user("bob@example.com")
	in, waiting, bobs := w.signIn(ada), w.start(ada), w.signIn(bob)
	_, transfer := w.ask(in)
	login := w.begin(waiting)

	ended, err := w.store.CloseAccount(store.Actor{IP: browser.IP}.In(t.Context()), in.ID)
	must(t, err)
	if len(ended) != 2 {
		t.Errorf("got %d sessions to tell, want 2", len(ended))
	}
	for _, sess := range ended {
		if sess.EndReason != "account_closed" || sess.EndedAt.IsZero() || (sess.ID != in.ID && sess.ID != waiting.ID) {
			t.Errorf("got %+v", sess)
		}
		_, _, err := w.store.Session(t.Context(), sess.ID)
		wantErr(t, "session", err, store.ErrNotFound)
	}
	for _, a := range []store.Approval{transfer, login} {
		if got := w.approval(a.ID); got.Status != store.Cancelled || got.Reason != "signed_out" {
			t.Errorf("got request %+v, want cancelled", got)
		}
		if _, applied := w.decide(a, store.Approved); applied {
			t.Error("a closed account was approved")
		}
	}
	_, err = w.store.Authenticate(t.Context(), "ada@example.com", password)
	wantErr(t, "password", err, store.ErrInvalidCredentials)
	_, err = w.store.StartSession(t.Context(), ada.ID, "", browser)
	wantErr(t, "a session that was about to start", err, store.ErrNotFound)
	_, err = w.store.CloseAccount(t.Context(), in.ID)
	wantErr(t, "once more", err, store.ErrNotFound)

	if got := w.number(`
		SELECT (SELECT COUNT(*) FROM users
				WHERE id = ?1 AND (name || email || password_hash || phone_number <> '' OR email_key IS NOT NULL))
			+ (SELECT COUNT(*) FROM factors WHERE user_id = ?1 AND revoked_at IS NULL)
			+ (SELECT COUNT(*) FROM sessions WHERE user_id = ?1 AND ip || user_agent <> '')
			+ (SELECT COUNT(*) FROM events WHERE user_id = ?1 AND ip LIKE '%192.0.2.%')`, ada.ID); got != 0 {
		t.Errorf("%d rows still tell who it was", got)
	}
	if _, _, err := w.store.Session(t.Context(), bobs.ID); err != nil {
		t.Errorf("Bob was signed out, too: %v", err)
	}
	fresh := w.user("ada@example.com") // the address is free again
	if fresh.ID == ada.ID {
		t.Error("the new account has the old one's id")
	}
}

// How the owner reads is kept as long as the account, and belongs to it alone.
func TestTheLanguageOfAnAccount(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.user("ada@example.com"), w.user("bob@example.com")
	reads := func(id int64) (language string) {
		db := w.raw()
		defer db.Close()
		must(t, db.QueryRowContext(t.Context(), `SELECT language FROM users WHERE id = ?`, id).Scan(&language))
		return language
	}
	must(t, w.store.SetLanguage(t.Context(), ada.ID, "de-CH"))
	in := w.signIn(ada)
	_, user, err := w.store.Session(t.Context(), in.ID)
	must(t, err)
	if user.Language != "de-CH" || reads(bob.ID) != "" {
		t.Errorf("got %q, and %q of another account", user.Language, reads(bob.ID))
	}
	_, err = w.store.CloseAccount(t.Context(), in.ID)
	must(t, err)
	must(t, w.store.SetLanguage(t.Context(), ada.ID, "de"))
	if got := reads(ada.ID); got != "" {
		t.Errorf("the closed account keeps %q", got)
	}
}

// Nobody has said how accounts from before are read.
func TestUpgradeLeavesTheLanguageOpen(t *testing.T) {
	w := oldWorld(t)
	if got := w.number(`SELECT COUNT(*) FROM users WHERE language <> ''`); got != 0 {
		t.Errorf("%d accounts have a language", got)
	}
}
