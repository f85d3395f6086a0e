package store_test

import (
	"testing"
	"time"

	"nod/store"
)

func TestPruneDeletesWhatIsOld(t *testing.T) {
	const day = 24 * time.Hour
	for table, life := range map[string]time.Duration{
		"password_failures": day,
		"used_codes":        day,
		"code_sends":        2 * day,
		"code_tries":        2 * day,
		"approvals":         30 * day,
		"sessions":          31 * day, // thirty from when the last one was too old
		"events":            365 * day,
	} {
		t.Run(table, func(t *testing.T) {
			w := newWorld(t)
			w.leaveTraces()
			rows := `SELECT COUNT(*) FROM ` + table
			before := w.number(rows)
			w.clock.Advance(life - time.Minute)
			must(t, w.store.Prune(t.Context()))
			if got := w.number(rows); got == 0 || got < before && table != "sessions" {
				t.Errorf("a minute before their time %d of %d rows are left", got, before)
			}
			w.clock.Advance(time.Minute)
			must(t, w.store.Prune(t.Context()))
			if got := w.number(rows); got != 0 {
				t.Errorf("at their time %d of %d rows are left", got, before)
			}
			if got := w.number(`SELECT COUNT(*) FROM users`); got != 1 {
				t.Errorf("got %d users, want 1", got)
			}
		})
	}
}

// leaveTraces writes to every table that is pruned, all at one moment.
func (w *world) leaveTraces() {
	t, ctx := w.t, w.t.Context()
	t.Helper()
	ada := w.user("ada@example.com")
	ended := w.signIn(ada)
	must(t, w.store.EndSession(ctx, ended.ID, "signed_out"))
	w.signIn(ada) // left behind: it never ends by itself
	w.fail(3, mail, address)
	coded := w.start(ada)
	_, err := w.store.AllowCodeSend(ctx, ada.ID, coded.ID, "sms")
	must(t, err)
	_, err = w.store.ConfirmByCode(ctx, coded.ID, "sms", "h", browser)
	must(t, err)
	_, err = w.store.SpendCodeTry(ctx, w.start(ada).ID)
	must(t, err)
}

func TestPruneKeepsWhatCounts(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	in := w.signIn(ada)
	tr, a := w.ask(in)
	w.approve(a)
	_, err := w.store.ExecuteTransfer(t.Context(), in.ID, tr.ID, rent)
	must(t, err)
	must(t, w.store.EndSession(t.Context(), in.ID, "signed_out"))
	w.clock.Advance(400 * 24 * time.Hour)
	live := w.signIn(ada)
	waiting := w.begin(w.start(ada))
	must(t, w.store.Prune(t.Context()))

	w.wantTransfer(ada, "executed") // and what it rests on
	if got := w.approval(a.ID); got.ConsumedAt.IsZero() {
		t.Errorf("got %+v", got)
	}
	w.wantSession(live.ID, true)
	if got := w.approval(waiting.ID); got.Status != store.Pending {
		t.Errorf("got %+v", got)
	}
}
