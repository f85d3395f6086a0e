package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"nod/store"
)

// ownPhone is a phone of one's own, as far as the store knows it.
type ownPhone struct {
	store.OwnPhone
	cookie string
}

// enrolled is a phone that has shown its code, and waits for a browser to confirm it.
func (w *world) enrolled(u store.User, name string) ownPhone {
	w.t.Helper()
	return w.enrolledBy(w.phoneCode(u), name)
}

func (w *world) enrolledBy(code, name string) ownPhone {
	w.t.Helper()
	ctx := w.t.Context()
	e, err := w.store.BeginEnrolment(ctx, code, browser)
	must(w.t, err)
	w.phones++
	p := store.OwnPhone{
		Name: name, DeviceKey: []byte("device"), PasskeyKey: []byte("passkey"), Credential: fmt.Append(nil, w.phones),
	}
	cookie := fmt.Sprint("cookie of ", w.phones)
	p, err = w.store.Enrol(ctx, code, e, p, cookie)
	must(w.t, err)
	return ownPhone{p, cookie}
}

func (w *world) phoneCode(u store.User) (code string) {
	w.t.Helper()
	w.as(u, func(id string) (err error) {
		code, err = w.store.NewPhoneCode(w.t.Context(), id)
		return err
	})
	return code
}

// own is a phone that counts.
func (w *world) own(u store.User, name string) ownPhone {
	w.t.Helper()
	p := w.enrolled(u, name)
	w.as(u, func(id string) error { return w.store.ConfirmOwnPhone(w.t.Context(), id, p.ID, browser) })
	return ownPhone{w.ownPhoneOf(p.cookie), p.cookie}
}

func (w *world) ownPhoneOf(cookie string) store.OwnPhone {
	w.t.Helper()
	p, err := w.store.OwnPhoneOf(w.t.Context(), cookie)
	must(w.t, err)
	return p
}

// askOwn begins a sign-in that the own phones of its user are asked about.
func (w *world) askOwn(u store.User) store.Approval {
	w.t.Helper()
	return w.askOwnIn(w.start(u))
}

func (w *world) askOwnIn(sess store.Session) store.Approval {
	w.t.Helper()
	a, _, err := w.store.BeginApproval(w.t.Context(), sess.ID, store.KindLogin, "", ttl)
	must(w.t, err)
	must(w.t, w.store.KeepOwnRequest(w.t.Context(), a, `{"email":"x"}`))
	return a
}

// says is an answer whose signatures are right.
func (p ownPhone) says(a store.Approval, status store.ApprovalStatus) store.OwnAnswer {
	return store.OwnAnswer{RequestID: a.ID, PhoneID: p.ID, Status: status, Number: a.Number, Receipt: "{}"}
}

func (w *world) answerOwn(d store.OwnAnswer) (store.Approval, bool) {
	w.t.Helper()
	a, applied, err := w.store.AnswerOwn(w.t.Context(), d)
	must(w.t, err)
	return a, applied
}

func TestTheCodeOfAPhone(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	ada := w.user("ada@example.com")
	_, err := w.store.BeginEnrolment(ctx, "00000000", browser)
	wantErr(t, "a code that is none", err, store.ErrWrongCode)

	old := w.phoneCode(ada)
	code := w.phoneCode(ada)
	_, err = w.store.BeginEnrolment(ctx, old, browser)
	wantErr(t, "one that was replaced", err, store.ErrWrongCode)
	var e store.Enrolment
	for range 5 {
		e, err = w.store.BeginEnrolment(ctx, code, browser)
		must(t, err)
	}
	_, err = w.store.BeginEnrolment(ctx, code, browser)
	wantErr(t, "a sixth try", err, store.ErrWrongCode)
	stale := e
	stale.Challenge = "another"
	p := store.OwnPhone{Name: "x", DeviceKey: []byte("d"), PasskeyKey: []byte("p"), Credential: []byte("c")}
	_, err = w.store.Enrol(ctx, code, stale, p, "cookie")
	wantErr(t, "another enrolment", err, store.ErrWrongCode)
	must(t, err2(w.store.Enrol(ctx, code, e, p, "cookie")))
	p.Credential = []byte("another")
	_, err = w.store.Enrol(ctx, code, e, p, "another cookie")
	wantErr(t, "a second phone by one code", err, store.ErrWrongCode)

	late := w.phoneCode(ada)
	w.clock.Advance(10 * time.Minute)
	_, err = w.store.BeginEnrolment(ctx, late, browser)
	wantErr(t, "too late", err, store.ErrWrongCode)
}

