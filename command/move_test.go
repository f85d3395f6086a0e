package command

import (
	"regexp"
	"strings"
	"testing"

	"nod/tools/ports"
)

// A Nod on SQLite is stopped, moved, and started on PostgreSQL: who was signed in still
// is, who waits goes on, and what the key seals and signs is as it was. Nothing is moved
// from a file that is in use, nor to a database that has been used.
func TestAMoveToPostgres(t *testing.T) {
	addr, dir := ports.Free(), t.TempDir()
	c := &cluster{t: t, url: "http://localhost:" + port(t, addr)}
	c.startPostgres()
	c.startPhones()
	from, to := "sqlite:"+dir+"/nod.db", c.postgres.URL("nod")
	settings := []string{"ADDR", addr, "SIMULATOR_ADDR", "", "PUBLIC_URL", c.url, "AUTHY_API_KEY", clusterKey, "AUTHY_API_URL", c.phones, "APPROVAL_TTL", "10m"}
	before := append(settings, "DATABASE_URL", from)
	p := start(t, "Nod is at", nil, before...)
	ada, bob := c.visitor(), c.visitor()
	ada.signUp("ada@example.com", "2015550101")
	socket := ada.listen()
	c.approve()
	ada.hear(socket, `"approved"`)
	ada.confirm()
	where, shown := ada.post("/protected", "/account/recovery-codes")
	codes := regexp.MustCompile(`<code>[0-9a-z]{4}(-[0-9a-z]{4}){3}`).FindAllString(shown, -1)
	if len(codes) < 10 {
		t.Fatalf("recovery codes are made at %s:\n%s", where, shown)
	}
	bob.signUp("bob@example.com", "2015550102")
	want(t, settings, 1, "in use by another Nod", "move", from, to)
	p.end()
	change(t, from, `UPDATE sessions SET user_agent = CAST(X'41FF0042' AS TEXT)`) // as a browser may call itself

	want(t, settings, 1, "nothing to move", "move", "sqlite:"+dir+"/other.db", to)
	said := want(t, append(settings, "DATABASE_URL", to), 0, "SECRET_KEY_FILE to "+dir+"/nod-secret.key", "move", from)
	for _, words := range []string{`users +2 rows`, `nod_cookies +4 rows`, `read back and compared`} {
		if !regexp.MustCompile(words).MatchString(said) {
			t.Errorf("the move did not say %q:\n%s", words, said)
		}
	}
	want(t, settings, 2, "was moved to PostgreSQL", "move", from, to)
	refused(t, before, "was moved to PostgreSQL", "DATABASE_URL")
	must(t, c.postgres.Do(t.Context(), "postgres", "CREATE DATABASE used TEMPLATE nod"))
	must(t, c.postgres.Do(t.Context(), "used", "TRUNCATE users CASCADE", "DELETE FROM secrets"))
	c.movesNothingTo(to, c.postgres.URL("used"))

	after := append(settings, "DATABASE_URL", to, "SECRET_KEY_FILE", dir+"/nod-secret.key")
	refused(t, append(settings, "DATABASE_URL", to, "SECRET_KEY", strings.Repeat("k", 32)), "not the key")
	p = start(t, "Nod is at", nil, after...)
	if led, again := ada.get(where); led != where || !strings.Contains(again, codes[9]) {
		t.Errorf("Ada was shown her recovery codes, and is led to %s:\n%s", led, again)
	}
	socket = bob.listen()
	c.approve()
	bob.hear(socket, `"approved"`)
	bob.confirm()
	must(t, c.postgres.Do(t.Context(), "nod", // whose ids go on: one that is taken would be tried again, and found by chance
		`SELECT 1 / (SELECT CASE WHEN nextval(pg_get_serial_sequence('users', 'id')) > MAX(id) THEN 1 ELSE 0 END FROM users)`))
	want(t, after, 0, "The audit trail is whole.", "audit")
	p.end()
}

// movesNothingTo tries to move another file to databases that have been used.
func (c *cluster) movesNothingTo(urls ...string) {
	c.t.Helper()
	settings, p := database(c.t)
	p.end()
	for _, url := range urls {
		want(c.t, nil, 1, "there is something in it already", "move", settings[1], url)
	}
	want(c.t, settings, 0, "Ada", "user", "ada@example.com") // it is as it was
	want(c.t, settings, 2, "want postgres://", "move", settings[1])
	want(c.t, nil, 2, "where from and where to", "move")
	want(c.t, nil, 0, "Exit status", "move", "-h")
}
