package store_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"nod/store"
)

// whenMade is just after the files in testdata/68d1548 were made.
var whenMade = time.UnixMilli(1795644973000)

// oldWorld is a copy of the database that version 68d1548 left behind.
func oldWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, path: filepath.Join(t.TempDir(), "nod.db"), clock: &clock{now: whenMade}}
	content, err := os.ReadFile("../testdata/68d1548/nod.db")
	must(t, err)
	must(t, os.WriteFile(w.path, content, 0o600))
	w.open()
	t.Cleanup(func() { must(t, w.store.Close()) })
	return w
}

func TestUpgradeKeepsEverything(t *testing.T) {
	w := oldWorld(t)
	ctx := t.Context()

	ada, adaUser, err := w.store.Session(ctx, "TFFGUN5NXVOQGOINXMGMORMVXN")
	must(t, err)
	if ada.Level != store.SignedIn || ada.Method != "push" || adaUser.Email != "ada@example.com" {
		t.Errorf("Ada's session reads %+v of %+v", ada, adaUser)
	}
	transfers, err := w.store.Transfers(ctx, adaUser.ID, 10)
	must(t, err)
	want := map[string]string{
		"Executed": "executed", "Denied": "denied", "Refused": "refused",
		"Cancelled": "cancelled", "Expired": "expired", "Approved": "approved",
	}
	if len(transfers) != len(want) {
		t.Errorf("Ada has %d transfers, want %d", len(transfers), len(want))
	}
	for _, transfer := range transfers {
		if string(transfer.Status) != want[transfer.Payee] {
			t.Errorf("transfer %s is %s", transfer.Payee, transfer.Status)
		}
	}

	waiting, err := w.store.Wait(ctx, "DSQMLBKJO52W2PEHINGVAL4AFB")
	must(t, err)
	if !waiting.Counts || waiting.Request.Status != store.Pending || len(waiting.Request.Number) != 2 {
		t.Errorf("Carol's wait reads %+v", waiting)
	}
	if _, err := w.store.Authenticate(ctx, "dan@example.com", "correct horse battery staple"); err != nil {
		t.Errorf("Dan's password: %v", err)
	}
	if events, err := w.store.Events(ctx, adaUser.ID, 100); err != nil || len(events) < 20 {
		t.Errorf("Ada's audit trail has %d lines, %v", len(events), err)
	}
}
