package server

import (
	"database/sql"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"nod/config"
	"nod/store"
)

// Where browsers make no keys, phones of one's own are left out; who names them in PHONES
// is told why they cannot be had.
func TestWherePhonesOfOnesOwnAreServed(t *testing.T) {
	for _, test := range []struct {
		c     config.Config
		serve bool
		says  string
	}{
		{config.Config{PublicURL: "http://localhost:3000"}, true, ""},
		{config.Config{PublicURL: "http://127.0.0.1:3000"}, false, ""},
		{config.Config{PublicURL: "http://localhost:3000", PhonesOf: []string{"simulated"}}, false, ""},
		{config.Config{PublicURL: "http://192.168.1.5:3000", PhonesOf: []string{"simulated", "own"}}, false, "phones of people's own are asked, and PUBLIC_URL is http://192.168.1.5:3000"},
		{config.Config{PublicURL: "http://192.168.1.5:3000"}, false, "phones of people's own are asked, and PUBLIC_URL is http://192.168.1.5:3000"},
		{config.Config{PublicURL: "http://127.0.0.1:3000", PhonesOf: []string{"simulated", "own"}, Demo: true}, false, ""},
	} {
		own, err := newSite(test.c, slog.New(slog.DiscardHandler)).ownPhones(nil, nil, nil, nil)
		if (own != nil) != test.serve || (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s, %v: got %v, %v", test.c.PublicURL, test.c.PhonesOf, own, err)
		}
	}
}

// A start that would lock out who has a phone of their own is refused.
func TestAccountsWithPhonesOfTheirOwnNeedThem(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nod.db")
	db, err := store.Open(t.Context(), path, store.Options{})
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	u, err := db.CreateUser(t.Context(), store.NewUser{Name: "Ada", Email: "ada@example.com", Password: "correct horse battery", PhoneNumber: "+12015550101", CountryCode: 1, Handle: "1"})
	must(t, err)
	file, err := sql.Open("sqlite3", path)
	must(t, err)
	t.Cleanup(func() { must(t, file.Close()) })
	_, err = file.ExecContext(t.Context(), `INSERT INTO factors (user_id, provider, handle, created_at, proved_at) VALUES (?, 'own', 'x', 1, 1)`, u.ID)
	must(t, err)
	bob, err := db.CreateUser(t.Context(), store.NewUser{Name: "Bob", Email: "bob@example.com", Password: "correct horse battery", PhoneNumber: "+12015550102", CountryCode: 1, Handle: "2"})
	must(t, err)
	const here, elsewhere = "http://localhost:3000", "http://192.168.1.5:3000"
	for _, test := range []struct{ asked, at, says string }{
		{"simulated,own", here, ""},
		{"own", here, "1 accounts with simulated phones, and nobody could sign in to them with phones of people's own alone: add simulated to PHONES"},
		{"simulated", here, "add own to PHONES"},
		{"simulated,own", elsewhere, "1 accounts with phones of their own, and none of them could answer at " + elsewhere},
	} {
		s := newSite(config.Config{Database: path, PublicURL: test.at, PhonesOf: strings.Split(test.asked, ",")}, slog.New(slog.DiscardHandler))
		err := s.refuseForeignFactors(t.Context(), db)
		if (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s at %s: got %v", test.asked, test.at, err)
		}
	}
	// Once all accounts have phones of their own, nobody needs others.
	_, err = file.ExecContext(t.Context(), `INSERT INTO factors (user_id, provider, handle, created_at, proved_at) VALUES (?, 'own', 'y', 1, 1)`, bob.ID)
	must(t, err)
	must(t, newSite(config.Config{Database: path, PublicURL: here, PhonesOf: []string{"own"}}, slog.New(slog.DiscardHandler)).refuseForeignFactors(t.Context(), db))
}
