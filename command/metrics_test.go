package command

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"nod/tools/ports"
)

// The metrics of a running Nod tell which build it is, what its limits refuse, and
// where it waits.
func TestTheMetricsOfARunningNod(t *testing.T) {
	addr := ports.Free()
	p := start(t, lastWords, nil, "METRICS_ADDR", addr)
	guesser := somebody(t)
	token := regexp.MustCompile(`name="_csrf" value="([^"]+)"`).FindStringSubmatch(p.page(guesser, "/login"))
	for range 6 {
		res, err := guesser.PostForm(p.url+"/login", url.Values{"_csrf": {token[1]}, "email": {"ada@example.com"}, "password": {"not her password"}})
		must(t, err)
		must(t, res.Body.Close())
	}
	p.url = "http://" + addr
	metrics := p.page(http.DefaultClient, "/metrics")
	for _, line := range []string{
		`nod_build_info{commit="` + build().Commit + `",goversion="go`,
		`nod_limited_total{limit="password_visitor"} 1`,
		`nod_passwords_total{outcome="wrong"} 5`, `nod_passwords_total{outcome="throttled"} 1`,
		`nod_password_hashes{state="waiting"} 0`, `nod_password_hashes{state="working"} 0`,
		`nod_database_waits_total{pool="writer"} `, `nod_database_wait_seconds_total{pool="readers"} `, `nod_database_waits_total{pool="sessions"} `,
	} {
		if !strings.Contains(metrics, "\n"+line) {
			t.Errorf("the metrics lack %q", line)
		}
	}
	p.end()
}
