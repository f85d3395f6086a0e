package store_test

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"nod/store"
)

func (w *world) recoveryCodes(u store.User) []string {
	w.t.Helper()
	var codes []string
	w.as(u, func(id string) (err error) {
		codes, err = w.store.MakeRecoveryCodes(w.t.Context(), id, browser)
		return err
	})
	return codes
}

func (w *world) recover(sess store.Session, code string, c store.Client) (store.Session, error) {
	return w.store.ConfirmByRecoveryCode(w.t.Context(), sess.ID, code, c)
}

func TestRecoveryCodesAreGoodOnce(t *testing.T) {
	w := newWorld(t)
	ada, eve := w.user("ada@example.com"), w.user("eve@example.com")
	codes, eves := w.recoveryCodes(ada), w.recoveryCodes(eve)
	if len(codes) != 10 || len(codes[0]) != 16 || strings.Trim(strings.Join(codes, ""), store.RecoveryAlphabet) != "" {
		t.Errorf("got %q", codes)
	}
	in, err := w.recover(w.start(ada), codes[3], browser)
	must(t, err)
	if in.Method != store.MethodRecovery || in.Level != store.SignedIn || in.UserID != ada.ID {
		t.Errorf("got %+v", in)
	}
	if !w.phone(ada).ProvedAt.IsZero() {
		t.Error("a recovery code has proved the phone")
	}
	sess := w.start(ada)
	for what, code := range map[string]string{"one that was used": codes[3], "another account's": eves[0], "none": ""} {
		_, err = w.recover(sess, code, browser)
		wantErr(t, what, err, store.ErrWrongCode)
	}
	left, err := w.store.RecoveryCodesOf(t.Context(), ada.ID)
	must(t, err)
	if left.Left != 9 || left.Of != 10 || !left.UsedAt.Equal(w.clock.Now()) || !left.Offered {
		t.Errorf("got %+v", left)
	}
	told, _, err := w.store.UnreadNotices(t.Context(), store.Session{UserID: ada.ID}, 10)
	must(t, err)
	if len(told) < 2 || told[0].Kind != store.NoticeCodeUsed && told[1].Kind != store.NoticeCodeUsed {
		t.Errorf("the owner was told %+v", told)
	}
}

func TestARecoveryCodeIsUsedOnceByMany(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	code := w.recoveryCodes(ada)[0]
	var sessions []store.Session
	for range 8 {
		sessions = append(sessions, w.start(ada))
	}
	won := race(t, len(sessions), store.ErrWrongCode, func(i int) error { return err2(w.recover(sessions[i], code, browser)) })
	if won != 1 {
		t.Errorf("%d got in, want 1", won)
	}
}

func TestNewRecoveryCodesReplaceTheOld(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	old := w.recoveryCodes(ada)
	fresh := w.recoveryCodes(ada)
	sess := w.start(ada)
	_, err := w.recover(sess, old[0], browser)
	wantErr(t, "an old one", err, store.ErrWrongCode)
	must(t, w.store.RemoveRecoveryCodes(t.Context(), w.fresh(ada), browser))
	_, err = w.recover(sess, fresh[0], browser)
	wantErr(t, "a removed one", err, store.ErrWrongCode)
	wantErr(t, "removing none", w.store.RemoveRecoveryCodes(t.Context(), w.fresh(ada), browser), store.ErrNotFound)
}

// The file says neither what the codes are, nor whether a guess is one, without the
// key that is not in it.
func TestRecoveryCodesAreHashed(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	codes := w.recoveryCodes(ada)
	content, err := os.ReadFile(w.path + "-wal")
	must(t, err)
	for _, code := range codes {
		if bytes.Contains(content, []byte(code)) {
			t.Errorf("the file holds the code %s", code)
		}
	}
	must(t, w.store.Close())
	o := w.options()
	o.SecretKey = bytes.Repeat([]byte("x"), 32)
	_, err = store.Open(t.Context(), w.path, o)
	wantErr(t, "another key", err, store.ErrSecretKey)
	w.open()
	w.closeAccount(ada)
	if n := w.number("SELECT COUNT(*) FROM recovery_codes"); n != 0 {
		t.Errorf("%d codes of a closed account are left", n)
	}
}

// Guesses are few, and a stranger's do not shut out the owner, neither in a browser
// that is known nor in one that is not.
func TestGuessingARecoveryCode(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	codes := w.recoveryCodes(ada)
	stranger := store.Client{IP: "198.51.100.1"}
	refused := 0
	for range 12 {
		_, err := w.recover(w.start(ada), "0123456789abcdef", stranger)
		var often *store.RateError
		switch {
		case errors.As(err, &often):
			if refused++; often.Limit != "recovery_visitor" || !often.RetryAt.Equal(w.clock.Now().Add(10*time.Second)) {
				t.Errorf("got %+v", often)
			}
		case !errors.Is(err, store.ErrWrongCode):
			t.Fatal(err)
		}
	}
	if refused != 2 {
		t.Errorf("%d of 12 guesses were refused, want 2", refused)
	}
	must(t, err2(w.recover(w.start(ada), codes[0], browser)))
	if _, err := w.recover(w.start(ada), codes[1], stranger); err == nil {
		t.Error("the stranger's address is not held up")
	}
	w.clock.Advance(10 * time.Second)
	must(t, err2(w.recover(w.start(ada), codes[1], stranger))) // behind the same address
}

// Recovery codes are offered once: whoever makes or declines them is not asked again.
func TestRecoveryCodesAreOfferedOnce(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.user("ada@example.com"), w.user("bob@example.com")
	offered := func(u store.User) bool {
		r, err := w.store.RecoveryCodesOf(t.Context(), u.ID)
		must(t, err)
		return r.Offered
	}
	if offered(ada) {
		t.Error("a new account was offered codes before")
	}
	must(t, w.store.DeclineRecoveryCodes(t.Context(), ada.ID))
	w.recoveryCodes(bob)
	if !offered(ada) || !offered(bob) {
		t.Error("the offer was forgotten")
	}
}
