//go:build long

package e2e

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"nod/tools/ports"
)

// These stories run docs/proxies/Caddyfile with the Caddy that NOD_CADDY names,
// and TLS; tools/caddy builds it. Only names, ports and files differ.

// behindCaddy starts Caddy with its settings as changed, on a port of 127.0.0.1,
// and returns Nod behind it.
func behindCaddy(t *testing.T, change func(conf string) string) *nod {
	t.Helper()
	caddy := os.Getenv("NOD_CADDY")
	if caddy == "" {
		t.Fatal("NOD_CADDY must name a Caddy: run tools/caddy")
	}
	dir := t.TempDir()
	front, backend := ports.Free(), ports.Free()
	_, port, err := net.SplitHostPort(front)
	must(t, err)
	certificate(t, dir)
	shown, err := os.ReadFile("../docs/proxies/Caddyfile")
	must(t, err)
	conf := strings.NewReplacer(
		"nod.example.com {", "https://localhost:"+port+" {\n\tbind 127.0.0.1\n\ttls "+filepath.Join(dir, "nod.pem")+" "+filepath.Join(dir, "nod.key"),
		"127.0.0.1:3000", backend,
	).Replace(string(shown))
	around := "{\n\tadmin off\n\tauto_https off\n\tpersist_config off\n}\n"
	file := filepath.Join(dir, "Caddyfile")
	must(t, os.WriteFile(file, []byte(around+change(conf)), 0o600))

	server := exec.Command(caddy, "run", "--adapter", "caddyfile", "--config", file)
	server.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	return behind(t, server, front, backend, dir)
}

func TestCaddyWithTheDocumentedSettings(t *testing.T) {
	story(t)
	n := behindCaddy(t, func(conf string) string { return conf })
	n.worksBehindProxy()
}

// Of several Nods one may be down: nobody notices.
func TestCaddyPassesOverANodThatIsDown(t *testing.T) {
	story(t)
	n := behindCaddy(t, func(conf string) string {
		return strings.Replace(conf, "reverse_proxy ", "reverse_proxy "+ports.Free()+" ", 1)
	})
	n.worksBehindProxy()
}

func TestCaddyThatLosesTheHost(t *testing.T) {
	story(t)
	n := behindCaddy(t, func(conf string) string {
		return strings.Replace(conf, "flush_interval -1", "flush_interval -1\n\t\theader_up Host {upstream_hostport}", 1)
	})
	report, err := n.check()
	if want := regexp.MustCompile(`BROKEN  client   asked for localhost:\d+, and Nod is asked for 127\.0\.0\.1`); err == nil || !want.MatchString(report) {
		t.Errorf("nod check: %v\n%s", err, report)
	}
}
