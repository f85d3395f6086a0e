package store_test

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"nod/store"
)

// A connection that the server has ended while nobody used it costs nobody anything. A
// file has none.
func TestAConnectionThatWasCutIsReplaced(t *testing.T) {
	w := newWorld(t)
	if store.IsServer(w.path) {
		w.path, _ = byTCP(t, w.path)
		w.restart()
		store.Rehearse(0) // which would find the end first
		defer store.Rehearse(rehearsals())
	}
	ada := w.user("ada@example.com")
	w.cut()
	if _, err := w.store.Sessions(t.Context(), ada.ID); err != nil {
		t.Errorf("a question: %v", err)
	}
	w.cut()
	if _, err := w.store.StartSession(t.Context(), ada.ID, "", browser); err != nil {
		t.Errorf("a transaction: %v", err)
	}
}

// cut ends all connections of the store, as an operator may.
func (w *world) cut() {
	w.t.Helper()
	if !store.IsServer(w.path) {
		return
	}
	db, err := store.OpenServer(w.path)
	must(w.t, err)
	defer db.Close()
	_, err = db.Exec(`SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
	must(w.t, err)
}

// byTCP is the URL of a database by which the last words of the server arrive: what is
// written to a socket of this machine fails before they are read. hang leaves all
// connections open that there are, and lets nothing through them any more; it counts what
// they are asked.
func byTCP(t *testing.T, database string) (by string, hang func() *atomic.Int64) {
	t.Helper()
	u, err := url.Parse(database)
	must(t, err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { ln.Close() })
	var now atomic.Pointer[way] // of the connections from now on
	hang = func() *atomic.Int64 {
		before := now.Swap(&way{end: t.Context().Done()})
		if before == nil {
			return nil
		}
		before.hung.Store(true)
		return &before.lost
	}
	hang()
	go func() {
		for {
			client, err := ln.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("unix", u.Query().Get("host")+"/.s.PGSQL.5432")
			if err != nil {
				client.Close()
				continue
			}
			through := now.Load()
			go func() { _, _ = io.Copy(held{server, through}, client); server.Close() }()
			go func() { _, _ = io.Copy(held{client, through}, server); client.Close() }()
		}
	}()
	return "postgres://nod@" + ln.Addr().String() + u.Path + "?sslmode=disable", hang
}

// held lets through what is written until it is hung.
type held struct {
	io.Writer
	*way
}

// way is what connections go through, until it is hung.
type way struct {
	hung atomic.Bool
	lost atomic.Int64 // what was written then, without goodbyes (X)
	end  <-chan struct{}
}

func (h held) Write(b []byte) (int, error) {
	if h.hung.Load() {
		if b[0] != 'X' {
			h.lost.Add(1)
		}
		<-h.end
	}
	return h.Writer.Write(b)
}

// A server that is gone without a word, as when its machine is, holds up nobody for good,
// not even who has no deadline; its connections are replaced.
func TestAServerThatIsGoneWithoutAWord(t *testing.T) {
	w := newWorld(t)
	hang := func() *atomic.Int64 { return nil }
	if store.IsServer(w.path) {
		w.path, hang = byTCP(t, w.path)
		w.restart()
	}
	ada := w.user("ada@example.com")
	t.Cleanup(store.HurryServer())
	for what, do := range map[string]func() error{
		"a question":    func() error { _, err := w.store.Sessions(t.Context(), ada.ID); return err },
		"a transaction": func() error { _, err := w.store.StartSession(t.Context(), ada.ID, "", browser); return err },
		"a statement":   func() error { return w.store.PhoneForgotten(t.Context(), 0) },
	} {
		hang()
		ended := make(chan error, 1)
		go func() {
			err := do()
			for errors.Is(err, store.ErrUnavailable) && t.Context().Err() == nil { // it may have been under way
				err = do()
			}
			ended <- err
		}()
		select {
		case err := <-ended:
			must(t, err)
		case <-time.After(time.Minute):
			t.Fatalf("%s waits for a server that is gone", what)
		}
	}
}

// Of many connections to a server that is gone without a word, one is found to be dead, and
// nobody waits for the others.
func TestTheDeadConnectionsOfAServerAreDroppedTogether(t *testing.T) {
	w := newWorld(t)
	if !store.IsServer(w.path) {
		return
	}
	t.Cleanup(store.PingServer())
	by, hang := byTCP(t, w.path)
	db, err := store.OpenServer(by)
	must(t, err)
	defer db.Close()
	all := func(n int) {
		var open []*sql.Conn
		for range n {
			conn, err := db.Conn(t.Context())
			must(t, err)
			open = append(open, conn)
		}
		for _, conn := range open {
			must(t, conn.Close())
		}
	}
	all(8)
	asked := hang()
	all(4)
	if n := asked.Load(); n > 1 {
		t.Errorf("%d dead connections were asked whether they are alive, want 1", n)
	}
}

// A server that took no writes for a while, as one whose disk was full or that was no more
// than a copy, is written again once it takes them: its old connections would not.
func TestAServerThatTookNoWrites(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	start := func() error {
		_, err := w.store.StartSession(t.Context(), ada.ID, "", browser)
		return err
	}
	if store.IsServer(w.path) {
		store.Rehearse(0)
		defer store.Rehearse(rehearsals())
		end := readOnly(t, w.path)
		defer end()
		w.cut()
		for range 3 {
			wantErr(t, "a server that takes no writes", start(), store.ErrUnavailable)
		}
		end()
	}
	must(t, start())
}

// readOnly has new connections to a database take no writes until end.
func readOnly(t *testing.T, database string) (end func()) {
	t.Helper()
	u, err := url.Parse(database)
	must(t, err)
	name := strings.TrimPrefix(u.Path, "/")
	u.Path = "/postgres"
	alter := func(how string) {
		db, err := store.OpenServer(u.String())
		must(t, err)
		defer db.Close()
		_, err = db.ExecContext(context.Background(), `ALTER DATABASE `+name+` `+how)
		must(t, err)
	}
	alter("SET default_transaction_read_only = on")
	return func() { alter("RESET default_transaction_read_only") }
}

// What a server that is there refuses for the moment is no fault of ours.
func TestAServerThatRefusesIsUnavailable(t *testing.T) {
	for _, refusal := range []*pgconn.PgError{
		{SeverityUnlocalized: "FATAL", Code: "28P01", Message: "password authentication failed"},
		{SeverityUnlocalized: "FATAL", Code: "3D000", Message: "database does not exist"},
		{SeverityUnlocalized: "ERROR", Code: "0A000", Message: "cannot use serializable mode in a hot standby"},
	} {
		wantErr(t, refusal.Message, store.Neutral(refusal), store.ErrUnavailable)
	}
}

// What goes wrong behind a pooler that gives each transaction another connection says so.
func TestAPoolerIsNamed(t *testing.T) {
	for _, code := range []string{"42P05", "26000"} {
		if err := store.Neutral(&pgconn.PgError{Code: code}); !strings.Contains(err.Error(), "pooler in transaction mode") {
			t.Errorf("%s: got %v", code, err)
		}
	}
}
