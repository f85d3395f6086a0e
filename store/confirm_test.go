package store_test

import (
	"fmt"
	"testing"
	"time"

	"nod/store"
)

func TestConfirmLogin(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	half := w.start(ada)
	a := w.begin(half)
	w.approve(a)
	w.clock.Advance(1234 * time.Millisecond)
	client := store.Client{IP: "2001:db8::1", UserAgent: "Browser/2", Unpressed: true}
	got, err := w.store.ConfirmLogin(t.Context(), half.ID, client)
	must(t, err)
	want := store.Session{
		ID: got.ID, UserID: ada.ID, Level: store.SignedIn, Method: "push", IP: client.IP, UserAgent: client.UserAgent,
		CreatedAt: w.clock.Now(), LastSeenAt: w.clock.Now(), ExpiresAt: w.clock.Now().Add(24 * time.Hour),
		FreshUntil: w.clock.Now().Add(10 * time.Minute), ApprovalID: a.ID, Latency: 1234 * time.Millisecond,
	}
	if got != want || got.ID == half.ID || w.session(got.ID) != want {
		t.Errorf("got %+v,\nwant %+v", got, want)
	}
	w.wantSession(got.ID, true)
	w.wantSession(half.ID, false)
	if old := w.session(half.ID); old.EndReason != "signed_in" || old.ReplacedBy != got.ID {
		t.Errorf("got the old session %+v", old)
	}
	if used := w.approval(a.ID); !used.ConsumedAt.Equal(w.clock.Now()) || used.Status != store.Approved {
		t.Errorf("got the request %+v, want it consumed", used)
	}
	wantEqual(t, w.events(ada), []string{
		"user_created", "session_started", "approval_begun", "approval_approved", "session_ended", "signed_in",
	})
	for _, id := range []string{half.ID, got.ID} {
		_, err = w.store.ConfirmLogin(t.Context(), id, browser)
		wantErr(t, "once more", err, store.ErrNotApproved)
	}
}

func TestConfirmLoginRefuses(t *testing.T) {
	tests := []struct {
		name    string
		prepare func(w *world, sess store.Session)
	}{
		{"nothing asked for", func(*world, store.Session) {}},
		{"pending", func(w *world, s store.Session) { w.begin(s) }},
		{"denied", func(w *world, s store.Session) { w.decide(w.begin(s), store.Denied) }},
		{"expired", func(w *world, s store.Session) {
			w.begin(s)
			w.clock.Advance(ttl)
		}},
		{"cancelled", func(w *world, s store.Session) {
			_, _, err := w.store.CancelApproval(w.t.Context(), w.begin(s).ID, "by_user")
			must(w.t, err)
		}},
		{"approved, but too long ago", func(w *world, s store.Session) {
			w.approve(w.begin(s))
			w.clock.Advance(ttl + 30*time.Second)
		}},
		{"approved, but a newer request waits", func(w *world, s store.Session) {
			w.approve(w.begin(s))
			w.begin(s)
		}},
		{"approved, but the session has ended", func(w *world, s store.Session) {
			w.approve(w.begin(s))
			must(w.t, w.store.EndSession(w.t.Context(), s.ID, "cancelled"))
		}},
		{"approved, but the session has aged", func(w *world, s store.Session) {
			w.clock.Advance(14 * time.Minute)
			w.approve(w.begin(s))
			w.clock.Advance(time.Minute)
		}},
		{"approved, but the account has closed", func(w *world, s store.Session) {
			w.approve(w.begin(s))
			w.closeAccount(store.User{ID: s.UserID})
		}},
		{"approved and signed in by a code", func(w *world, s store.Session) {
			w.approve(w.begin(s))
			_, err := w.store.ConfirmByCode(w.t.Context(), s.ID, "app", "hash", browser)
			must(w.t, err)
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			sess := w.start(w.user("ada@example.com"))
			test.prepare(w, sess)
			signedIn := w.number(`SELECT COUNT(*) FROM sessions WHERE level = 2`)
			got, err := w.store.ConfirmLogin(t.Context(), sess.ID, browser)
			wantErr(t, "confirm", err, store.ErrNotApproved)
			if got != (store.Session{}) {
				t.Errorf("a refusal gives away %+v", got)
			}
			if n := w.number(`SELECT COUNT(*) FROM sessions WHERE level = 2`); n != signedIn {
				t.Errorf("got %d sessions signed in, want %d", n, signedIn)
			}
		})
	}
	w := newWorld(t)
	_, err := w.store.ConfirmLogin(t.Context(), "nothing", browser)
	wantErr(t, "unknown session", err, store.ErrNotApproved)
}

