package config

import (
	"fmt"
	"strings"
	"testing"
)

// A database that several processes share needs a key that all of them have, and no
// message shows what its URL holds.
func TestPostgresIsUsedWithAKeyThatIsSet(t *testing.T) {
	const url, key = "postgres://nod:hush-hush@db.example/nod?sslmode=require", "0123456789abcdef0123456789abcdef"
	_, err := Application(environment("DATABASE_URL", url))
	if err == nil || !strings.Contains(err.Error(), "SECRET_KEY: PostgreSQL needs one") || strings.Contains(err.Error(), "hush") {
		t.Errorf("without a key: got %v", err)
	}
	c, err := Application(environment("DATABASE_URL", url, "SECRET_KEY", key))
	must(t, err)
	if string(c.Postgres) != url || c.Database != "nod.db" {
		t.Errorf("got the URL %q, and files beside %q", string(c.Postgres), c.Database)
	}
	if shown := fmt.Sprintf("%v %+v %#v", c, c, c); strings.Contains(shown, "hush") {
		t.Error("the configuration shows the password")
	}
	// The same URL is another program's to the simulator.
	c, err = Simulator(environment("DATABASE_URL", url))
	must(t, err)
	if c.Postgres != "" || !c.ForeignDatabase {
		t.Errorf("the simulator takes it for its own: %+v", c)
	}
}

// A move reads where from and where to, and shows neither's password.
func TestAMoveGoesFromAFileToPostgres(t *testing.T) {
	const url = "postgres://nod:hush-hush@db.example/nod"
	for _, test := range []struct{ from, to, setting, want string }{
		{"sqlite:old.db", url, "", ""},
		{"sqlite:old.db", "", url, ""},
		{"sqlite:old.db", "", "", "where to: want postgres://"},
		{"old.db", url, "", "where from: want sqlite:PATH"},
		{"sqlite:old.db", "sqlite:new.db", "", "where to: want postgres://"},
		{"sqlite:old.db", "postgres://nod:hush-hush@db.example", "", "where to: want the name of a database"},
	} {
		c, err := Move(environment("DATABASE_URL", test.setting), test.from, test.to)
		if test.want == "" {
			must(t, err)
			if c.Database != "old.db" || string(c.Postgres) != url {
				t.Errorf("got from %q to %q", c.Database, string(c.Postgres))
			}
		} else if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%+v: got %v", test, err)
		}
	}
}
