package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"nod/store"
)

// counted are the lines of what was refused to nobody known, oldest first.
func (w *world) counted() (lines []string) {
	w.t.Helper()
	db := w.raw()
	defer db.Close()
	rows, err := db.QueryContext(w.t.Context(), `SELECT kind || ' ' || detail || ' ' || ip || ' ' || times FROM events WHERE user_id = 0 ORDER BY at, kind, ip, detail`)
	must(w.t, err)
	defer rows.Close()
	for rows.Next() {
		var line string
		must(w.t, rows.Scan(&line))
		lines = append(lines, line)
	}
	must(w.t, rows.Err())
	return lines
}

// What is refused to somebody unknown is one line for each kind, source and
// minute, in the trail as in the log.
func TestRefusalsAreCountedByTheMinute(t *testing.T) {
	w := newWorld(t)
	var log bytes.Buffer
	o := w.options()
	o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	must(t, w.store.Close())
	var err error
	w.store, err = store.Open(t.Context(), w.path, o)
	must(t, err)
	for range 1000 {
		w.store.Refuse(store.EventForeignForm, "", "192.0.2.7")
	}
	w.store.Refuse(store.EventForeignForm, "", "192.0.2.8")
	w.store.Refuse(store.EventForged, "", "192.0.2.7")
	w.store.Refuse(store.EventForged, "", "2001:db8::1")
	w.sign()
	for range 3 { // the minute goes on
		w.store.Refuse(store.EventForged, "", "2001:db8::2")
	}
	w.sign()
	if got := w.counted(); len(got) > 0 {
		t.Errorf("before the minute was over: %q", got)
	}
	w.clock.Advance(time.Minute)
	w.store.Refuse(store.EventForged, "", "192.0.2.7")
	w.sign()
	wantEqual(t, w.counted(), []string{
		"callback_forged  192.0.2.7 1", "callback_forged  2001:db8::/64 4",
		"foreign_form  192.0.2.7 1000", "foreign_form  192.0.2.8 1",
	})
	if got := strings.Count(log.String(), "msg=audit "); got != 4 || !strings.Contains(log.String(), "kind=foreign_form outcome=refused ip=192.0.2.7 times=1000\n") {
		t.Errorf("got %d lines in the log:\n%s", got, &log)
	}
	w.clock.Advance(time.Minute)
	w.sign()
	w.sign()
	if got := w.counted(); len(got) != 5 {
		t.Errorf("after another minute: %q", got)
	}
}

// A flood from everywhere does not fill the disk.
func TestAFloodOfSourcesLeavesFewLines(t *testing.T) {
	w := newWorld(t)
	for round := range 2 { // with a write in between
		for i := range 5000 {
			w.store.Refuse(store.EventMalformed, "", fmt.Sprintf("2001:db8:%x:%x::1", round, i))
		}
		w.sign()
	}
	w.clock.Advance(time.Minute)
	w.sign()
	lines, times := len(w.counted()), w.number(`SELECT SUM(times) FROM events`)
	if lines < 50 || lines > 51 || times != 10_000 {
		t.Errorf("got %d lines of %d refusals", lines, times)
	}
}

// What was counted while nothing could be written is not lost.
func TestRefusalsWaitForTheDisk(t *testing.T) {
	w := newWorld(t)
	w.store.Refuse(store.EventForged, "", "192.0.2.7")
	db := w.raw()
	_, err := db.ExecContext(t.Context(), `BEGIN IMMEDIATE`)
	must(t, err)
	must(t, w.store.SetBusyTimeout(t.Context(), time.Millisecond))
	wantErr(t, "signing", w.store.SignTrail(t.Context()), store.ErrLocked)
	w.store.Refuse(store.EventForged, "", "192.0.2.7")
	must(t, db.Close())
	w.clock.Advance(time.Minute)
	w.sign()
	wantEqual(t, w.counted(), []string{"callback_forged  192.0.2.7 2"})
}

// What a limit refuses is told to whom it keeps out, with how often; and closing the
// account forgets by whom.
func TestALimitSaysWhoseAccountItKeptClosed(t *testing.T) {
	w := newWorld(t)
	ada := w.user(mail)
	w.signIn(ada)
	refuse := func(times int) {
		for range times {
			_, err := w.store.SpendPasswordTry(t.Context(), "ADA@example.com", store.Client{IP: address})
			var limit *store.RateError
			if !errors.As(err, &limit) {
				t.Fatalf("got %v, want a refusal", err)
			}
		}
	}
	w.fail(5, mail, address)
	refuse(7)
	w.clock.Advance(time.Minute)
	w.sign()
	events, err := w.store.Events(t.Context(), ada.ID, 1)
	must(t, err)
	if got := events[0]; got.Kind != store.EventLimited || got.Detail != "password_visitor" || got.Times != 7 || got.IP != address {
		t.Errorf("got %+v", got)
	}
	refuse(2)
	w.sign() // it is a row, and no line yet
	refuse(1)
	w.closeAccount(ada)
	w.clock.Advance(time.Minute)
	w.sign()
	if got := w.number(`SELECT SUM(times) FROM events WHERE kind = 'limited' AND user_id = ? AND ip = ''`, ada.ID); got != 10 {
		t.Errorf("%d refusals have forgotten by whom, want 10", got)
	}
}
