package store_test

import (
	"database/sql"
	"errors"
	"maps"
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
	w := &world{t: t, path: filepath.Join(t.TempDir(), "nod.db"), clock: &clock{now: whenMade}, legacy: store.Simulator}
	copyOld(t, w.path)
	w.open()
	t.Cleanup(func() { must(t, w.store.Close()) })
	return w
}

func copyOld(t *testing.T, path string) {
	t.Helper()
	content, err := os.ReadFile("../testdata/68d1548/nod.db")
	must(t, err)
	must(t, os.WriteFile(path, content, 0o600))
}

// The phones of an old file belong to whom it was made with; where nobody can
// say, the file stays as it is.
func TestUpgradeAsksWhosePhonesTheyAre(t *testing.T) {
	w := oldWorld(t)
	must(t, w.store.Close())
	copyOld(t, w.path)
	w.legacy = ""
	_, err := store.Open(t.Context(), w.path, w.options())
	wantErr(t, "nobody says", err, store.ErrWhichProvider)
	// A guess that would lock everybody out is not written.
	o := w.options()
	o.LegacyProvider = store.Authy
	_, err = store.Open(t.Context(), w.path, o)
	var legacy *store.LegacyError
	if !errors.As(err, &legacy) || legacy.Accounts != 6 || legacy.Provider != store.Authy {
		t.Errorf("phones at Authy beside simulated ones: got %v", err)
	}
	o.Provider = store.Authy
	w.store, err = store.Open(t.Context(), w.path, o)
	must(t, err)
	counts, err := w.store.Providers(t.Context())
	must(t, err)
	if want := map[store.Provider]int{store.Authy: 6}; !maps.Equal(counts, want) {
		t.Errorf("got factors %v, want %v", counts, want)
	}
}

func TestUpgradeMakesFactorsOfPhones(t *testing.T) {
	w := oldWorld(t)
	bob := w.phone(store.User{ID: 2})
	want := store.Factor{ID: bob.ID, UserID: 2, Provider: store.Simulator, Handle: "100002",
		CreatedAt: time.UnixMilli(1795644971541).UTC(), ProvedAt: time.UnixMilli(1795644971852).UTC()}
	if bob != want {
		t.Errorf("got %+v,\nwant %+v", bob, want)
	}
	shared, err := w.store.FactorShared(t.Context(), bob)
	must(t, err)
	if fay := w.phone(store.User{ID: 6}); !shared || !fay.ProvedAt.IsZero() {
		t.Errorf("Bob's phone is shared: %v; Fay's reads %+v", shared, fay)
	}
	if n := w.number(`SELECT COUNT(*) FROM users WHERE ask_beside <> 0`); n != 0 {
		t.Errorf("%d want their number asked beside phones of their own", n)
	}
	// Eve's is revoked with her account, and her request still knows it.
	_, err = w.store.Factor(t.Context(), 5)
	wantErr(t, "the phone of a closed account", err, store.ErrNotFound)
	if a := w.approval("INOV4XFL2ZUQ4HRXDDYKNWWEP6"); a.Handle != "100005" {
		t.Errorf("Eve's request reads %+v", a)
	}
}

// A tap that was on its way while the program was replaced still counts.
func TestUpgradeTakesTheAnswerToAnOldRequest(t *testing.T) {
	w := oldWorld(t)
	carols := w.approval("USAOSZ5N2ZELGDHW6CDPBFNPPX")
	w.approve(carols)
	_, err := w.store.ConfirmLogin(t.Context(), carols.SessionID, browser)
	must(t, err)
	ada, err := w.store.ExecuteTransfer(t.Context(), "TFFGUN5NXVOQGOINXMGMORMVXN", "52YUXSW66ANDTXIS54KR7D7UOR",
		store.Transfer{Payee: "Approved", AmountMinor: 1250, Currency: "EUR"})
	must(t, err)
	if ada.Status != store.TransferExecuted {
		t.Errorf("got %+v", ada)
	}
}

func TestUpgradeKeepsEverything(t *testing.T) {
	w := oldWorld(t)
	ctx := t.Context()

	ada, adaUser, err := w.store.Session(ctx, "TFFGUN5NXVOQGOINXMGMORMVXN")
	must(t, err)
	if ada.Level != store.SignedIn || ada.Method != "push" || adaUser.Email != "ada@example.com" {
		t.Errorf("Ada's session reads %+v of %+v", ada, adaUser)
	}
	if want := ada.CreatedAt.Add(store.FreshFor); ada.FreshUntil != want {
		t.Errorf("Ada's session is fresh until %v, want %v", ada.FreshUntil, want)
	}
	transfers, _, err := w.store.Transfers(ctx, adaUser.ID, 10)
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

// What became of a code is kept when there is more that can become of one.
func TestUpgradeKeepsWhatBecameOfACode(t *testing.T) {
	w := oldWorld(t)
	const waits = "64NYJ64RTTZTJB7YYO5SYQGZBL"
	if got := w.session(waits); got.CodeVia != store.MethodSMS || got.CodeState != store.CodeSent {
		t.Errorf("got %+v", got)
	}
	must(t, w.store.NoteCode(t.Context(), waits, store.CodeUnconfirmed))
	if got := w.session(waits).CodeState; got != store.CodeUnconfirmed {
		t.Errorf("got %q, want %q", got, store.CodeUnconfirmed)
	}
}

// The address of an old line of the audit trail moves to a column of its own.
func TestUpgradeFindsTheAddressesOfTheAuditTrail(t *testing.T) {
	w := oldWorld(t)
	if got := w.number(`SELECT COUNT(*) FROM events WHERE kind = 'session_started' AND detail <> ''`); got != 0 {
		t.Errorf("%d addresses are still in the detail", got)
	}
	const moved = `SELECT COUNT(*) FROM events WHERE kind = 'session_started' AND ip = '127.0.0.1' AND network = '127.0.0.0/24' AND ip_mark <> ''`
	if got := w.number(moved); got == 0 {
		t.Error("no address is in its column")
	}
}

// Sessions from before take the method that is new, and everybody is offered
// recovery codes.
func TestUpgradeTakesRecoveryCodes(t *testing.T) {
	w := oldWorld(t)
	dan, err := w.store.Authenticate(t.Context(), "dan@example.com", "correct horse battery staple")
	must(t, err)
	had, err := w.store.RecoveryCodesOf(t.Context(), dan.ID)
	must(t, err)
	if had.Offered || had.Of != 0 {
		t.Errorf("got %+v", had)
	}
	in, err := w.recover(w.start(dan), w.recoveryCodes(dan)[0], browser)
	must(t, err)
	if got := w.session(in.ID).Method; got != store.MethodRecovery {
		t.Errorf("got %q", got)
	}
	db := w.raw()
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), `UPDATE sessions SET method = 'guess' WHERE id = ?`, in.ID); err == nil {
		t.Error("the table takes any method")
	}
}

