package store_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"nod/store"
)

var newPhone = store.NewPhone{PhoneNumber: "+12015550199", CountryCode: 1}

// changing is a change of phone that was begun in a session, by a recovery code or not.
func (w *world) changing(sess store.Session, recovery string) store.PhoneChange {
	w.t.Helper()
	w.clock.Advance(30 * time.Second) // or it is the one from before
	p, err := w.store.BeginPhoneChange(w.t.Context(), sess.ID, newPhone, recovery, ttl, browser)
	must(w.t, err)
	return p
}

// allowed is one that the old phone has allowed.
func (w *world) allowed(sess store.Session) store.PhoneChange {
	w.t.Helper()
	p := w.changing(sess, "")
	a, _, err := w.store.BeginConfirm(w.t.Context(), sess.ID, p.Subject(), "", ttl)
	must(w.t, err)
	w.approve(w.attach(a))
	p, err = w.store.AllowPhoneChange(w.t.Context(), sess.ID)
	must(w.t, err)
	return p
}

// askNew asks the new phone, whose handle is "77".
func (w *world) askNew(u store.User) store.PhoneChange {
	w.t.Helper()
	p, err := w.store.AskNewPhone(w.t.Context(), u.ID, "77", w.asked(u), ttl)
	must(w.t, err)
	return p
}

// asked is what the new phone was asked last.
func (w *world) asked(u store.User) string {
	w.t.Helper()
	p, err := w.store.PhoneChange(w.t.Context(), u.ID)
	must(w.t, err)
	return p.Asked()
}

func (w *world) newPhoneSays(p store.PhoneChange, status store.ApprovalStatus) error {
	_, err := w.store.AnswerPhoneChange(w.t.Context(), store.Decision{ApprovalID: p.ID, Handle: p.Handle, Status: status})
	return err
}

func (w *world) finish(u store.User) error {
	_, err := w.store.FinishPhoneChange(w.t.Context(), u.ID)
	return err
}

// Neither phone alone makes the change.
func TestAPhoneChangeNeedsBothPhones(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	sess := w.signIn(ada)
	w.changing(sess, "")
	_, err := w.store.AllowPhoneChange(t.Context(), sess.ID)
	wantErr(t, "before the old phone has said yes", err, store.ErrNotApproved)
	_, err = w.store.AskNewPhone(t.Context(), ada.ID, "77", w.asked(ada), ttl)
	wantErr(t, "asking before it is allowed", err, store.ErrNotFound)

	p := w.allowed(sess)
	wantErr(t, "an answer before it was asked", w.newPhoneSays(p, store.Approved), store.ErrNotFound)
	p = w.askNew(ada)
	wantErr(t, "before the new phone has said yes", w.finish(ada), store.ErrNotFound)
	for what, wrong := range map[string]store.Decision{
		"another phone":  {ApprovalID: p.ID, Handle: "1001", Status: store.Approved},
		"another change": {ApprovalID: "x", Handle: p.Handle, Status: store.Approved},
		"no change":      {Handle: p.Handle, Status: store.Approved},
		"no answer":      {ApprovalID: p.ID, Handle: p.Handle, Status: store.Expired},
	} {
		_, err := w.store.AnswerPhoneChange(t.Context(), wrong)
		wantErr(t, what, err, store.ErrNotFound)
	}
	if w.phone(ada).Handle != "1001" {
		t.Error("the old phone is not asked any more")
	}
	must(t, w.newPhoneSays(p, store.Approved))
	wantErr(t, "an answer again", w.newPhoneSays(p, store.Denied), store.ErrNotFound)
	waiting := w.start(ada)
	must(t, w.finish(ada))
	if got := w.phone(ada); got.Handle != "77" || got.ProvedAt.IsZero() {
		t.Errorf("got %+v", got)
	}
	if w.session(waiting.ID).EndedAt.IsZero() {
		t.Error("a sign-in waits for the old phone")
	}
	wantErr(t, "again", w.finish(ada), store.ErrNotFound)
}

