package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"nod/store"
)

func (w *world) correct(sess store.Session, number int) ([]store.Session, error) {
	return w.store.CorrectPhone(w.t.Context(), sess.ID, store.NewPhone{
		PhoneNumber: fmt.Sprintf("+1201555%04d", number), CountryCode: 1, Handle: fmt.Sprint(9000 + number),
	})
}

// Whatever the old phone answers from now on counts for nothing.
func TestACorrectedPhoneCountsNoMore(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	old := w.phone(ada)
	asking, elsewhere := w.start(ada), w.start(ada)
	approved := w.begin(asking)
	w.approve(approved)
	ended, err := w.correct(asking, 1)
	must(t, err)
	if len(ended) != 2 || ended[0].EndReason != store.ReasonReplaced || ended[1].EndReason != store.ReasonCancelled {
		t.Errorf("ended are %+v", ended)
	}
	for _, sess := range []store.Session{asking, elsewhere} {
		_, err = w.store.ConfirmLogin(t.Context(), sess.ID, browser)
		wantErr(t, "the tap of the old phone", err, store.ErrNotApproved)
		_, err = w.store.ConfirmByCode(t.Context(), sess.ID, store.MethodSMS, "hash", browser)
		wantErr(t, "a code of the old phone", err, store.ErrNotApproved)
	}
	now := w.phone(ada)
	if now.Handle != "9001" || !now.ProvedAt.IsZero() || now.ID == old.ID {
		t.Errorf("the phone is %+v", now)
	}
	next := w.start(ada)
	if a := w.begin(next); a.Handle != "9001" {
		t.Errorf("asked is %s", a.Handle)
	}
	_, user, err := w.store.Session(t.Context(), next.ID)
	must(t, err)
	if user.PhoneNumber != "+12015550001" {
		t.Errorf("the number is %s", user.PhoneNumber)
	}
}

func TestAProvedPhoneIsNotCorrected(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	first := w.start(ada)
	w.approve(w.begin(first))
	inside, err := w.store.ConfirmLogin(t.Context(), first.ID, browser)
	must(t, err)
	for name, sess := range map[string]store.Session{"ended": first, "signed in": inside, "waiting": w.start(ada), "unknown": {ID: "no"}} {
		_, err := w.correct(sess, 1)
		wantErr(t, name, err, store.ErrNotFound)
		wantErr(t, name, w.store.PhoneCorrectable(t.Context(), sess.ID), store.ErrNotFound)
	}
	// Also where the file has forgotten when it was proved: the audit trail
	// knows.
	db := w.raw()
	_, err = db.ExecContext(t.Context(), `UPDATE factors SET proved_at = NULL`)
	must(t, errors.Join(err, db.Close()))
	_, err = w.correct(w.start(ada), 1)
	wantErr(t, "forgotten", err, store.ErrNotFound)
}

func TestAnOldAccountIsNotCorrected(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	w.clock.Advance(30 * 24 * time.Hour)
	_, err := w.correct(w.start(ada), 1)
	wantErr(t, "after a month", err, store.ErrNotFound)
}

func TestCorrectionsAreLimited(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	for i := range 3 {
		w.clock.Advance(time.Hour)
		_, err := w.correct(w.start(ada), i)
		must(t, err)
	}
	sess := w.start(ada)
	_, err := w.correct(sess, 4)
	var limit *store.RateError
	if !errors.As(err, &limit) || limit.RetryAt != w.clock.Now().Add(22*time.Hour) {
		t.Errorf("got %v, want to wait 22 hours", err)
	}
	w.clock.Advance(22 * time.Hour)
	_, err = w.correct(w.start(ada), 4)
	must(t, err)
}
