package store_test

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"nod/store"
)

// trail opens the audit trail as the command does, beside the running store.
func (w *world) trail() *store.Trail {
	w.t.Helper()
	trail, err := store.OpenTrail(w.t.Context(), w.path, w.options())
	must(w.t, err)
	w.t.Cleanup(func() { must(w.t, trail.Close()) })
	return trail
}

func (w *world) verify(known ...store.Checkpoint) store.Report {
	w.t.Helper()
	report, err := w.trail().Verify(w.t.Context(), known...)
	must(w.t, err)
	return report
}

func (w *world) wantWhole(known ...store.Checkpoint) store.Report {
	w.t.Helper()
	report := w.verify(known...)
	if len(report.Problems) > 0 {
		w.t.Errorf("got problems %q", report.Problems)
	}
	return report
}

// sign signs what there is and returns the newest checkpoint.
func (w *world) sign() store.Checkpoint {
	w.t.Helper()
	must(w.t, w.store.SignTrail(w.t.Context()))
	return w.wantWhole().Newest
}

func TestTheTrailSaysWhatIsNotSignedYet(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	w.signIn(ada)
	first := w.wantWhole()
	if first.Lines != 0 || first.Unsigned != 6 || !first.Since.Equal(w.clock.Now()) {
		t.Errorf("before anything was signed: got %+v", first)
	}
	w.sign()
	w.clock.Advance(time.Minute)
	w.start(ada)
	w.clock.Advance(time.Minute)
	w.start(ada)
	got := w.wantWhole()
	if got.Lines != 6 || got.Unsigned != 2 || !got.Since.Equal(w.clock.Now().Add(-time.Minute)) || got.Newest.Batch != 1 {
		t.Errorf("got %+v", got)
	}
	must(t, w.store.SignTrail(t.Context()))
	must(t, w.store.SignTrail(t.Context())) // there is nothing to sign
	if got := w.wantWhole(); got.Lines != 8 || got.Unsigned != 0 || !got.Since.IsZero() || got.Newest.Batch != 2 {
		t.Errorf("got %+v", got)
	}
}