// The table of sessions is made anew: no row, index or reference is lost by that,
// and the file is sound, also for a process that opens it next.
func TestUpgradeLeavesASoundFile(t *testing.T) {
	old := filepath.Join(t.TempDir(), "old.db")
	copyOld(t, old)
	before, err := sql.Open("sqlite3", "file:"+old)
	must(t, err)
	defer before.Close()
	const ids = `SELECT group_concat(id) FROM (SELECT id FROM sessions ORDER BY rowid)`
	var had, has string
	must(t, before.QueryRowContext(t.Context(), ids).Scan(&had))

	w := oldWorld(t)
	w.restart()
	db := w.raw()
	defer db.Close()
	must(t, db.QueryRowContext(t.Context(), ids).Scan(&has))
	if has != had || had == "" {
		t.Errorf("got the sessions %s,\nwant %s", has, had)
	}
	var sound string
	must(t, db.QueryRowContext(t.Context(), `PRAGMA integrity_check`).Scan(&sound))
	if sound != "ok" {
		t.Errorf("the file is not sound: %s", sound)
	}
	for query, want := range map[string]int{
		`SELECT COUNT(*) FROM pragma_foreign_key_check`:                                                         0,
		`SELECT COUNT(*) FROM sqlite_schema WHERE tbl_name = 'sessions' AND type = 'index' AND sql IS NOT NULL`: 6,
		`SELECT COUNT(*) FROM sqlite_schema WHERE name IN ('sessions_before', 'factors_before')`:                0,
		`SELECT COUNT(*) FROM sqlite_schema WHERE tbl_name = 'factors' AND type = 'index' AND sql IS NOT NULL`:  5,
		// What was added to the table of sessions is there after it was made anew.
		`SELECT COUNT(*) FROM sessions WHERE level = 2 AND (fresh_until = 0 OR method <> 'push' AND code_at = 0)`: 0,
		// Nothing of before is shown again, and a pause is of everything.
		`SELECT COUNT(*) FROM shown_codes`:                         0,
		`SELECT COUNT(*) FROM authenticators WHERE shown_to <> ''`: 0,
		`SELECT COUNT(*) FROM pauses WHERE kind <> ''`:             0,
		`SELECT COUNT(*) FROM users WHERE transfer_denials <> 0`:   0,
	} {
		if got := w.number(query); got != want {
			t.Errorf("%s: got %d, want %d", query, got, want)
		}
	}
}

// A new version forgives nothing that the one before has counted.
func TestUpgradeKeepsWhatWasCounted(t *testing.T) {
	w := oldWorld(t)
	for key, want := range map[string]int{
		"password|account|strangers|f7ca9dbc%": 1, "password|source|strangers|127.0.0.1": 1,
		"code_sent|phone||%": 1, "code_sent|phone|strangers|%": 1,
		"push|phone||%": 5, // each after the last approval of its account
	} {
		if got := w.number(`SELECT COUNT(*) FROM usage WHERE key LIKE '` + key + `'`); got != want {
			t.Errorf("%s: %d are counted, want %d", key, got, want)
		}
	}
	if wait := w.send(store.Session{ID: "64NYJ64RTTZTJB7YYO5SYQGZBL"}); wait <= 0 || wait > 30*time.Second {
		t.Errorf("the next code: got to wait %v", wait)
	}
}

// An account from before keeps its e-mail, also where its phone was never proved:
// whoever signs up with it is told so in the end.
func TestUpgradeKeepsTheEmailsOfUnprovedAccounts(t *testing.T) {
	w := oldWorld(t)
	var email string
	db := w.raw()
	must(t, db.QueryRowContext(t.Context(), `SELECT email FROM users WHERE id = 6`).Scan(&email))
	must(t, db.Close())
	eve := w.signUp(email, "eve's own password")
	w.wantTaken(eve)
	w.clock.Advance(24 * time.Hour)
	if closed, err := w.store.EndUnproved(t.Context()); len(closed) != 0 || err != nil {
		t.Errorf("%d accounts ended, %v", len(closed), err)
	}
	fay, err := w.store.Authenticate(t.Context(), email, "correct horse battery staple")
	must(t, err)
	if fay.ID != 6 || fay.Unproved {
		t.Errorf("got %+v, want Fay with her e-mail", fay)
	}
	w.signIn(fay)
}
