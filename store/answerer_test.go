package store_test

import (
	"testing"
	"time"

	"nod/store"
)

// inByTap signs in by a tap.
func (w *world) inByTap(u store.User, c store.Client) store.Session {
	w.t.Helper()
	sess, err := w.store.StartSession(w.t.Context(), u.ID, "", c)
	must(w.t, err)
	w.approve(w.begin(sess))
	in, err := w.store.ConfirmLogin(w.t.Context(), sess.ID, c)
	must(w.t, err)
	return in
}

// wantAnswers says which of the unread notices a session can answer in one way, and
// answers none: each try that succeeds is told by its kind.
func (w *world) wantAnswers(u store.User, sess store.Session, answer store.NoticeAnswer, want ...string) {
	w.t.Helper()
	by, err := w.store.Answerer(w.t.Context(), sess)
	must(w.t, err)
	var got []string
	for _, n := range w.unread(u) {
		if by.May(n, answer) {
			got = append(got, string(n.Kind))
		} else {
			_, err := w.store.AnswerNotice(w.t.Context(), sess, n.ID, answer)
			wantErr(w.t, string(answer)+" to "+string(n.Kind), err, store.ErrNotFound)
		}
	}
	wantEqual(w.t, got, want)
}

// intruder has got one tap out of the owner, who was there before: hers.
func (w *world) intruder(u store.User) store.Session {
	w.t.Helper()
	w.signInFrom(u, bringing("", "hers"))
	w.clock.Advance(time.Hour)
	in := w.inByTap(u, bringing("", "theirs"))
	w.clock.Advance(time.Minute)
	return in
}

// A thief who comes in again and again, by codes of their own making, answers nothing
// that they did, and has the phone asked no sooner.
func TestANewBrowserVouchesForNobody(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	thief := w.intruder(ada)
	codes, err := w.store.MakeRecoveryCodes(t.Context(), thief.ID, bringing("theirs", ""))
	must(t, err)
	app := w.app(ada)
	again := func(code string) store.Session {
		t.Helper()
		w.clock.Advance(time.Minute)
		sess, err := w.store.StartSession(t.Context(), ada.ID, "", bringing("theirs", ""))
		must(t, err)
		in, err := w.recover(sess, code, bringing("theirs", ""))
		must(t, err)
		return in
	}
	w.wantAnswers(ada, again(codes[0]), store.AnswerMe)
	w.deny(ada)
	w.deny(ada)
	late := again(codes[1])
	w.wantAnswers(ada, late, store.AnswerMe)
	wantErr(t, "a code of their own", w.store.EndPause(t.Context(), late), store.ErrNotFound)
	if now, byCode, err := w.store.CanEndPause(t.Context(), late.ID); now || byCode || err != nil {
		t.Errorf("may end the pause: %v, by a code: %v, %v", now, byCode, err)
	}
	late, err = w.store.ConfirmChangeByAuthenticator(t.Context(), late.ID, app.code(0), bringing("theirs", ""))
	must(t, err)
	wantErr(t, "an app of their own", w.store.EndPause(t.Context(), late), store.ErrNotFound)

	// Nor under another cookie, which the sign-in to another account has brought.
	other := w.inByCode(ada, "other", bringing("theirs", "")) // a session that no notice is of
	mallory := w.user("mallory@example.com")
	if got := w.signInFrom(mallory, bringing("theirs", "moved")); got != "moved" {
		t.Fatalf("the browser goes on as %q", got)
	}
	w.clock.Advance(time.Minute)
	moved := w.inByCode(ada, "moved", bringing("moved", ""))
	w.wantAnswers(ada, moved, store.AnswerMe)
	w.wantAnswers(ada, other, store.AnswerMe)
	must(t, w.store.RemoveRecoveryCodes(t.Context(), moved.ID, bringing("moved", "")))
	w.wantAnswers(ada, other, store.AnswerMe)
	wantErr(t, "under another cookie", w.store.EndPause(t.Context(), moved), store.ErrNotFound)

	// The owner answers for it: it is theirs.
	hers := w.inByCode(ada, "hers", bringing("hers", ""))
	for _, n := range w.unread(ada) {
		if n.Kind == store.NoticeNewBrowser {
			must(t, err2(w.store.AnswerNotice(t.Context(), hers, n.ID, store.AnswerMe)))
		}
	}
	must(t, w.store.EndPause(t.Context(), moved))
}