// Whoever can write the file but has not the key cannot change what was signed
// without a trace.
func TestAChangedTrailIsFound(t *testing.T) {
	store.Rehearse(0) // so that the ids have no gaps
	t.Cleanup(func() { store.Rehearse(rehearsals()) })
	const forgedKey = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	for what, test := range map[string]struct{ statement, want string }{
		"another kind":       {`UPDATE events SET kind = 'signed_in' WHERE id = 9`, "checkpoint 2, from line 7 on"},
		"another user":       {`UPDATE events SET user_id = 2 WHERE id = 2`, "checkpoint 1, from line 1 on"},
		"another time":       {`UPDATE events SET at = at + 1 WHERE id = 2`, "checkpoint 1, from line 1 on"},
		"another network":    {`UPDATE events SET network = '' WHERE id = 2`, "checkpoint 1, from line 1 on"},
		"another actor":      {`UPDATE events SET actor = 'operator' WHERE id = 2`, "checkpoint 1, from line 1 on"},
		"another mark":       {`UPDATE events SET ip_mark = '' WHERE id = 2`, "checkpoint 1, from line 1 on"},
		"another count":      {`UPDATE events SET times = 2 WHERE id = 2`, "checkpoint 1, from line 1 on"},
		"another order":      {`UPDATE events SET id = 1000 WHERE id = 2`, "checkpoint 1, from line 1 on"},
		"another address":    {`UPDATE events SET ip = '192.0.2.8' WHERE id = 2`, "the address of line 2 was changed"},
		"no address":         {`UPDATE events SET ip = '', ip_salt = '' WHERE id = 2`, "the address of line 2 was deleted"},
		"a line less":        {`DELETE FROM events WHERE id = 3`, "checkpoint 1, from line 1 on"},
		"a line more":        {`INSERT INTO events (at, kind, batch) VALUES (1, 'signed_in', 1)`, "checkpoint 1, from line 1 on"},
		"a batch less":       {`DELETE FROM events WHERE batch = 2`, "lines of checkpoint 2 were deleted"},
		"the first less":     {`DELETE FROM events WHERE batch = 1`, "lines of checkpoint 1 were deleted"},
		"lines moved":        {`UPDATE events SET batch = 2 WHERE id = 3`, "checkpoint 1, from line 1 on"},
		"a checkpoint less":  {`DELETE FROM checkpoints WHERE batch = 2`, "checkpoints 2 to 2 are missing"},
		"its lines are left": {`DELETE FROM checkpoints WHERE batch = 3`, "the checkpoints of 6 lines are missing"},
		"fewer lines signed": {`UPDATE checkpoints SET lines = 0 WHERE batch = 2`, "checkpoint 2 was changed"},
		"an older date":      {`UPDATE checkpoints SET newest = 1 WHERE batch = 1`, "checkpoint 1 was changed"},
		"another hash":       {`UPDATE checkpoints SET hash = digest WHERE batch = 1`, "checkpoint 1 was changed"},
		"no signature":       {`UPDATE checkpoints SET signature = '' WHERE batch = 1`, "the signature of checkpoint 1 is wrong"},
		"another key":        {`UPDATE checkpoints SET key = '` + forgedKey + `' WHERE batch = 1`, "the signature of checkpoint 1 is wrong"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for _, email := range []string{"ada@example.com", "bob@example.com", "eve@example.com"} {
				w.signIn(w.user(email))
				w.sign()
			}
			w.change(test.statement)
			if got := w.verify().Problems; len(got) == 0 || !strings.Contains(strings.Join(got, "\n"), test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// What was signed with another key is told from what this Nod has signed: a thief
// of the file has made keys of their own.
func TestATrailThatIsSignedAnewIsFound(t *testing.T) {
	w := newWorld(t)
	w.signIn(w.user("ada@example.com"))
	first := w.sign()
	w.change(`DELETE FROM checkpoints`)
	w.change(`UPDATE events SET batch = NULL, detail = 'sms' WHERE kind = 'signed_in'`)
	w.change(`UPDATE events SET batch = NULL`)
	w.change(`DELETE FROM secrets WHERE name = 'audit trail'`)
	thief, err := store.Open(t.Context(), w.path, store.Options{Now: w.clock.Now, HashParams: cheap, SecretKey: bytes.Repeat([]byte("x"), 32)})
	must(t, err)
	must(t, thief.SignTrail(t.Context()))
	must(t, thief.Close())
	if got := w.verify().Problems; len(got) != 1 || !strings.Contains(got[0], "signed by another key") {
		t.Errorf("got %q", got)
	}
	// An own older key is vouched for by a checkpoint that was kept.
	theirs := w.verify().Newest
	w.wantWhole(theirs)
	if got := w.verify(first).Problems; len(got) != 2 || !strings.Contains(got[0], "not the one that you have kept") {
		t.Errorf("got %q", got)
	}
}

// Where also the mark of how far it was signed is gone, only who has kept a
// checkpoint elsewhere can tell that the end was cut off.
func TestAnEndThatWasCutOffIsFoundByAKeptCheckpoint(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	w.sign()
	w.signIn(ada)
	kept := w.sign()
	if parsed, ok := store.ParseCheckpoint(kept.Name()); !ok || parsed.Batch != 2 || parsed.Hash != kept.Hash {
		t.Errorf("%q reads as %+v", kept.Name(), parsed)
	}
	w.wantWhole(kept)
	w.change(`DELETE FROM events WHERE batch = 2`)
	w.change(`DELETE FROM checkpoints WHERE batch = 2`)
	w.change(`DELETE FROM secrets WHERE name = 'audit trail'`)
	w.wantWhole()
	if got := w.verify(kept).Problems; len(got) != 1 || !strings.Contains(got[0], "checkpoint 2 is not the one that you have kept") {
		t.Errorf("got %q", got)
	}
	for _, bad := range []string{"", "2", "2:", "0:" + kept.Hash, "x:" + kept.Hash, "2:" + kept.Hash[1:], kept.Name() + ":"} {
		if _, ok := store.ParseCheckpoint(bad); ok {
			t.Errorf("%q was taken for a checkpoint", bad)
		}
	}
}

// A closed account is forgotten, and the trail still verifies.
func TestForgottenAddressesDoNotBreakTheTrail(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.user("ada@example.com"), w.user("bob@example.com")
	w.signIn(ada)
	w.signIn(bob)
	w.sign()
	ctx := store.Actor{IP: browser.IP}.In(t.Context())
	_, err := w.store.CloseAccount(ctx, w.fresh(ada))
	must(t, err)
	w.sign()
	for id, want := range map[int64]bool{ada.ID: false, bob.ID: true} {
		var out bytes.Buffer
		must(t, w.trail().Export(t.Context(), &out))
		addresses := 0
		for _, line := range strings.Split(out.String(), "\n") {
			if strings.Contains(line, browser.IP) && strings.Contains(line, `"user":`+string('0'+rune(id))+`,`) {
				addresses++
			}
		}
		if (addresses > 0) != want {
			t.Errorf("user %d has %d addresses in the trail", id, addresses)
		}
	}
}

// Who has the export alone can check it as the documentation says.
func TestAnExportIsCheckedByItsOwnText(t *testing.T) {
	w := newWorld(t)
	w.signIn(w.user("ada@example.com"))
	w.sign()
	w.signIn(w.user("bob@example.com"))
	w.sign()
	w.start(w.user("eve@example.com"))
	var out bytes.Buffer
	must(t, w.trail().Export(t.Context(), &out))

	batch, before, checkpoints, unsigned := sha256.New(), "", 0, 0
	for lines := bufio.NewScanner(&out); lines.Scan(); {
		text := lines.Text()
		signed, _, isCheckpoint := strings.Cut(text, `,"hash":`)
		if !isCheckpoint {
			kept, _, ok := strings.Cut(text, `,"time":`)
			if !ok {
				t.Fatalf("got line %s", text)
			}
			batch.Write([]byte(kept + "}\n"))
			if strings.Contains(text, `"batch":0}`) {
				unsigned++
			}
			continue
		}
		var c struct{ Digest, Before, Hash, Key, Signature string }
		must(t, json.Unmarshal([]byte(text), &c))
		raw := func(s string) []byte {
			b, err := base64.RawURLEncoding.DecodeString(s)
			must(t, err)
			return b
		}
		hash := sha256.Sum256([]byte(signed + "}"))
		switch {
		case !bytes.Equal(batch.Sum(nil), raw(c.Digest)), !bytes.Equal(hash[:], raw(c.Hash)), c.Before != before,
			!ed25519.Verify(raw(c.Key), []byte(signed+"}"), raw(c.Signature)):
			t.Errorf("checkpoint %s does not fit", text)
		}
		batch, before, checkpoints = sha256.New(), c.Hash, checkpoints+1
	}
	if checkpoints != 2 || unsigned != 2 {
		t.Errorf("got %d checkpoints and %d lines that are not signed", checkpoints, unsigned)
	}
}

// Pruning leaves a trail that verifies; but nothing else may be missing.
func TestAPrunedTrailIsWhole(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	w.signIn(ada)
	w.sign()
	w.clock.Advance(200 * 24 * time.Hour)
	w.signIn(ada)
	w.sign()
	w.clock.Advance(200 * 24 * time.Hour)
	must(t, w.store.Prune(t.Context()))
	if got := w.wantWhole(); got.Pruned != 1 || got.Lines != 5 {
		t.Errorf("got %+v", got)
	}
	w.clock.Advance(200 * 24 * time.Hour)
	w.signIn(ada)
	w.sign()
	w.change(`DELETE FROM events WHERE batch = 2`)
	w.wantWhole() // as pruning would have done
	w.clock.Advance(400 * 24 * time.Hour)
	w.signIn(ada)
	w.change(`DELETE FROM events WHERE batch = 3`)
	w.wantWhole()
	w.sign()
	w.change(`UPDATE events SET batch = 2 WHERE batch = 4`)
	if got := w.verify().Problems; len(got) == 0 {
		t.Error("lines that were put in the place of pruned ones were not found")
	}
}

// A batch that is missing between others was not pruned, however old it is.
func TestOldLinesBetweenOthersWereNotPruned(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	w.sign()
	w.signIn(ada)
	w.sign()
	w.clock.Advance(400 * 24 * time.Hour)
	w.change(`DELETE FROM events WHERE batch = 2`)
	if got := w.verify().Problems; len(got) != 1 || !strings.Contains(got[0], "checkpoint 2 were deleted") {
		t.Errorf("got %q", got)
	}
}

// A trail whose end is gone is not signed on as if nothing had been, nor is one that
// was to begin anew.
func TestACutTrailIsNotSignedOn(t *testing.T) {
	for what, cut := range map[string][]string{
		"the end": {`DELETE FROM events WHERE batch = 2`, `DELETE FROM checkpoints WHERE batch = 2`},
		"all of it, written anew": {`DELETE FROM checkpoints`, `DELETE FROM events WHERE id = 2`,
			`UPDATE events SET batch = NULL, detail = ''`},
	} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t)
			ada := w.user("ada@example.com")
			w.sign()
			w.signIn(ada)
			last := w.sign()
			for _, statement := range cut {
				w.change(statement)
			}
			w.restart()
			w.signIn(ada)
			wantErr(t, what, w.store.SignTrail(t.Context()), store.ErrTrailCut)
			if got := w.verify().Problems; len(got) != 1 || !strings.Contains(got[0], "signed up to checkpoint "+last.Name()) {
				t.Errorf("got %q", got)
			}
			w.change(`UPDATE secrets SET value = ? WHERE name = 'audit trail'`, []byte{0})
			wantErr(t, "a mark of nobody's", w.store.SignTrail(t.Context()), store.ErrTrailCut)
		})
	}
}

// Several processes may sign the trail of one file while others write to it.
func TestSeveralSignOneTrail(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	second, err := store.Open(t.Context(), w.path, w.options())
	must(t, err)
	defer second.Close()
	var running sync.WaitGroup
	for _, s := range []*store.Store{w.store, second} {
		running.Go(func() {
			for range 100 {
				must(t, s.Record(t.Context(), store.Event{Kind: store.EventSignedIn, UserID: ada.ID}))
			}
		})
		running.Go(func() {
			for range 30 {
				must(t, s.SignTrail(t.Context()))
			}
		})
	}
	running.Wait()
	must(t, w.store.SignTrail(t.Context()))
	if got := w.wantWhole(); got.Lines != 201 || got.Unsigned != 0 || got.Newest.Batch < 2 {
		t.Errorf("got %+v", got)
	}
}

// More lines than fit into a batch are signed in several.
func TestALongTrailIsSignedInBatches(t *testing.T) {
	w := newWorld(t)
	w.backlog(w.user("ada@example.com"), 300)
	if got := w.sign(); got.Batch != 4 {
		t.Errorf("901 lines made %d batches, want 4", got.Batch)
	}
}