// A phone counts once a browser of its account has confirmed it, soon.
func TestANewPhoneIsConfirmed(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	ada, eve := w.user("ada@example.com"), w.user("eve@example.com")
	p := w.enrolled(ada, "Pixel")
	if a := w.begin(w.start(ada)); a.Provider == store.Own {
		t.Error("a phone that waits to be confirmed is asked")
	}
	wantErr(t, "another account", w.store.ConfirmOwnPhone(ctx, w.fresh(eve), p.ID, browser), store.ErrNotFound)
	w.clock.Advance(store.OwnPhoneWait)
	wantErr(t, "too late", w.store.ConfirmOwnPhone(ctx, w.fresh(ada), p.ID, browser), store.ErrNotFound)
	w.own(ada, "iPhone")
	told, _, err := w.store.UnreadNotices(ctx, store.Session{UserID: ada.ID}, 10)
	must(t, err)
	if len(told) != 1 || told[0].Kind != store.NoticeFactorAdded || told[0].Detail != "iPhone" {
		t.Errorf("the owner was told %+v", told)
	}
	for i := range 3 {
		w.own(ada, fmt.Sprint(i))
	}
	sixth := w.enrolled(ada, "sixth")
	w.own(ada, "fifth")
	wantErr(t, "a code for a sixth one", err2(w.store.NewPhoneCode(ctx, w.fresh(ada))), store.ErrTooManyFactors)
	wantErr(t, "a sixth one", w.store.ConfirmOwnPhone(ctx, w.fresh(ada), sixth.ID, browser), store.ErrTooManyFactors)
}

// An account gets ten codes in an hour. The last one stays good.
func TestTheCodesForPhonesAreLimited(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	ada, bob := w.user("ada@example.com"), w.user("bob@example.com")
	code := ""
	for range 10 {
		code = w.phoneCode(ada)
	}
	var often *store.RateError
	_, err := w.store.NewPhoneCode(ctx, w.fresh(ada))
	if !errors.As(err, &often) || often.Limit != "phone_code" || !often.RetryAt.Equal(w.clock.Now().Add(time.Hour)) {
		t.Errorf("an eleventh code: got %v", err)
	}
	must(t, err2(w.store.BeginEnrolment(ctx, code, browser)))
	w.phoneCode(bob)
	w.clock.Advance(time.Hour)
	w.phoneCode(ada)
}

// Without the last of them the phone with the number is asked again, and what they
// were asked ends.
func TestARevokedOwnPhone(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	ada, eve := w.user("ada@example.com"), w.user("eve@example.com")
	pixel, iphone := w.own(ada, "Pixel"), w.own(ada, "iPhone")
	a := w.askOwn(ada)
	_, err := w.store.RevokeOwnPhone(ctx, w.fresh(eve), pixel.ID, browser)
	wantErr(t, "another account", err, store.ErrNotFound)
	ended, err := w.store.RevokeOwnPhone(ctx, w.fresh(ada), iphone.ID, browser)
	must(t, err)
	if len(ended) != 0 || w.approval(a.ID).Status != store.Pending {
		t.Errorf("with one phone left %+v ended", ended)
	}
	ended, err = w.store.RevokeOwnPhone(ctx, w.fresh(ada), pixel.ID, browser)
	must(t, err)
	if len(ended) != 1 || ended[0].ID != a.ID || ended[0].Reason != store.ReasonPhoneGone {
		t.Errorf("with no phone left %+v ended", ended)
	}
	if again := w.begin(w.start(ada)); again.Provider != store.Simulator || len(again.Number) != 2 {
		t.Errorf("then is asked %+v", again)
	}
	if p := w.ownPhoneOf(pixel.cookie); p.RevokedAt.IsZero() || p.Counts() {
		t.Errorf("the phone reads %+v", p)
	}
	_, err = w.store.RenewOwnPhone(ctx, w.ownPhoneOf(pixel.cookie))
	wantErr(t, "its cookie", err, store.ErrNotFound)
}

// Whoever holds a lost phone approves, and then its owner revokes it.
func TestWhatARevokedPhoneHasApprovedIsUsedByNobody(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	lost, kept := w.own(ada, "Pixel"), w.own(ada, "iPhone")
	revoke := func(p ownPhone) (ended []store.Approval) {
		ended, err := w.store.RevokeOwnPhone(t.Context(), w.fresh(ada), p.ID, browser)
		must(t, err)
		return ended
	}
	theirs := w.askOwn(ada)
	w.answerOwn(lost.says(theirs, store.Approved))
	if ended := revoke(lost); len(ended) != 1 || ended[0].ID != theirs.ID || ended[0].Status != store.Cancelled {
		t.Errorf("%+v ended", ended)
	}
	_, err := w.store.ConfirmLogin(t.Context(), theirs.SessionID, browser)
	wantErr(t, "a revoked phone's approval", err, store.ErrNotApproved)

	hers := w.askOwn(ada)
	w.answerOwn(kept.says(hers, store.Approved))
	revoke(w.own(ada, "Nokia"))
	must(t, err2(w.store.ConfirmLogin(t.Context(), hers.SessionID, browser)))
	if revoke(kept); w.approval(hers.ID).Status != store.Approved {
		t.Error("what was used is taken back")
	}
}

func TestTheChallengeOfAPhoneIsSignedOnce(t *testing.T) {
	w := newWorld(t)
	p := w.own(w.user("ada@example.com"), "Pixel")
	w.clock.Advance(time.Hour)
	next, err := w.store.RenewOwnPhone(t.Context(), p.OwnPhone)
	must(t, err)
	if !next.SignedAt.Equal(w.clock.Now()) || next.Challenge == p.Challenge {
		t.Errorf("got %+v", next)
	}
	_, err = w.store.RenewOwnPhone(t.Context(), p.OwnPhone)
	wantErr(t, "the same again", err, store.ErrNotFound)
}

