package store_test

import (
	"errors"
	"testing"
	"time"

	"nod/store"
)

// signUpOwn is a sign-up that names no number.
func (w *world) signUpOwn(email string) store.User {
	w.t.Helper()
	u, err := w.store.CreateUser(w.t.Context(), store.NewUser{Name: "Ada", Email: email, Password: password})
	must(w.t, err)
	return u
}

// enrolledIn is a phone that a session adds, and that waits to be confirmed.
func (w *world) enrolledIn(sess store.Session, name string) ownPhone {
	w.t.Helper()
	code, err := w.store.NewPhoneCode(w.t.Context(), sess.ID)
	must(w.t, err)
	return w.enrolledBy(code, name)
}

// member is somebody who has signed up with a phone of their own, and that phone.
func (w *world) member(email string) (store.User, ownPhone) {
	w.t.Helper()
	u := w.signUpOwn(email)
	half := w.start(u)
	p := w.enrolledIn(half, "Pixel")
	must(w.t, w.store.ConfirmOwnPhone(w.t.Context(), half.ID, p.ID, browser))
	w.answerOwn(p.says(w.askOwnIn(half), store.Approved))
	must(w.t, err2(w.store.ConfirmLogin(w.t.Context(), half.ID, browser)))
	return u, p
}

// Where there are no other phones, the password of a sign-up adds one, and nothing else;
// once one has answered it takes a session that is fresh.
func TestASignUpAddsItsPhone(t *testing.T) {
	w := newWorldOf(t, store.Own)
	ctx := t.Context()
	ada, eve := w.signUpOwn("ada@example.com"), w.signUpOwn("eve@example.com")
	half, theirs := w.start(ada), w.start(eve)
	_, _, err := w.store.BeginLogin(ctx, half.ID, store.NoRequest, ttl)
	wantErr(t, "nobody can be asked", err, store.ErrNotFound)
	p := w.enrolledIn(half, "Pixel")
	_, _, err = w.store.BeginLogin(ctx, half.ID, store.NoRequest, ttl)
	wantErr(t, "a phone that waits is asked", err, store.ErrNotFound)
	wantErr(t, "another sign-up", w.store.ConfirmOwnPhone(ctx, theirs.ID, p.ID, browser), store.ErrNotFound)
	must(t, w.store.ConfirmOwnPhone(ctx, half.ID, p.ID, browser))
	elsewhere := w.start(ada) // somebody who knows the password
	other := w.enrolledIn(elsewhere, "iPhone")
	must(t, w.store.ConfirmOwnPhone(ctx, elsewhere.ID, other.ID, browser))
	_, err = w.store.RevokeOwnPhone(ctx, half.ID, other.ID, browser)
	wantErr(t, "a password takes a phone away", err, store.ErrNotFound)
	w.answerOwn(p.says(w.askOwnIn(half), store.Approved))
	in, err := w.store.ConfirmLogin(ctx, half.ID, browser)
	must(t, err)
	told, _, err := w.store.UnreadNotices(ctx, in, 10)
	must(t, err)
	if len(told) != 1 || told[0].Detail != "iPhone" {
		t.Errorf("the owner is told %+v", told)
	}
	_, err = w.store.NewPhoneCode(ctx, w.start(ada).ID)
	wantErr(t, "a password adds a phone to an account", err, store.ErrNotFound)
	must(t, err2(w.store.NewPhoneCode(ctx, in.ID)))
	w.clock.Advance(store.FreshFor)
	_, err = w.store.NewPhoneCode(ctx, in.ID)
	wantErr(t, "a session that is not fresh", err, store.ErrNotFresh)
	w.clock.Advance(time.Hour)
	_, err = w.store.NewPhoneCode(ctx, theirs.ID)
	wantErr(t, "a sign-up whose session is over", err, store.ErrNotFound)
}

// Where a sign-up names a number, that phone comes first.
func TestASignUpWithANumberAddsNoPhone(t *testing.T) {
	w := newWorld(t)
	_, err := w.store.NewPhoneCode(t.Context(), w.start(w.user("ada@example.com")).ID)
	wantErr(t, "its password", err, store.ErrNotFound)
}

