package store_test

import (
	"errors"
	"os"
	"testing"
	"time"

	"nod/store"
)

func TestSignInByAnOwnPhone(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	pixel := w.own(ada, "Pixel")
	a := w.askOwn(ada)
	if a.Provider != store.Own || len(a.Number) != 6 {
		t.Fatalf("got the request %+v", a)
	}
	w.clock.Advance(time.Second)
	got, applied := w.answerOwn(pixel.says(a, store.Approved))
	if !applied || got.Status != store.Approved || got.DecidedVia != store.ViaOwnPhone {
		t.Errorf("got %+v, %v", got, applied)
	}
	in, err := w.store.ConfirmLogin(t.Context(), a.SessionID, browser)
	must(t, err)
	if in.Method != store.MethodPush {
		t.Errorf("got %+v", in)
	}
	if w.phone(ada).ProvedAt != (time.Time{}) {
		t.Error("the phone with the number is proved, which was not asked")
	}
	known, err := w.store.OwnRequestOf(t.Context(), pixel.OwnPhone, a.ID)
	must(t, err)
	if known.Phone != "Pixel" || known.Status != store.Approved || !w.ownPhoneOf(pixel.cookie).UsedAt.Equal(w.clock.Now()) {
		t.Errorf("got %+v", known)
	}
}

// All ring, the first answer wins, and the others learn whose it was.
func TestTheFirstOwnPhoneWins(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	pixel, iphone := w.own(ada, "Pixel"), w.own(ada, "iPhone")
	a := w.askOwn(ada)
	won := race(t, 10, store.ErrChanged, func(i int) error {
		d := pixel.says(a, store.Approved)
		if i%2 == 1 {
			d = iphone.says(a, store.Denied)
		}
		_, applied, err := w.store.AnswerOwn(t.Context(), d)
		if err == nil && !applied {
			err = store.ErrChanged
		}
		return err
	})
	if won != 1 {
		t.Errorf("%d answers were applied", won)
	}
	other, err := w.store.OwnRequests(t.Context(), iphone.OwnPhone, time.Time{}, 10)
	must(t, err)
	if len(other) != 1 || other[0].Phone == "" || other[0].Status == store.Pending {
		t.Errorf("the other phone is told %+v", other)
	}
}

// What was not kept is not said to have happened.
func TestAnAnswerThatIsNotKept(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	pixel := w.own(ada, "Pixel")
	a := w.askOwn(ada)
	must(t, os.Rename(w.path, w.path+".moved"))
	_, applied, err := w.store.AnswerOwn(t.Context(), pixel.says(a, store.Approved))
	must(t, os.Rename(w.path+".moved", w.path))
	if err == nil || applied {
		t.Errorf("an answer: got %v, applied %v", err, applied)
	}
}

func TestTheLastPhoneEndsNothing(t *testing.T) {
	w := newWorldOf(t, store.Own)
	ada, pixel := w.member("ada@example.com")
	w.askOwn(ada)
	ended, err := w.store.RevokeOwnPhone(t.Context(), w.fresh(ada), pixel.ID, browser)
	if !errors.Is(err, store.ErrLastFactor) || len(ended) > 0 {
		t.Errorf("got %v, and %d requests that are said to have ended", err, len(ended))
	}
}

func TestThreeWrongNumbersEndTheRequest(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	pixel := w.own(ada, "Pixel")
	a := w.askOwn(ada)
	d := pixel.says(a, store.Approved)
	d.Number = "000000"
	for left := 2; left >= 0; left-- {
		got, applied, err := w.store.AnswerOwn(t.Context(), d)
		var wrong *store.WrongNumber
		if !errors.As(err, &wrong) || wrong.Left != left || applied {
			t.Fatalf("got %v, %v, want %d tries left", err, applied, left)
		}
		if ended := got.Status == store.Cancelled && got.Reason == store.ReasonWrongNumber; ended != (left == 0) {
			t.Errorf("with %d tries left the request reads %+v", left, got)
		}
	}
	if got, applied := w.answerOwn(pixel.says(a, store.Approved)); applied || got.Status != store.Cancelled {
		t.Errorf("the right number after that: %+v", got)
	}
	_, err := w.store.ConfirmLogin(t.Context(), a.SessionID, browser)
	wantErr(t, "the sign-in", err, store.ErrNotApproved)
}