// Neither cookies nor codes are in the file, and nothing of a phone outlives its
// account, a new password for everybody else, or a reset by the operator.
// A stranger may have had it made.
func TestTheCodeOfAPhoneEndsWhenOthersAreKeptOut(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	ada := w.user("ada@example.com")
	lost := w.own(ada, "Pixel")
	denied := w.askOwn(ada)
	w.answerOwn(lost.says(denied, store.Denied))
	everywhere := store.PasswordChange{Password: "another password", Everywhere: true}
	for _, test := range []struct {
		what string
		do   func() error
	}{
		{"a denial that was not by mistake", func() error { return err2(w.store.ExplainDenial(ctx, lost.ID, denied.ID, store.AnswerNotMe)) }},
		{"a new password that keeps others out", func() error { return err3(w.store.ChangePassword(ctx, w.fresh(ada), everywhere, browser)) }},
		{"the operator's reset", func() error { return err2(w.store.ResetFactors(ctx, ada.ID)) }},
	} {
		code := w.phoneCode(ada)
		must(t, test.do())
		_, err := w.store.BeginEnrolment(ctx, code, browser)
		wantErr(t, test.what, err, store.ErrWrongCode)
	}
}

func TestOwnPhonesGo(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	ada, bob := w.user("ada@example.com"), w.user("bob@example.com")
	kept, theirs := w.own(ada, "kept"), w.own(ada, "theirs")
	change := store.PasswordChange{Password: "another password", Everywhere: true, RemovePhones: []string{theirs.ID, "none"}}
	must(t, err3(w.store.ChangePassword(ctx, w.fresh(ada), change, browser)))
	if w.ownPhoneOf(theirs.cookie).Counts() || !w.ownPhoneOf(kept.cookie).Counts() {
		t.Error("a new password took back the wrong phone")
	}
	w.askOwn(ada)
	must(t, err2(w.store.ResetFactors(ctx, ada.ID)))
	if w.ownPhoneOf(kept.cookie).Counts() {
		t.Error("the operator's reset left a phone")
	}
	bobs := w.own(bob, "Bob's")
	w.askOwn(bob)
	w.phoneCode(bob)
	w.closeAccount(bob)
	for _, table := range []string{"own_phones", "own_codes", "own_requests"} {
		if n := w.number(`SELECT COUNT(*) FROM `+table+` WHERE user_id = ?`, bob.ID); n != 0 {
			t.Errorf("%d rows of %s are left", n, table)
		}
	}
	for _, secret := range []string{bobs.cookie, kept.cookie} {
		if bytes.Contains(w.file(), []byte(secret)) {
			t.Errorf("the file holds %q", secret)
		}
	}
}

func err3[A, B any](_ A, _ B, err error) error { return err }

// file is all that the database holds on the disk.
func (w *world) file() (content []byte) {
	w.t.Helper()
	for _, name := range []string{w.path, w.path + "-wal"} {
		part, err := os.ReadFile(name)
		must(w.t, err)
		content = append(content, part...)
	}
	return content
}

// Whoever guesses is held up where they come from; others are not.
func TestGuessingTheCodeOfAPhone(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	for range 5 {
		_, err := w.store.BeginEnrolment(t.Context(), "00000000", browser)
		wantErr(t, "a guess", err, store.ErrWrongCode)
	}
	code := w.phoneCode(ada)
	_, err := w.store.BeginEnrolment(t.Context(), code, browser)
	var often *store.RateError
	if !errors.As(err, &often) || often.Limit != "enrol_source" {
		t.Errorf("after five guesses: got %v", err)
	}
	elsewhere := store.Client{IP: "198.51.100.7"}
	must(t, err2(w.store.BeginEnrolment(t.Context(), code, elsewhere)))
	for range 5 {
		_, err := w.store.OpenEnrolment(t.Context(), "00000000", nil, elsewhere)
		wantErr(t, "a guess where the code is used", err, store.ErrWrongCode)
	}
	if _, err := w.store.OpenEnrolment(t.Context(), code, nil, elsewhere); !errors.As(err, &often) || often.Limit != "enrol_source" {
		t.Errorf("after five of those: got %v", err)
	}
	must(t, err2(w.store.OpenEnrolment(t.Context(), code, nil, store.Client{IP: "192.0.2.99"})))
}

// The keys of a phone belong to the address where it was added.
func TestOwnPhonesAtAnotherAddress(t *testing.T) {
	w := newWorld(t)
	w.own(w.user("ada@example.com"), "Pixel")
	w.enrolled(w.user("bob@example.com"), "not confirmed")
	for origin, want := range map[string]int{"": 0, "https://nod.example": 1} {
		if n, err := w.store.OwnPhonesElsewhere(t.Context(), origin); err != nil || n != want {
			t.Errorf("at %q: got %d, %v, want %d", origin, n, err, want)
		}
	}
}
