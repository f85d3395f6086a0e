package store_test

import (
	"testing"
	"time"

	"nod/store"
)

// notices are the kinds of what a user has not read, newest first.
func (w *world) notices(u store.User) []string {
	w.t.Helper()
	newest, all, err := w.store.UnreadNotices(w.t.Context(), store.Session{UserID: u.ID}, 100)
	must(w.t, err)
	if all != len(newest) {
		w.t.Errorf("got %d notices of %d", len(newest), all)
	}
	var kinds []string
	for _, n := range newest {
		kinds = append(kinds, string(n.Kind))
	}
	return kinds
}

// newestNotice is what a user was told last.
func (w *world) newestNotice(u store.User) store.Notice {
	w.t.Helper()
	newest, _, err := w.store.UnreadNotices(w.t.Context(), store.Session{UserID: u.ID}, 1)
	must(w.t, err)
	if len(newest) == 0 {
		w.t.Fatal("there is no notice")
	}
	return newest[0]
}

func (w *world) tell(u store.User, kind store.NoticeKind, detail ...string) {
	w.t.Helper()
	must(w.t, w.store.Notice(w.t.Context(), u.ID, kind, browser, detail...))
}

func TestANoticeStaysUntilItIsRead(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.user("ada@example.com"), w.user("bob@example.com")
	in := w.signIn(ada)
	w.tell(ada, store.NoticeEmailTaken)
	w.tell(bob, store.NoticeEmailTaken)
	w.tell(ada, store.NoticePaused, "20:00", "UTC")
	shown := w.newestNotice(ada)
	want := store.Notice{ID: shown.ID, UserID: ada.ID, Kind: store.NoticePaused, At: w.clock.Now(), Detail: "20:00, UTC",
		IP: browser.IP, UserAgent: browser.UserAgent}
	if shown != want {
		t.Errorf("got %+v,\nwant %+v", shown, want)
	}
	w.tell(ada, store.NoticeFactorsReset) // after the page was made
	must(t, w.store.ReadNotices(t.Context(), in, shown.ID))
	wantEqual(t, w.notices(ada), []string{"factors_reset"})
	wantEqual(t, w.notices(bob), []string{"email_taken"})
	if events := w.events(ada); events[len(events)-1] != "notice_read" {
		t.Errorf("got %v", events)
	}
}

// What asks "was this you?" waits for its answer.
func TestANoticeThatAsksIsNotReadAlong(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	in := w.signIn(ada)
	w.tell(ada, store.NoticePasswordChanged)
	w.tell(ada, store.NoticeEmailTaken)
	must(t, w.store.ReadNotices(t.Context(), in, w.newestNotice(ada).ID))
	wantEqual(t, w.notices(ada), []string{"password_changed"})
}

// Nobody answers for themselves: not the session that a notice is about, under
// whatever id, nor one that came after it from a browser that was unknown then.
func TestNobodyAnswersForThemselves(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	hers := w.signInFrom(ada, bringing("", "hers"))
	before := w.inByCode(ada, "one", bringing(hers, ""))
	w.clock.Advance(time.Second)
	theirs := w.inByCode(ada, "two", bringing("", "theirs"))
	n := w.newestNotice(ada)
	if n.Kind != store.NoticeNewBrowser || n.SessionID != theirs.ID {
		t.Fatalf("got %+v", n)
	}
	answer := func(sess store.Session, n store.Notice) error {
		return err2(w.store.AnswerNotice(t.Context(), sess, n.ID, store.AnswerMe))
	}
	wantErr(t, "the session itself", answer(theirs, n), store.ErrNotFound)
	renewed, err := w.store.RenewSession(t.Context(), theirs.ID, bringing("theirs", ""))
	must(t, err)
	wantErr(t, "under another id", answer(renewed, n), store.ErrNotFound)
	w.clock.Advance(time.Second)
	wantErr(t, "its browser, signed in again", answer(w.inByCode(ada, "three", bringing("theirs", "")), n), store.ErrNotFound)
	wantErr(t, "another new browser", answer(w.inByCode(ada, "four", bringing("", "another")), n), store.ErrNotFound)
	rings, err := w.store.NoticesToRing(t.Context(), ada.ID)
	must(t, err)
	if len(rings) != 2 || rings[1].ID != n.ID {
		t.Errorf("the phone is told %+v", rings)
	}
	must(t, answer(w.inByCode(ada, "five", bringing("hers", "")), n)) // known before
	must(t, answer(before, rings[0]))
	w.tell(ada, store.NoticePasswordChanged)
	w.clock.Advance(store.FreshFor)
	wantErr(t, "a page left open", answer(before, w.newestNotice(ada)), store.ErrNotFresh)
}

