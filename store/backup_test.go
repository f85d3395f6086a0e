package store_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"nod/store"
)

// Copies that are made while people sign in are each of one moment: every request has
// its session, and what was signed of the audit trail is whole.
func TestACopyIsOfOneMoment(t *testing.T) {
	w := newWorld(t)
	people := make([]store.User, 4)
	for i := range people {
		people[i] = w.user(fmt.Sprintf("person%d@example.com", i))
	}
	stop := make(chan struct{})
	var all sync.WaitGroup
	for _, person := range people {
		all.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
					w.signIn(person)
				}
			}
		})
	}
	w.sign()
	var copies []string
	for i := range 5 {
		copies = append(copies, filepath.Join(t.TempDir(), fmt.Sprintf("copy%d.db", i)))
		must(t, os.WriteFile(copies[i], nil, 0o600))
		must(t, store.CopyFile(t.Context(), w.path, copies[i]))
	}
	close(stop)
	all.Wait()
	key, err := os.ReadFile(store.KeyFile(w.path))
	must(t, err)
	for _, path := range copies {
		must(t, os.WriteFile(store.KeyFile(path), key, 0o600))
		c := &world{t: t, path: path, clock: w.clock}
		c.open()
		c.wantWhole()
		if lost := c.number(`SELECT COUNT(*) FROM pragma_foreign_key_check`); lost != 0 {
			t.Errorf("%d rows refer to nothing", lost)
		}
		signedIn, told := c.number(`SELECT COUNT(*) FROM sessions WHERE level = 2`), c.number(`SELECT COUNT(*) FROM events WHERE kind = 'signed_in'`)
		if signedIn != told {
			t.Errorf("%d sessions are signed in, and the trail has %d", signedIn, told)
		}
		c.signIn(people[0])
		must(t, c.store.Close())
	}
}

// A copy of what is damaged is no copy, and none is made of what is not there.
func TestADamagedFileIsNotCopied(t *testing.T) {
	w := newWorld(t)
	copied := filepath.Join(t.TempDir(), "copy.db")
	must(t, os.WriteFile(copied, nil, 0o600))
	db := w.raw()
	_, err := db.ExecContext(t.Context(), `PRAGMA ignore_check_constraints = ON; INSERT INTO health (id, at) VALUES (2, 0)`)
	must(t, err)
	wantErr(t, "rows that may not be", store.CopyFile(t.Context(), w.path, copied), store.ErrUnavailable)
	_, err = db.ExecContext(t.Context(), `DELETE FROM health WHERE id = 2`)
	must(t, errors.Join(err, db.Close()))
	must(t, os.Truncate(copied, 0))

	w.backlog(w.user("bob@example.com"), 500)
	must(t, w.store.Close())
	file, err := os.OpenFile(w.path, os.O_RDWR, 0)
	must(t, err)
	_, err = file.WriteAt([]byte(strings.Repeat("?", 200_000)), 40_000)
	must(t, err)
	must(t, file.Close())
	wantErr(t, "a damaged file", store.CopyFile(t.Context(), w.path, copied), store.ErrUnavailable)
	wantErr(t, "no file", store.CopyFile(t.Context(), w.path+"x", copied), fs.ErrNotExist)
	must(t, os.Remove(w.path))
	w.open()
}
