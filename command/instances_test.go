package command

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"nod/tools/ports"
)

// beInstance has the test binary be the program: an instance that can be killed.
const beInstance = "NOD_TEST_INSTANCE"

// beAhead says by how much the clock of such an instance is ahead.
const beAhead = "NOD_TEST_AHEAD"

// The password is checked by one instance, the page waits at another, and the phone's
// answer and the confirmation arrive at a third. Their clocks are minutes apart.
func TestThreeInstancesAreOneNod(t *testing.T) {
	c := newCluster(t, map[string]int{"/signup": 0, "/login": 0, "/login/events": 1, "/authy/callback": 2, "/confirm-login": 2})
	began := time.Now()
	ada := c.visitor()
	ada.signUp("ada@example.com", "2015550101")
	socket := ada.listen()
	for range 3 {
		ada.wantClock(began)
	}
	c.approve()
	ada.hear(socket, `"approved"`)
	ada.confirm()
	for range 3 { // by each instance in turn
		if where, _ := ada.get("/protected"); where != "/protected" {
			t.Errorf("signed in, and led to %s", where)
		}
	}
	// Signed out at one, the cookie is worth nothing at the others.
	ada.post("/protected", "/logout")
	for range 3 {
		if where, _ := ada.get("/protected"); where != "/login" {
			t.Errorf("signed out, and led to %s", where)
		}
	}
	c.refusesAnotherKey()
	c.outlives()
}

// refusesAnotherKey starts one more instance, with a key that is not that of the others.
func (c *cluster) refusesAnotherKey() {
	c.t.Helper()
	other := *c
	other.settings = append(slices.Clone(c.settings), "SECRET_KEY="+strings.Repeat("z", 32))
	n := &instance{cluster: &other, addr: ports.Free()}
	n.start()
	defer n.kill()
	_ = n.cmd.Wait()
	if log := n.log.String(); !strings.Contains(log, "this is not the key") {
		c.t.Errorf("an instance with another key:\n%s", log)
	}
}

// wantClock wants the time that a page is told to be the database's, as the deadline is
// that was set at another instance.
func (v *visitor) wantClock(began time.Time) {
	v.t.Helper()
	var told struct {
		ServerTime time.Time `json:"server_time"`
		ExpiresAt  time.Time `json:"expires_at"`
	}
	const slack = 30 * time.Second // between looks at the clock
	_, body := v.get("/authy/status")
	must(v.t, json.Unmarshal([]byte(body), &told))
	if told.ServerTime.Before(began.Add(-slack)) || told.ServerTime.After(time.Now().Add(slack)) {
		v.t.Errorf("the page is told that it is %v, and it is %v", told.ServerTime, time.Now())
	}
	if told.ExpiresAt.Before(began.Add(clusterTTL-slack)) || told.ExpiresAt.After(time.Now().Add(clusterTTL+slack)) {
		v.t.Errorf("a request from after %v waits until %v", began, told.ExpiresAt)
	}
}

// outlives ends one thing after the other while a page waits: the answer of the phone is
// not lost, and the page learns of it.
func (c *cluster) outlives() {
	t := c.t
	t.Helper()
	for i, harm := range []struct {
		what      string
		harm, end func()
	}{
		{"the instance that has checked the password is killed", c.nods[0].kill, c.nods[0].again},
		{"the instance where the page waits is killed", c.nods[1].kill, c.nods[1].again},
		{"the instance that the phone's answer comes to is killed", c.nods[2].kill, c.nods[2].again},
		{"all connections to PostgreSQL are cut", c.cut, func() {}},
		{"PostgreSQL is stopped", func() { must(t, c.postgres.Stop()) }, func() { must(t, c.postgres.Run()) }},
		{"a newer version changes the schema", c.migrate, func() {}},
		{"what processes tell each other is lost", c.deafen, func() {}},
	} {
		v := c.visitor()
		v.signUp(fmt.Sprintf("ada%d@example.com", i), fmt.Sprintf("201555011%d", i))
		socket := v.listen()
		harm.harm()
		c.approve()
		harm.end()
		over := time.Now()
		v.hear(socket, `"approved"`)
		t.Logf("%s: the page was told %v after that was over", harm.what, time.Since(over).Round(time.Millisecond))
		v.confirm()
	}
	// What is older than the schema goes on, but does not start again.
	c.nods[0].kill()
	c.nods[0].start()
	_ = c.nods[0].cmd.Wait()
	if log := c.nods[0].log.String(); !strings.Contains(log, "was made by a newer version") {
		t.Errorf("an old instance on a newer schema:\n%s", log)
	}
}

func (c *cluster) cut() {
	must(c.t, c.postgres.Do(c.t.Context(), "nod", `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'nod'`))
}

// deafen has PostgreSQL swallow what it is to tell: another function of that name is found
// first.
func (c *cluster) deafen() {
	must(c.t, c.postgres.Do(c.t.Context(), "nod", `
		CREATE FUNCTION pg_notify(text, text) RETURNS void LANGUAGE sql AS 'SELECT';
		ALTER DATABASE nod SET search_path = public, pg_catalog`))
	c.cut()
}

// migrate does what the first start of a newer version does.
func (c *cluster) migrate() {
	must(c.t, c.postgres.Do(c.t.Context(), "nod", `
		SELECT pg_advisory_xact_lock(hashtext('nod migrations'));
		ALTER TABLE users ADD COLUMN newer BIGINT NOT NULL DEFAULT 0;
		ALTER TABLE sessions ADD COLUMN newer BIGINT NOT NULL DEFAULT 0;
		ALTER TABLE approvals ADD COLUMN newer BIGINT NOT NULL DEFAULT 0;
		INSERT INTO migrations (name, at) VALUES ('migrations/9999_newer.sql', 0)`))
}
