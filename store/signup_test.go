package store_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"nod/store"
)

// signUp asks for an e-mail with another password than that of user.
func (w *world) signUp(email, password string) store.User {
	w.t.Helper()
	w.phones++
	u, err := w.store.CreateUser(w.t.Context(), store.NewUser{
		Name: "Eve", Email: email, Password: password, PhoneNumber: "+12015550199", CountryCode: 1, Handle: "77",
	})
	must(w.t, err)
	return u
}

// prove taps Approve on the phone of a sign-up and goes on.
func (w *world) prove(u store.User) (store.Session, error) {
	w.t.Helper()
	sess := w.start(u)
	w.approve(w.begin(sess))
	return w.store.ConfirmLogin(w.t.Context(), sess.ID, browser)
}

// rehash gives the password of a user a salt of its own.
func (w *world) rehash(u store.User) {
	w.t.Helper()
	hash, err := argon2id.CreateHash(password, cheap)
	must(w.t, err)
	db := w.raw()
	_, err = db.ExecContext(w.t.Context(), `UPDATE users SET password_hash = ? WHERE id = ?`, hash, u.ID)
	must(w.t, errors.Join(err, db.Close()))
}

// wantTaken proves the phone of a sign-up whose e-mail has an account.
func (w *world) wantTaken(u store.User) *store.TakenError {
	w.t.Helper()
	_, err := w.prove(u)
	wantErr(w.t, "the sign-up", err, store.ErrEmailTaken)
	var taken *store.TakenError
	if !errors.As(err, &taken) {
		w.t.Fatalf("got error %v, want a TakenError", err)
	}
	return taken
}

func TestAnEmailIsWhoseItIsOnceThePhoneIsProved(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	eve := w.signUp("ada@example.com", "eve's own password")
	w.signIn(ada)
	got, err := w.store.Authenticate(t.Context(), "ada@example.com", password)
	must(t, err)
	if got.ID != ada.ID || got.Unproved {
		t.Errorf("got %+v, want Ada, proved", got)
	}

	other := w.start(eve)
	taken := w.wantTaken(eve)
	if len(taken.Sessions) != 2 || taken.Phone.Handle != "77" {
		t.Errorf("got %+v, want two sessions to tell and the phone", taken.Closed)
	}
	if got := w.session(other.ID); got.EndReason != store.ReasonEmailTaken {
		t.Errorf("the other browser of the sign-up reads %+v", got)
	}
	_, err = w.store.Authenticate(t.Context(), "ada@example.com", "eve's own password")
	wantErr(t, "the password of the sign-up", err, store.ErrInvalidCredentials)
	wantEqual(t, w.events(ada)[6:], []string{"sign_up_taken", "password_refused"})
	told, _, err := w.store.UnreadNotices(t.Context(), store.Session{UserID: ada.ID}, 9)
	must(t, err)
	if len(told) == 0 || told[0].Kind != store.NoticeEmailTaken {
		t.Errorf("Ada is told %+v", told)
	}
	if got := w.number(`
		SELECT (SELECT COUNT(*) FROM users
				WHERE id = ?1 AND (name || email || password_hash || phone_number <> '' OR email_key IS NOT NULL OR claims IS NOT NULL))
			+ (SELECT COUNT(*) FROM factors WHERE user_id = ?1 AND revoked_at IS NULL)
			+ (SELECT COUNT(*) FROM sessions WHERE user_id = ?1 AND (level = 2 OR ended_at IS NULL))`, eve.ID); got != 0 {
		t.Errorf("%d rows of the sign-up are left", got)
	}
}

// A code proves a phone as a tap does.
func TestACodeProvesASignUp(t *testing.T) {
	w := newWorld(t)
	eve, ada := w.signUp("ada@example.com", "eve's own password"), w.user("ada@example.com")
	byCode := func(u store.User) error {
		_, err := w.store.ConfirmByCode(t.Context(), w.start(u).ID, store.MethodSMS, "hash", browser)
		return err
	}
	must(t, byCode(ada))
	wantErr(t, "the later proof", byCode(eve), store.ErrEmailTaken)
}

// Whoever signs up learns nothing by signing in to the sign-up, and keeps nobody
// out: each finds their own, by their own password.
func TestASignUpIsFoundWhetherOrNotTheEmailHasAnAccount(t *testing.T) {
	for _, email := range []string{"ada@example.com", "nobody@example.com"} {
		w := newWorld(t)
		ada := w.user("ada@example.com")
		w.signIn(ada)
		w.rehash(ada) // as a version before did
		eve := w.signUp(email, "eve's own password")
		got, err := w.store.Authenticate(t.Context(), email, "eve's own password")
		must(t, err)
		if got.ID != eve.ID || !got.Unproved {
			t.Errorf("%s: got %+v, want the sign-up", email, got)
		}
		got, err = w.store.Authenticate(t.Context(), "ada@example.com", password)
		must(t, err)
		if got.ID != ada.ID {
			t.Errorf("beside the sign-up, Ada is user %d", got.ID)
		}
	}
}