// Only the next request that rings carries a notice.
func TestANoticeRingsOnce(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	w.tell(ada, store.NoticeEmailTaken)
	a := w.begin(w.start(ada))
	rings, err := w.store.NoticesToRing(t.Context(), ada.ID)
	must(t, err)
	if len(rings) != 1 {
		t.Fatalf("got %+v", rings)
	}
	w.tell(ada, store.NoticePasswordChanged) // too late for this request
	must(t, w.store.NoticesRang(t.Context(), a, rings[0].ID))
	rings, err = w.store.NoticesToRing(t.Context(), ada.ID)
	must(t, err)
	if len(rings) != 1 || rings[0].Kind != store.NoticePasswordChanged {
		t.Errorf("got %+v", rings)
	}
	wantEqual(t, w.notices(ada), []string{"password_changed", "email_taken"})
}

// A closed account has nobody to tell, and its notices hold addresses.
func TestNoticesGoWithTheAccount(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	w.tell(ada, store.NoticeEmailTaken)
	w.closeAccount(ada)
	if n := w.number(`SELECT COUNT(*) FROM notices`); n != 0 {
		t.Errorf("%d notices are left", n)
	}
}

func TestASessionKeepsItsPlace(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	from := browser
	from.Place = "Bogotá, Colombia"
	sess, err := w.store.StartSession(t.Context(), ada.ID, "", from)
	must(t, err)
	if got := w.session(sess.ID); got.Place != from.Place {
		t.Errorf("got %+v", got)
	}
	w.closeAccount(ada)
	if got := w.session(sess.ID); got.Place != "" || w.number(`SELECT COUNT(*) FROM sessions WHERE network <> ''`) != 0 {
		t.Errorf("the place outlives the account: %+v", got)
	}
}

func TestUpgradeNamesTheNetworksOfSessions(t *testing.T) {
	w := oldWorld(t)
	if n := w.number(`SELECT COUNT(*) FROM sessions WHERE ip <> '' AND network = ''`); n != 0 {
		t.Errorf("%d sessions have no network", n)
	}
	if n := w.number(`SELECT COUNT(*) FROM sessions WHERE network = '127.0.0.0/24'`); n == 0 {
		t.Error("no session is in the network of its address")
	}
}

func TestPruneDeletesOldNotices(t *testing.T) {
	w := newWorld(t)
	w.tell(w.user("ada@example.com"), store.NoticeEmailTaken)
	for _, left := range []struct {
		after time.Duration
		want  int
	}{{89 * 24 * time.Hour, 1}, {2 * 24 * time.Hour, 0}} {
		w.clock.Advance(left.after)
		must(t, w.store.Prune(t.Context()))
		if n := w.number(`SELECT COUNT(*) FROM notices`); n != left.want {
			t.Errorf("after %s there are %d notices, want %d", left.after, n, left.want)
		}
	}
}

// What a session has done is asked of the others, and is none of its own notices, under
// whatever id it goes on; a denial is for whoever sits there, too.
func TestASessionIsNotAskedAboutItsOwnDoing(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	w.signInFrom(ada, bringing("", "hers"))
	other := w.inByCode(ada, "one", bringing("hers", ""))
	half, err := w.store.StartSession(t.Context(), ada.ID, "", form("f"))
	must(t, err)
	w.approve(w.begin(half))
	from := form("f")
	from.NewDevice, from.UserAgent, from.IP = "new", "Other/2.0", "198.51.100.1"
	lost, err := w.store.ConfirmLogin(t.Context(), half.ID, from)
	must(t, err)
	in, err := w.store.RepeatSignIn(t.Context(), half.ID, from)
	must(t, err)
	told := func(sess store.Session) (kinds []string) {
		t.Helper()
		newest, _, err := w.store.UnreadNotices(t.Context(), sess, 100)
		must(t, err)
		for _, n := range newest {
			kinds = append(kinds, string(n.Kind))
		}
		return kinds
	}
	wantEqual(t, told(in), nil)
	wantEqual(t, told(lost), []string{"new_browser"})
	n := w.newestNotice(ada)
	_, err = w.store.AnswerNotice(t.Context(), in, n.ID, store.AnswerMe)
	wantErr(t, "a repeated sign-in answers for itself", err, store.ErrNotFound)

	must(t, err2(w.store.MakeRecoveryCodes(t.Context(), in.ID, browser)))
	must(t, w.store.RemoveRecoveryCodes(t.Context(), in.ID, browser))
	in, _, err = w.store.ChangePassword(t.Context(), in.ID, store.PasswordChange{Password: "another password"}, browser)
	must(t, err)
	_, a, err := w.store.BeginTransfer(t.Context(), in.ID, rent, ttl)
	must(t, err)
	w.decide(w.attach(a), store.Denied)
	wantEqual(t, told(in), []string{"denied"})
	wantEqual(t, told(other), []string{"denied", "password_changed", "codes_removed", "codes_made", "new_browser"})
}