// A tap in the last moment is good until its way back has had some time.
func TestAnApprovalIsGoodForAWhileAfterItsDeadline(t *testing.T) {
	w := newWorld(t)
	sess := w.start(w.user("ada@example.com"))
	a := w.begin(sess)
	w.clock.Advance(ttl - time.Millisecond)
	w.approve(a)
	w.clock.Advance(30 * time.Second)
	_, err := w.store.ConfirmLogin(t.Context(), sess.ID, browser)
	must(t, err)
}

// two browsers at one account, one tap. Only the one it was for is in.
func TestOneTapLetsInOneBrowser(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	for round := range 100 {
		victim, attacker := w.start(ada), w.start(ada)
		first, last := attacker, victim
		if round%2 == 0 {
			first, last = victim, attacker
		}
		stale := w.begin(first)
		a := w.begin(last)
		w.approve(a)
		w.decide(stale, store.Approved)
		won := race(t, 8, store.ErrNotApproved, func(int) error {
			_, err := w.store.ConfirmLogin(t.Context(), first.ID, browser)
			return err
		})
		if won != 0 {
			t.Fatalf("round %d: the browser that was replaced is in", round)
		}
		in, err := w.store.ConfirmLogin(t.Context(), last.ID, browser)
		must(t, err)
		if in.ApprovalID != a.ID {
			t.Fatalf("round %d: in by %s, want %s", round, in.ApprovalID, a.ID)
		}
		must(t, w.store.EndSession(t.Context(), first.ID, "cancelled"))
	}
}

// one person's approval is nothing to another.
func TestPeopleDoNotCross(t *testing.T) {
	w := newWorld(t)
	ada, eve := w.user("ada@example.com"), w.user("eve@example.com")
	adas, eves := w.start(ada), w.start(eve)
	a, e := w.begin(adas), w.begin(eves)
	w.approve(a)
	_, err := w.store.ConfirmLogin(t.Context(), eves.ID, browser)
	wantErr(t, "Eve by Ada's tap", err, store.ErrNotApproved)
	got, err := w.store.LatestApproval(t.Context(), eves.ID, store.KindLogin)
	must(t, err)
	if got.ID != e.ID || got.Status != store.Pending {
		t.Errorf("Eve is shown %+v", got)
	}
	in, err := w.store.ConfirmLogin(t.Context(), adas.ID, browser)
	must(t, err)
	if in.UserID != ada.ID {
		t.Errorf("signed in as %d, want %d", in.UserID, ada.ID)
	}
}

// Signed in as A and giving B's password: A is out, B waits for B's own tap.
func TestOneUserAndOneLevelPerSession(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.user("ada@example.com"), w.user("bob@example.com")
	in := w.signIn(ada)
	half, err := w.store.StartSession(t.Context(), bob.ID, in.ID, browser)
	must(t, err)
	w.wantSession(in.ID, false)
	got, user, err := w.store.Session(t.Context(), half.ID)
	must(t, err)
	if user != bob || got.Level != store.PasswordPassed {
		t.Errorf("got level %d of %s", got.Level, user.Email)
	}
	_, err = w.store.ConfirmLogin(t.Context(), half.ID, browser)
	wantErr(t, "before Bob's tap", err, store.ErrNotApproved)
}

func TestConfirmRaceHasOneWinner(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	for round := range 200 {
		half := w.start(ada)
		w.approve(w.begin(half))
		won := race(t, 16, store.ErrNotApproved, func(int) error {
			_, err := w.store.ConfirmLogin(t.Context(), half.ID, browser)
			return err
		})
		if won != 1 {
			t.Fatalf("round %d: %d browsers are in by one tap", round, won)
		}
	}
	if got := w.number(`SELECT COUNT(*) FROM sessions WHERE level = 2`); got != 200 {
		t.Errorf("got %d sessions for 200 taps", got)
	}
}