// Many sign-ups for one e-mail do not shut its owner out, nor the one who signed
// up last.
func TestManySignUpsForOneEmail(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	w.signIn(ada)
	var last store.User
	for i := range 20 {
		last = w.signUp("ada@example.com", string(rune('a'+i))+" password of theirs")
		if i == 17 {
			w.signUp("ada@example.com", password) // by whoever has guessed it
		}
	}
	for secret, want := range map[string]int64{password: ada.ID, "t password of theirs": last.ID} {
		got, err := w.store.Authenticate(t.Context(), "ada@example.com", secret)
		must(t, err)
		if got.ID != want {
			t.Errorf("%q is user %d, want %d", secret, got.ID, want)
		}
	}
}

func TestTheFirstProofWins(t *testing.T) {
	w := newWorld(t)
	const many = 8
	var sessions [many]store.Session
	for i := range many {
		email := "ada@example.com"
		if i%2 == 0 {
			email = "ADA@EXAMPLE.COM"
		}
		sessions[i] = w.start(w.signUp(email, string(rune('a'+i))+" password of theirs"))
		w.approve(w.begin(sessions[i]))
	}
	won := race(t, many, store.ErrEmailTaken, func(i int) error {
		_, err := w.store.ConfirmLogin(t.Context(), sessions[i].ID, browser)
		return err
	})
	if got := w.number(`SELECT COUNT(*) FROM users WHERE closed_at IS NULL`); won != 1 || got != 1 {
		t.Errorf("%d won and %d accounts are there, want 1", won, got)
	}
}

// A form that is sent twice makes one sign-up.
func TestTheSameSignUpTwiceIsOne(t *testing.T) {
	w := newWorld(t)
	ids := map[int64]bool{}
	var guard sync.Mutex
	var tries sync.WaitGroup
	for range 8 {
		tries.Go(func() {
			u, err := w.store.CreateUser(t.Context(), store.NewUser{Name: "Ada", Email: "ada@example.com", Password: password, PhoneNumber: "+12015550101", CountryCode: 1, Handle: "1"})
			guard.Lock()
			defer guard.Unlock()
			if ids[u.ID] = true; err != nil {
				t.Error(err)
			}
		})
	}
	tries.Wait()
	if len(ids) != 1 {
		t.Errorf("got %d sign-ups, want 1", len(ids))
	}
	if again := w.signUp("ada@example.com", password); ids[again.ID] {
		t.Error("one with another phone is the same")
	}
}

func TestASignUpThatNobodyProvesEnds(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	w.signIn(ada)
	for i := range 60 {
		w.signUp("eve@example.com", string(rune('a'+i))+" password of theirs")
	}
	w.clock.Advance(24*time.Hour - time.Minute)
	late := w.signUp("eve@example.com", password)
	if closed, err := w.store.EndUnproved(t.Context()); len(closed) != 0 || err != nil {
		t.Errorf("before the day was over: %d ended, %v", len(closed), err)
	}
	w.clock.Advance(time.Minute)
	closed, err := w.store.EndUnproved(t.Context())
	must(t, err)
	if len(closed) != 60 || closed[0].Phone.Handle != "77" {
		t.Errorf("%d ended, want 60, each with its phone", len(closed))
	}
	for secret, want := range map[string]int64{password: late.ID} {
		got, err := w.store.Authenticate(t.Context(), "eve@example.com", secret)
		must(t, err)
		if got.ID != want {
			t.Errorf("got user %d, want %d", got.ID, want)
		}
	}
	_, err = w.store.Authenticate(t.Context(), "eve@example.com", "a password of theirs")
	wantErr(t, "one that has ended", err, store.ErrInvalidCredentials)
	_, err = w.store.Authenticate(t.Context(), "ada@example.com", password)
	must(t, err)
}

// Each password costs one hash, whoever has the e-mail: the time says nothing.
func TestAPasswordCostsOneHash(t *testing.T) {
	var made atomic.Int64
	store.CountHashes(t, &made)
	w := newWorld(t)
	ada := w.user("ada@example.com")
	w.signIn(ada)
	w.rehash(ada) // as a version before did
	for i := range 3 {
		w.signUp("ada@example.com", string(rune('a'+i))+" password of theirs")
		w.signUp("eve@example.com", string(rune('a'+i))+" password of theirs")
	}
	for _, email := range []string{"ada@example.com", "eve@example.com", "nobody@example.com"} {
		for _, secret := range []string{password, "a password of theirs", "c password of theirs"} {
			before := made.Load()
			_, err := w.store.Authenticate(t.Context(), email, secret)
			if err != nil && !errors.Is(err, store.ErrInvalidCredentials) {
				t.Fatal(err)
			}
			if got := made.Load() - before; got != 1 {
				t.Errorf("%s, %q: %d hashes, want 1", email, secret, got)
			}
		}
	}
	for _, email := range []string{"ada@example.com", "nobody@example.com"} {
		before := made.Load()
		w.signUp(email, "one more password")
		if got := made.Load() - before; got != 1 {
			t.Errorf("a sign-up for %s: %d hashes, want 1", email, got)
		}
	}
}