// What was done in a browser is vouched for in another, also one that is known for
// long. One that travels is the same.
func TestABrowserDoesNotVouchForItself(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	w.signInFrom(ada, bringing("", "hers"))
	w.clock.Advance(time.Minute)
	first := w.inByCode(ada, "one", bringing("hers", ""))
	must(t, err2(w.store.MakeRecoveryCodes(t.Context(), first.ID, bringing("hers", ""))))
	w.clock.Advance(time.Minute)
	away := bringing("hers", "")
	away.IP = "198.51.100.1"
	w.inByCode(ada, "two", away)
	w.clock.Advance(time.Minute)
	later := w.inByCode(ada, "three", away)
	w.wantAnswers(ada, later, store.AnswerMe, "new_network")
	w.wantAnswers(ada, later, store.AnswerNotMe, "new_network", "codes_made")
	w.wantAnswers(ada, first, store.AnswerNotMe, "new_network") // not what this very session did

	// Once somebody has vouched for a new browser, it does for others, from then on.
	laptop := w.inByCode(ada, "four", bringing("", "laptop"))
	w.wantAnswers(ada, laptop, store.AnswerMe)
	must(t, err2(w.store.AnswerNotice(t.Context(), later, w.newestNotice(ada).ID, store.AnswerMe)))
	w.wantAnswers(ada, laptop, store.AnswerMe)
	w.clock.Advance(time.Minute)
	must(t, w.store.RemoveRecoveryCodes(t.Context(), later.ID, away))
	w.wantAnswers(ada, laptop, store.AnswerMe, "codes_removed")

	// In whatever browser a recovery code is used, that browser is the one.
	codes := w.recoveryCodes(ada)
	w.clock.Advance(time.Minute)
	half, err := w.store.StartSession(t.Context(), ada.ID, "", bringing("", "new"))
	must(t, err)
	must(t, err2(w.recover(half, codes[0], bringing("", "new"))))
	for _, n := range w.unread(ada) {
		if n.Kind == store.NoticeCodeUsed && n.Device != "new" {
			t.Errorf("the code was used in %q", n.Device)
		}
	}
}

// A thief has every browser forgotten and every session ended. The owner comes back as
// a new browser, and can still say who was not them; the thief cannot say it of them.
func TestWhoeverWasThrownOutSaysNotMe(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	thief := w.intruder(ada)
	must(t, w.store.RevokeDevices(t.Context(), thief.ID, bringing("theirs", "")))
	must(t, err2(w.store.EndOthers(t.Context(), thief.ID, bringing("theirs", ""))))
	codes, err := w.store.MakeRecoveryCodes(t.Context(), thief.ID, bringing("theirs", ""))
	must(t, err)
	w.clock.Advance(time.Minute)
	owner := w.inByTap(ada, bringing("hers", "hers2"))
	w.wantAnswers(ada, owner, store.AnswerNotMe, "codes_made", "signed_out", "browsers_removed", "new_browser")
	w.wantAnswers(ada, owner, store.AnswerMe)
	w.wantAnswers(ada, thief, store.AnswerNotMe)
	// Nor by coming in anew, in the same browser or as another one: no tap, no word.
	half, err := w.store.StartSession(t.Context(), ada.ID, "", bringing("theirs", "theirs2"))
	must(t, err)
	anew, err := w.recover(half, codes[0], bringing("theirs", "theirs2"))
	must(t, err)
	w.wantAnswers(ada, anew, store.AnswerNotMe)
	half, err = w.store.StartSession(t.Context(), ada.ID, "", bringing("", "third"))
	must(t, err)
	anew, err = w.recover(half, codes[1], bringing("", "third"))
	must(t, err)
	w.wantAnswers(ada, anew, store.AnswerNotMe)

	// Not even with another tap: what counts is when that browser first came in.
	must(t, w.store.RevokeDevice(t.Context(), anew.ID, w.devices(ada)[1].ID, func(string) string { return "" }, bringing("third", "")))
	w.wantKnown(ada, "theirs2", false)
	w.wantAnswers(ada, w.inByTap(ada, bringing("theirs2", "theirs3")), store.AnswerNotMe)

	// A denial is about a request, not about who is in: any other session says no.
	w.deny(ada)
	denied := w.newestNotice(ada)
	unread := w.unread(ada)
	must(t, err2(w.store.AnswerNotice(t.Context(), owner, unread[len(unread)-1].ID, store.AnswerNotMe)))
	w.wantKnown(ada, "hers2", true)
	w.wantKnown(ada, "theirs3", false)
	must(t, err2(w.store.AnswerNotice(t.Context(), owner, denied.ID, store.AnswerNotMe)))
}

func (w *world) unread(u store.User) []store.Notice {
	w.t.Helper()
	unread, _, err := w.store.UnreadNotices(w.t.Context(), store.Session{UserID: u.ID}, 100)
	must(w.t, err)
	return unread
}