// Two ask for one e-mail: it is that of whose phone answers first.
func TestTheFirstPhoneThatAnswersGetsTheEmail(t *testing.T) {
	w := newWorldOf(t, store.Own)
	late := w.signUpOwn("ada@example.com")
	half := w.start(late)
	p := w.enrolledIn(half, "Nokia")
	must(t, w.store.ConfirmOwnPhone(t.Context(), half.ID, p.ID, browser))
	first, err := w.store.CreateUser(t.Context(), store.NewUser{Name: "Ada", Email: "ada@example.com", Password: "another password"})
	must(t, err)
	its := w.start(first)
	q := w.enrolledIn(its, "Pixel")
	must(t, w.store.ConfirmOwnPhone(t.Context(), its.ID, q.ID, browser))
	w.answerOwn(q.says(w.askOwnIn(its), store.Approved))
	must(t, err2(w.store.ConfirmLogin(t.Context(), its.ID, browser)))
	w.answerOwn(p.says(w.askOwnIn(half), store.Approved))
	_, err = w.store.ConfirmLogin(t.Context(), half.ID, browser)
	wantErr(t, "the second", err, store.ErrEmailTaken)
	if _, err := w.store.OwnPhoneOf(t.Context(), p.cookie); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("its phone: got %v", err)
	}
}

// The last phone stays, unless there is another way in.
func TestTheLastWayInIsNotRemoved(t *testing.T) {
	w := newWorldOf(t, store.Own)
	ctx := t.Context()
	ada, pixel := w.member("ada@example.com")
	_, err := w.store.RevokeOwnPhone(ctx, w.fresh(ada), pixel.ID, browser)
	wantErr(t, "the only one", err, store.ErrLastFactor)
	if has, err := w.store.HasPhone(ctx, ada.ID); err != nil || !has || !w.ownPhoneOf(pixel.cookie).Counts() {
		t.Errorf("then it is gone: %v", err)
	}
	_, _, err = w.store.ChangePassword(ctx, w.fresh(ada), store.PasswordChange{Password: "quiet harbour lantern moss", RemovePhones: []string{pixel.ID}}, browser)
	wantErr(t, "the only one, with a new password", err, store.ErrLastFactor)
	waiting := w.enrolled(ada, "iPhone")
	must(t, err2(w.store.RevokeOwnPhone(ctx, w.fresh(ada), waiting.ID, browser)))
	w.recoveryCodes(ada)
	must(t, err2(w.store.RevokeOwnPhone(ctx, w.fresh(ada), pixel.ID, browser)))
	if has, err := w.store.HasPhone(ctx, ada.ID); err != nil || has {
		t.Errorf("there is one left, %v", err)
	}
	wantErr(t, "the codes", w.store.RemoveRecoveryCodes(ctx, w.fresh(ada), browser), store.ErrLastFactor)
	app := w.app(ada)
	must(t, w.store.RemoveRecoveryCodes(ctx, w.fresh(ada), browser))
	wantErr(t, "the app", w.store.RemoveAuthenticator(ctx, w.fresh(ada), app.id, browser), store.ErrLastFactor)
}

// Whoever has no number is counted by their account.
func TestRequestsAreCountedWithoutANumber(t *testing.T) {
	w := newWorldOf(t, store.Own)
	ada, _ := w.member("ada@example.com")
	bob, _ := w.member("bob@example.com")
	stranger := store.Client{IP: "203.0.113.9", UserAgent: "Stranger/1.0"}
	ask := func(u store.User) error {
		sess, err := w.store.StartSession(t.Context(), u.ID, "", stranger)
		must(t, err)
		a, _, err := w.store.BeginLogin(t.Context(), sess.ID, store.NoRequest, ttl)
		if err == nil && a.Status == store.Cancelled {
			err = errors.New(string(a.Reason))
		}
		return err
	}
	for range 3 {
		must(t, ask(ada))
		w.clock.Advance(ttl)
	}
	if err := ask(ada); err == nil || err.Error() != string(store.ReasonPushPaused) {
		t.Errorf("a fourth request of a stranger: got %v", err)
	}
	must(t, ask(bob))
}
