package command

import (
	"database/sql"
	"net/http"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// A process that may open nothing more goes on with what is open: who comes anew waits, who
// is refused is told so and may come again, nothing is made by halves, and everything goes on
// once it may.
func TestNoDescriptorsAreLeft(t *testing.T) {
	file := t.TempDir() + "/nod.db"
	p, process := child(t, "DATABASE_URL=sqlite:"+file)
	ada, bob := p.person(), somebody(t)
	for _, browser := range []*http.Client{ada, bob} {
		browser.Transport = &http.Transport{} // a connection of its own
		p.page(browser, "/protected")
	}
	before := descriptors(t, process, 1)
	answered := make(chan error)
	go func() {
		anew := http.Client{Transport: &http.Transport{}}
		res, err := anew.Get(p.url + "/signup")
		if err == nil {
			err = res.Body.Close()
		}
		answered <- err
	}()
	p.wantRefusedIn(bob, 1, "Nothing was saved; try again in")
	if page := p.page(ada, "/protected"); !strings.Contains(page, "Welcome, Ada") {
		t.Error("who was signed in is not")
	}
	select {
	case err := <-answered:
		t.Errorf("who comes anew was answered (%v) where nothing can be opened", err)
	default:
	}
	descriptors(t, process, before)
	must(t, <-answered)
	p.wantHealed(1)
	db, err := sql.Open("sqlite3", "file:"+file+"?mode=ro")
	must(t, err)
	defer db.Close()
	var accounts int
	must(t, db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM users`).Scan(&accounts))
	if accounts != 2 {
		t.Errorf("there are %d accounts, want those of Ada and Bob", accounts)
	}
}

// descriptors allows a process no file with a number from this one on. It returns what it
// was allowed before.
func descriptors(t *testing.T, process *os.Process, limit uint64) (before uint64) {
	t.Helper()
	var old unix.Rlimit
	must(t, unix.Prlimit(process.Pid, unix.RLIMIT_NOFILE, nil, &old))
	must(t, unix.Prlimit(process.Pid, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: limit, Max: old.Max}, nil))
	return old.Cur
}