// A thief who has the old phone has asked it and said yes: nobody uses that once it is
// replaced, and who waits is told. What a phone of one's own has approved stays.
func TestWhatAReplacedPhoneHasApprovedIsUsedByNobody(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	hers, theirs, waits, used := w.signIn(ada), w.signIn(ada), w.signIn(ada), w.signIn(ada)
	w.allowed(hers)
	p := w.askNew(ada)
	sent, once := w.ask(used)
	w.approve(once)
	must(t, err2(w.store.ExecuteTransfer(t.Context(), used.ID, sent.ID, rent)))
	transfer, approved := w.ask(theirs)
	w.approve(approved)
	pending, _, err := w.store.BeginConfirm(t.Context(), waits.ID, "x", "", ttl)
	must(t, err)
	pixel := w.own(ada, "Pixel")
	_, kept := w.ask(hers)
	must(t, w.store.KeepOwnRequest(t.Context(), kept, "{}"))
	w.answerOwn(pixel.says(kept, store.Approved))

	must(t, w.newPhoneSays(p, store.Approved))
	old, err := w.store.FinishPhoneChange(t.Context(), ada.ID)
	must(t, err)
	var ended []string
	for _, a := range old.Requests {
		if a.Status != store.Cancelled || a.Reason != store.ReasonPhoneGone {
			t.Errorf("%s ended as %s, %s", a.ID, a.Status, a.Reason)
		}
		ended = append(ended, a.ID)
	}
	want := []string{approved.ID, pending.ID}
	slices.Sort(ended)
	slices.Sort(want)
	wantEqual(t, ended, want)
	_, err = w.store.ExecuteTransfer(t.Context(), theirs.ID, transfer.ID, rent)
	wantErr(t, "the old phone's yes", err, store.ErrNotApproved)
	for _, a := range []store.Approval{once, kept} {
		if got := w.approval(a.ID).Status; got != store.Approved {
			t.Errorf("%s is %s", a.ID, got)
		}
	}
}

// The old phone's yes is for this change alone, and for the session that began it.
func TestTheOldPhoneAllowsOneChange(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	sess, other := w.signIn(ada), w.signIn(ada)
	before := w.changing(sess, "")
	a, _, err := w.store.BeginConfirm(t.Context(), sess.ID, before.Subject(), "", ttl)
	must(t, err)
	w.approve(w.attach(a))
	w.changing(sess, "") // to another number, say
	_, err = w.store.AllowPhoneChange(t.Context(), sess.ID)
	wantErr(t, "the yes to the change before", err, store.ErrNotApproved)
	_, err = w.store.AllowPhoneChange(t.Context(), other.ID)
	wantErr(t, "another session", err, store.ErrNotFound)
}

// A recovery code in the place of the old phone takes a day.
func TestAPhoneChangeByARecoveryCodeWaits(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	codes := w.recoveryCodes(ada)
	sess := w.signIn(ada)
	for range 4 { // wrong codes begin no change, so they do not use up the changes of the day
		_, err := w.store.BeginPhoneChange(t.Context(), sess.ID, newPhone, "0123456789abcdef", ttl, browser)
		wantErr(t, "a wrong code", err, store.ErrWrongCode)
	}
	if events := w.events(ada); !slices.Contains(events, "code_refused") {
		t.Errorf("the audit trail has %v", events)
	}
	w.changing(sess, codes[0])
	must(t, w.newPhoneSays(w.askNew(ada), store.Approved))
	w.clock.Advance(store.PhoneChangeWait - time.Second)
	wantErr(t, "a second too early", w.finish(ada), store.ErrNotFound)
	w.clock.Advance(time.Second)
	ready, err := w.store.ReadyPhoneChanges(t.Context())
	must(t, err)
	wantEqual(t, ready, []int64{ada.ID})
	must(t, w.finish(ada))
	told, _, err := w.store.UnreadNotices(t.Context(), store.Session{UserID: ada.ID}, 10)
	must(t, err)
	kinds := map[store.NoticeKind]bool{}
	for _, n := range told {
		kinds[n.Kind] = true
	}
	if !kinds[store.NoticePhoneChangeBegun] || !kinds[store.NoticePhoneChanged] {
		t.Errorf("the owner was told %v", kinds)
	}
}