// Nobody answers for another account, and what was revoked answers nothing.
func TestOnlyTheOwnPhonesOfTheAccountAnswer(t *testing.T) {
	w := newWorld(t)
	ada, eve := w.user("ada@example.com"), w.user("eve@example.com")
	pixel, eves, waiting := w.own(ada, "Pixel"), w.own(eve, "Eve's"), w.enrolled(ada, "not confirmed")
	lost := w.own(ada, "lost")
	w.as(ada, func(id string) error { return err2(w.store.RevokeOwnPhone(t.Context(), id, lost.ID, browser)) })
	a := w.askOwn(ada)
	for what, p := range map[string]ownPhone{"another account's": eves, "an unconfirmed one": waiting, "a revoked one": lost} {
		_, applied, err := w.store.AnswerOwn(t.Context(), p.says(a, store.Approved))
		if !errors.Is(err, store.ErrNotFound) || applied {
			t.Errorf("%s: got %v, %v", what, applied, err)
		}
	}
	_, err := w.store.OwnRequestOf(t.Context(), eves.OwnPhone, a.ID)
	wantErr(t, "another account reads it", err, store.ErrNotFound)
	// Nor does a callback of the provider answer for it.
	forged := a
	forged.UUID = "of the provider"
	_, _, err = w.store.Decide(t.Context(), answer(forged, store.Approved))
	wantErr(t, "a callback", err, store.ErrNotFound)
	w.answerOwn(pixel.says(a, store.Denied))
}

func TestACounterNeverGoesBack(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	pixel := w.own(ada, "Pixel")
	for _, step := range []struct {
		count uint32
		want  error
	}{{0, nil}, {7, nil}, {7, store.ErrCounterWentBack}, {6, store.ErrCounterWentBack}, {0, store.ErrCounterWentBack}, {8, nil}} {
		d := pixel.says(w.askOwn(ada), store.Approved)
		d.SignCount = step.count
		_, applied, err := w.store.AnswerOwn(t.Context(), d)
		if !errors.Is(err, step.want) || applied != (step.want == nil) {
			t.Errorf("counter %d: got %v, %v", step.count, applied, err)
		}
	}
}

// What its owner says of a denial, on the phone that made it, counts once.
func TestADenialIsExplainedOnce(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	ada := w.user("ada@example.com")
	w.signIn(ada) // a sign-up has no owner yet to be told
	pixel, iphone := w.own(ada, "Pixel"), w.own(ada, "iPhone")
	denied := func() store.Approval {
		a := w.askOwn(ada)
		w.answerOwn(pixel.says(a, store.Denied))
		return a
	}
	first := denied()
	_, err := w.store.ExplainDenial(ctx, iphone.ID, first.ID, store.AnswerMe)
	wantErr(t, "another phone", err, store.ErrNotFound)
	must(t, err2(w.store.ExplainDenial(ctx, pixel.ID, first.ID, store.AnswerMe)))
	_, err = w.store.ExplainDenial(ctx, pixel.ID, first.ID, store.AnswerNotMe)
	wantErr(t, "once more", err, store.ErrNotFound)
	second := denied() // the one before counts no more
	if until, err := w.store.PausedUntil(ctx, ada.ID, store.KindLogin); err != nil || !until.IsZero() {
		t.Errorf("a denial by mistake has counted: %v, %v", until, err)
	}
	open, _, err := w.store.UnreadNotices(ctx, store.Session{UserID: ada.ID}, 20)
	must(t, err)
	waiting := w.askOwn(ada)
	_, err = w.store.ExplainDenial(ctx, pixel.ID, waiting.ID, store.AnswerNotMe)
	wantErr(t, "of what waits", err, store.ErrNotFound)
	ended, err := w.store.ExplainDenial(ctx, pixel.ID, second.ID, store.AnswerNotMe)
	must(t, err)
	if len(ended) != 1 || ended[0].ID != waiting.ID || ended[0].Reason != store.ReasonPushPaused {
		t.Errorf("then ended %+v", ended)
	}
	if until, err := w.store.PausedUntil(ctx, ada.ID, store.KindLogin); err != nil || until.IsZero() {
		t.Errorf("nothing is paused: %v", err)
	}
	left, _, err := w.store.UnreadNotices(ctx, store.Session{UserID: ada.ID}, 20)
	must(t, err)
	if len(left) != len(open) { // the denial is answered, and the pause is new
		t.Errorf("the owner is still told %+v", left)
	}
}
