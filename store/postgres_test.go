package store_test

import (
	"io"
	"net"
	"net/url"
	"testing"

	"nod/store"
)

// A connection that the server has ended while nobody used it costs nobody anything. A
// file has none.
func TestAConnectionThatWasCutIsReplaced(t *testing.T) {
	w := newWorld(t)
	if store.IsServer(w.path) {
		w.path = byTCP(t, w.path)
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
// written to a socket of this machine fails before they are read.
func byTCP(t *testing.T, database string) string {
	t.Helper()
	u, err := url.Parse(database)
	must(t, err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { ln.Close() })
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
			go func() { _, _ = io.Copy(server, client); server.Close() }()
			go func() { _, _ = io.Copy(client, server); client.Close() }()
		}
	}()
	return "postgres://nod@" + ln.Addr().String() + u.Path + "?sslmode=disable"
}