// Stopped is stopped, and a No on the new phone ends it too.
func TestAPhoneChangeThatEnds(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	codes := w.recoveryCodes(ada)
	sess := w.signIn(ada)
	w.changing(sess, codes[0])
	must(t, w.newPhoneSays(w.askNew(ada), store.Approved))
	must(t, err2(w.store.StopPhoneChange(t.Context(), store.Session{UserID: ada.ID}, browser)))
	w.clock.Advance(store.PhoneChangeWait)
	wantErr(t, "a stopped one", w.finish(ada), store.ErrNotFound)

	sess = w.signIn(ada)
	w.allowed(sess)
	must(t, w.newPhoneSays(w.askNew(ada), store.Denied))
	wantErr(t, "a denied one", w.finish(ada), store.ErrNotFound)
	_, err := w.store.PhoneChange(t.Context(), ada.ID)
	wantErr(t, "a denied one", err, store.ErrNotFound)

	w.allowed(sess)
	p := w.askNew(ada)
	w.clock.Advance(ttl)
	wantErr(t, "too late", w.newPhoneSays(p, store.Approved), store.ErrNotFound)
}

// An owner who keeps everybody else out keeps out the phone that is on its way.
func TestAPhoneChangeEndsWhenTheOwnerKeepsOthersOut(t *testing.T) {
	for what, keepOut := range map[string]func(w *world, ada store.User, sess store.Session, code string) error{
		"another password everywhere": func(w *world, _ store.User, sess store.Session, _ string) error {
			_, _, err := w.store.ChangePassword(t.Context(), sess.ID, store.PasswordChange{Password: "another correct horse", Everywhere: true}, browser)
			return err
		},
		"this was not me": func(w *world, ada store.User, sess store.Session, _ string) error {
			w.tell(ada, store.NoticePhoneChangeBegun)
			return err2(w.store.AnswerNotice(t.Context(), sess, w.newestNotice(ada).ID, store.AnswerNotMe))
		},
		"a forgotten password": func(w *world, ada store.User, _ store.Session, code string) error {
			sess, _, err := w.store.StartReset(t.Context(), ada.Email, code, "", browser)
			must(t, err)
			w.approve(w.begin(sess))
			in, err := w.store.ConfirmLogin(t.Context(), sess.ID, browser)
			must(t, err)
			_, _, err = w.store.ResetPassword(t.Context(), in.ID, "another correct horse", browser)
			return err
		},
	} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t)
			ada := w.user("ada@example.com")
			codes := w.recoveryCodes(ada)
			hers, theirs := w.signIn(ada), w.signIn(ada)
			w.changing(theirs, codes[0])
			must(t, w.newPhoneSays(w.askNew(ada), store.Approved))
			must(t, keepOut(w, ada, hers, codes[1]))
			w.clock.Advance(store.PhoneChangeWait)
			wantErr(t, "the change", w.finish(ada), store.ErrNotFound)
			if events := w.events(ada); !slices.Contains(events, "phone_change_stopped") {
				t.Errorf("got %v", events)
			}
		})
	}
}

// Strangers' phones are asked no more often than by anybody else, and few of them.
func TestPhoneChangesAreLimited(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	sess := w.signIn(ada)
	w.allowed(sess)
	refused := ""
	for range 6 {
		var often *store.RateError
		_, err := w.store.AskNewPhone(t.Context(), ada.ID, "77", w.asked(ada), ttl)
		if errors.As(err, &often) {
			refused = often.Limit
		} else {
			must(t, err)
		}
	}
	if refused != "push_strangers" {
		t.Errorf("refused by %q", refused)
	}
	w.changing(sess, "")
	w.changing(sess, "")
	w.clock.Advance(30 * time.Second)
	var often *store.RateError
	if _, err := w.store.BeginPhoneChange(t.Context(), sess.ID, newPhone, "", ttl, browser); !errors.As(err, &often) || often.Limit != "new_phone" {
		t.Errorf("a fourth change: got %v", err)
	}
	w.clock.Advance(store.FreshFor)
	_, err := w.store.BeginPhoneChange(t.Context(), sess.ID, newPhone, "", ttl, browser)
	wantErr(t, "a page left open", err, store.ErrNotFresh)
}