// A tap and a code at once: one of them, and one session.
func TestTapAndCodeRaceHasOneWinner(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	for round := range 50 {
		half := w.start(ada)
		w.approve(w.begin(half))
		won := race(t, 16, store.ErrNotApproved, func(i int) error {
			if i%2 == 0 {
				_, err := w.store.ConfirmLogin(t.Context(), half.ID, browser)
				return err
			}
			_, err := w.store.ConfirmByCode(t.Context(), half.ID, "app", fmt.Sprint("code ", round, i), browser)
			return err
		})
		if won != 1 {
			t.Fatalf("round %d: %d are in", round, won)
		}
	}
}

// Whatever happened, the tables agree with the rules.
func TestInvariantsAfterACrowd(t *testing.T) {
	w := newWorld(t)
	var users []store.User
	for i := range 4 {
		users = append(users, w.user(fmt.Sprintf("ada%d@example.com", i)))
		w.inByTap(users[i], browser) // until then a denial tells nobody: it is nobody's account
	}
	race(t, 32, nil, func(i int) error { return w.wander(users[i%len(users)], i) })
	for name, query := range map[string]string{
		"consumed without one session": `SELECT COUNT(*) FROM approvals WHERE consumed_at IS NOT NULL AND kind = 'login'
			AND (SELECT COUNT(*) FROM sessions WHERE approval_id = approvals.id) <> 1`,
		"signed in by a tap not consumed": `SELECT COUNT(*) FROM sessions WHERE method = 'push'
			AND NOT EXISTS (SELECT 1 FROM approvals WHERE id = sessions.approval_id AND consumed_at IS NOT NULL AND user_id = sessions.user_id)`,
		"more than one pending": `SELECT COUNT(*) FROM (SELECT 1 FROM approvals WHERE status = 'pending' GROUP BY user_id, kind HAVING COUNT(*) > 1) AS many`,
		"pending of an ended session": `SELECT COUNT(*) FROM approvals JOIN sessions ON sessions.id = session_id
			WHERE status = 'pending' AND ended_at IS NOT NULL`,
		"decided without exactly one line": `SELECT COUNT(*) FROM approvals WHERE status <> 'pending'
			AND (SELECT COUNT(*) FROM events WHERE approval_id = approvals.id AND events.kind = 'approval_' || status) <> 1`,
		"ended without exactly one line": `SELECT COUNT(*) FROM sessions WHERE ended_at IS NOT NULL
			AND (SELECT COUNT(*) FROM events WHERE session_id = sessions.id AND kind = 'session_ended') <> 1`,
		"denied without exactly one notice": `SELECT COUNT(*) FROM approvals WHERE status = 'denied'
			AND (SELECT COUNT(*) FROM notices WHERE approval_id = approvals.id AND kind = 'denied') <> 1`,
		"of no session": `SELECT COUNT(*) FROM approvals WHERE session_id NOT IN (SELECT id FROM sessions)`,
	} {
		if got := w.number(query); got != 0 {
			t.Errorf("%s: %d rows", name, got)
		}
	}
}

// wander signs in a few times, each ending another way.
func (w *world) wander(u store.User, seed int) error {
	ctx := w.t.Context()
	for step := range 10 {
		sess, err := w.store.StartSession(ctx, u.ID, "", browser)
		if err != nil {
			return err
		}
		a, _, err := w.store.BeginApproval(ctx, sess.ID, store.KindLogin, "", ttl)
		if err != nil {
			return err
		}
		a.UUID = "uuid-of-" + a.ID
		switch way := (seed + step) % 4; {
		case way == 0 && seed < 4 && step < 4: // once for each user: a second denial would pause the rest
			_, _, err = w.store.Decide(ctx, answer(a, store.Denied))
		case way <= 1:
			_, _, err = w.store.CancelApproval(ctx, a.ID, "by_user")
		case way == 2:
			err = w.store.EndSession(ctx, sess.ID, "signed_out")
		default:
			if _, _, err = w.store.Decide(ctx, answer(a, store.Approved)); err == nil {
				_, _ = w.store.ConfirmLogin(ctx, sess.ID, browser) // another browser may have replaced it
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}
