package store_test

import (
	"testing"

	"nod/store"
)

// SQLite checks references only where a connection asks for it.
func TestReferencesAreChecked(t *testing.T) {
	w := newWorld(t)
	writer, reader, err := w.store.Pragma(t.Context(), "foreign_keys")
	must(t, err)
	if writer != "1" || reader != "1" {
		t.Errorf("got %s for the writer and %s for a reader, want 1", writer, reader)
	}
}

// What was answered is on the disk: a power cut forgets no sign-in.
func TestACommitIsOnTheDisk(t *testing.T) {
	w := newWorld(t)
	for pragma, want := range map[string]string{"synchronous": "2", "journal_mode": "wal"} {
		writer, reader, err := w.store.Pragma(t.Context(), pragma)
		must(t, err)
		if writer != want || reader != want {
			t.Errorf("%s: got %s for the writer and %s for a reader, want %s", pragma, writer, reader, want)
		}
	}
}

// change is what another program does to the file.
func (w *world) change(statement string, args ...any) {
	w.t.Helper()
	db := w.raw()
	defer db.Close()
	_, err := db.ExecContext(w.t.Context(), statement, args...)
	must(w.t, err)
}

// Each condition of a step counts alone: a row that was changed behind the
// store's back still lets nobody in.
func TestAnApprovalIsOfTheSessionsUser(t *testing.T) {
	w := newWorld(t)
	ada, eve := w.user("ada@example.com"), w.user("eve@example.com")
	eves := w.start(eve)
	a := w.begin(eves)
	w.approve(a)
	w.change(`UPDATE approvals SET user_id = ? WHERE id = ?`, ada.ID, a.ID)
	_, err := w.store.ConfirmLogin(t.Context(), eves.ID, browser)
	wantErr(t, "Eve's session by Ada's approval", err, store.ErrNotApproved)
}

func TestAnApprovalIsConsumedOnce(t *testing.T) {
	w := newWorld(t)
	half := w.start(w.user("ada@example.com"))
	w.approve(w.begin(half))
	_, err := w.store.ConfirmLogin(t.Context(), half.ID, browser)
	must(t, err)
	w.change(`UPDATE sessions SET ended_at = NULL WHERE id = ?`, half.ID)
	_, err = w.store.ConfirmLogin(t.Context(), half.ID, browser)
	wantErr(t, "the session before, brought back", err, store.ErrNotApproved)
}

func TestATransferIsMarkedExecutedOnce(t *testing.T) {
	w := newWorld(t)
	in := w.signIn(w.user("ada@example.com"))
	tr, a := w.ask(in)
	w.approve(a)
	_, err := w.store.ExecuteTransfer(t.Context(), in.ID, tr.ID, rent)
	must(t, err)
	w.change(`UPDATE approvals SET consumed_at = NULL WHERE id = ?`, a.ID)
	_, err = w.store.ExecuteTransfer(t.Context(), in.ID, tr.ID, rent)
	must(t, err)
	if got := w.number(`SELECT COUNT(*) FROM events WHERE kind = 'transfer_executed'`); got != 1 {
		t.Errorf("executed %d times", got)
	}
}

func TestARevokedPhoneIsNotAsked(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	sess := w.start(ada)
	w.change(`UPDATE factors SET revoked_at = 1 WHERE user_id = ?`, ada.ID)
	_, _, err := w.store.BeginApproval(t.Context(), sess.ID, store.KindLogin, "", ttl)
	wantErr(t, "a phone that was revoked", err, store.ErrNotFound)
}

func TestAClosedAccountStartsNoSession(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	w.closeAccount(ada)
	_, err := w.store.StartSession(t.Context(), ada.ID, "", browser)
	wantErr(t, "a password that was right before the end", err, store.ErrNotFound)
}
