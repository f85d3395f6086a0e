package store_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"nod/store"
)

func TestPruneDeletesWhatIsOld(t *testing.T) {
	const day = 24 * time.Hour
	for table, life := range map[string]time.Duration{
		"usage":      2 * day,
		"used_codes": day,
		"approvals":  30 * day,
		"sessions":   31 * day, // thirty from when the last one was too old
		"events":     365 * day,
	} {
		t.Run(table, func(t *testing.T) {
			w := newWorld(t)
			w.leaveTraces()
			must(t, w.store.SignTrail(t.Context())) // else the audit trail is kept
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
	_, err := w.store.AllowCodeSend(ctx, coded.ID, "sms", "US")
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

// A backlog is deleted in many transactions, and others write in between.
func TestPruneTakesABacklogInParts(t *testing.T) {
	const rows = 6000
	w := newWorld(t)
	ada := w.user("ada@example.com")
	in := w.start(ada)
	w.backlog(ada, rows)
	must(t, w.store.SignTrail(t.Context()))
	w.clock.Advance(366 * 24 * time.Hour)
	largest, parts := 0, 0
	must(t, w.store.PruneEach(t.Context(), func(deleted int, _ time.Duration) {
		largest, parts = max(largest, deleted), parts+1
		must(t, w.store.NoteCode(t.Context(), in.ID, store.CodeSent))
	}))
	if largest > 500 || parts < 4*rows/500 {
		t.Errorf("%d rows of each table went in %d transactions, the largest of %d rows", rows, parts, largest)
	}
	for _, table := range []string{"events", "sessions", "approvals", "usage"} {
		if got := w.number(`SELECT COUNT(*) FROM ` + table); got != 0 {
			t.Errorf("%d rows of %s are left", got, table)
		}
	}
}

// A process that has just started finds what became old while it was away.
func TestPruningBeginsAtOnce(t *testing.T) {
	w := newWorld(t)
	w.backlog(w.user("ada@example.com"), 10)
	must(t, w.store.SignTrail(t.Context()))
	w.clock.Advance(366 * 24 * time.Hour)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { w.store.KeepPruned(ctx, func(err error) { t.Error(err) }); close(ended) }()
	for w.number(`SELECT COUNT(*) FROM events`) > 0 {
		runtime.Gosched()
	}
	stop()
	<-ended
}

// What is kept for good does not hide what is old behind it.
func TestPruneGoesPastWhatIsKept(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	for range 3 {
		in := w.signIn(ada)
		tr, a := w.ask(in)
		w.approve(a)
		_, err := w.store.ExecuteTransfer(t.Context(), in.ID, tr.ID, rent)
		must(t, err)
	}
	w.clock.Advance(time.Minute)
	w.backlog(ada, 200)
	w.clock.Advance(400 * 24 * time.Hour)
	must(t, w.store.Prune(t.Context()))
	if got := w.number(`SELECT COUNT(*) FROM sessions`); got != 3 {
		t.Errorf("got %d sessions, want the 3 that a transfer rests on", got)
	}
}

// Pruning reads and deletes by an index, however large a table is.
func TestPruneReadsByIndex(t *testing.T) {
	w := newWorld(t)
	for _, statement := range store.PruneStatements() {
		plan := w.plan(statement, 1, 2, 3)
		for _, step := range plan {
			if strings.HasPrefix(step, "SCAN") || strings.Contains(step, "TEMP B-TREE") {
				t.Errorf("%s\nis planned as %q", statement, plan)
			}
		}
	}
}

// Among all phones those to be forgotten are found by an index of their own: the
// sweep asks each second.
func TestPhonesToForgetAreFoundByIndex(t *testing.T) {
	plan := newWorld(t).plan(`SELECT * FROM `+store.ToForget, store.Authy, 1)
	if len(plan) != 1 || !strings.Contains(plan[0], "factors_to_forget") {
		t.Errorf("it is planned as %q", plan)
	}
}

// plan is how SQLite would run a statement, a line a step.
func (w *world) plan(statement string, args ...any) (steps []string) {
	w.t.Helper()
	db := w.raw()
	defer db.Close()
	rows, err := db.QueryContext(w.t.Context(), `EXPLAIN QUERY PLAN `+statement, args...)
	must(w.t, err)
	defer rows.Close()
	var id, parent, unused int
	for rows.Next() {
		var step string
		must(w.t, rows.Scan(&id, &parent, &unused, &step))
		steps = append(steps, step)
	}
	must(w.t, rows.Err())
	return steps
}

// backlog is n rows of an account in each of the large tables, a millisecond
// apart.
func (w *world) backlog(u store.User, n int) {
	w.t.Helper()
	db := w.raw()
	defer db.Close()
	now := w.clock.Now().UnixMilli()
	for _, insert := range []string{
		`INSERT INTO sessions (id, user_id, level, method, ip, user_agent, created_at, last_seen, expires_at, ended_at)
			SELECT 'old' || n, %d, 2, 'push', '192.0.2.7', 'Browser/1.0', %d + n, %[2]d + n, %[2]d + n, %[2]d + n FROM many`,
		`INSERT INTO approvals (id, kind, session_id, user_id, status, number, created_at, expires_at, decided_at)
			SELECT 'old' || n, 'login', 'old' || n, %d, 'expired', '42', %d + n, %[2]d + n, %[2]d + n FROM many`,
		`INSERT INTO events (at, kind, user_id, session_id, detail) SELECT %[2]d + n, 'session_ended', %[1]d, 'old' || n, 'signed_out' FROM many`,
		`INSERT INTO events (at, kind, user_id, session_id, detail) SELECT %[2]d + n, 'session_started', %[1]d, 'old' || n, '192.0.2.7' FROM many`,
		`INSERT INTO events (at, kind, user_id, session_id, detail) SELECT %[2]d + n, 'signed_in', %[1]d, 'old' || n, 'push' FROM many`,
		`INSERT INTO usage (key, act, at) SELECT 'key' || n, 'act' || n, %[2]d + n FROM many`,
	} {
		const many = `WITH RECURSIVE many (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < %d) `
		statement := fmt.Sprintf(insert, u.ID, now)
		head, rest, _ := strings.Cut(statement, "SELECT")
		_, err := db.ExecContext(w.t.Context(), head+fmt.Sprintf(many, n)+"SELECT"+rest)
		must(w.t, err)
	}
}
