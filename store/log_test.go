package store_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"nod/store"
)

func (w *world) logSize() int64 {
	w.t.Helper()
	info, err := os.Stat(w.path + "-wal")
	must(w.t, err)
	return info.Size()
}

// A reader that was forgotten, such as a backup, keeps the log from being
// folded into the file. Once it is gone the log gets small again.
func TestTheLogShrinksAfterAForgottenReader(t *testing.T) {
	const small = 9 << 20
	w := newWorld(t)
	ada := w.user("ada@example.com")
	db := w.raw()
	reader, err := db.BeginTx(t.Context(), nil)
	must(t, err)
	var users int
	must(t, reader.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM users`).Scan(&users))
	w.backlog(ada, 15_000)
	if got := w.logSize(); got < small {
		t.Fatalf("the log has %d bytes: too few to see it shrink", got)
	}
	must(t, reader.Rollback())
	must(t, db.Close())
	for range 2 { // the first folds the log, the second begins it anew
		w.start(ada)
	}
	if got := w.logSize(); got > small {
		t.Errorf("the log still has %d bytes", got)
	}
}

// Asking whether the file can be written must not fill the disk.
func TestReadyDoesNotFillTheLog(t *testing.T) {
	w := newWorld(t)
	must(t, w.store.Ready(t.Context()))
	before := w.logSize()
	for range 100 {
		w.clock.Advance(time.Millisecond)
		must(t, w.store.Ready(t.Context()))
	}
	if got := w.logSize(); got != before {
		t.Errorf("the log has grown from %d to %d bytes", before, got)
	}
	w.clock.Advance(time.Minute)
	must(t, w.store.Ready(t.Context()))
	if got := w.logSize(); got == before {
		t.Error("a minute later nothing was written for good")
	}
}

// A full disk is noticed, and so is that it has room again.
func TestAFullDiskIsNoticed(t *testing.T) {
	w := newWorld(t)
	release := w.store.FillDisk(t.Context())
	wantErr(t, "a full disk", w.fill(), store.ErrUnavailable)
	release()
	must(t, w.fill())
	must(t, w.store.Ready(t.Context()))
}

// fill writes more than fits into the pages there are.
func (w *world) fill() error {
	return w.store.Record(w.t.Context(), store.Event{Kind: store.EventSignedIn, Detail: strings.Repeat("x", 100_000)})
}

// Who waits too long for another writer is told so, not that something is
// broken.
func TestWaitingTooLongForTheWriterIsSaid(t *testing.T) {
	w := newWorld(t)
	in := w.start(w.user("ada@example.com"))
	db := w.raw()
	_, err := db.ExecContext(t.Context(), `BEGIN IMMEDIATE`)
	must(t, err)
	must(t, w.store.SetBusyTimeout(t.Context(), time.Millisecond))
	err = w.store.NoteCode(t.Context(), in.ID, store.CodeSent)
	wantErr(t, "a write", err, store.ErrLocked)
	wantErr(t, "a write", err, store.ErrUnavailable)
	wantErr(t, "ready", w.store.Ready(t.Context()), store.ErrLocked)
	must(t, db.Close())
	must(t, w.store.Ready(t.Context()))
}
