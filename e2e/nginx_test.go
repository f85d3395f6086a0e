package e2e

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"nod/tools/ports"
)

// These stories run docs/proxies/nginx.conf with a real nginx and TLS; only
// names, ports and files differ.

// behindNginx starts nginx with its settings as changed, on a port of
// 127.0.0.1, and returns Nod behind it.
func behindNginx(t *testing.T, change func(conf string) string) *nod {
	t.Helper()
	nginx, err := exec.LookPath("nginx")
	if err != nil {
		nginx, err = exec.LookPath("/usr/sbin/nginx")
	}
	if err != nil {
		if os.Getenv("NOD_TEST_ALL") != "" {
			t.Fatal("nginx is not installed: make setup")
		}
		t.Skip("nginx is not installed (make setup installs it); its settings are not tested")
	}
	dir := t.TempDir()
	front, backend := ports.Free(), ports.Free()
	certificate(t, dir)
	shown, err := os.ReadFile("../docs/proxies/nginx.conf")
	must(t, err)
	conf := strings.NewReplacer(
		"listen 443 ssl;", "listen "+front+" ssl;",
		"127.0.0.1:3000", backend,
		"nod.example.com", "localhost",
		"/etc/ssl/nod.pem", filepath.Join(dir, "nod.pem"),
		"/etc/ssl/nod.key", filepath.Join(dir, "nod.key"),
	).Replace(string(shown))
	around := "daemon off; worker_processes 1; pid nginx.pid; error_log stderr warn;\nevents {}\nhttp {\naccess_log off;\n"
	for _, temp := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		around += temp + "_temp_path " + dir + ";\n"
	}
	file := filepath.Join(dir, "nginx.conf")
	must(t, os.WriteFile(file, []byte(around+change(conf)+"}\n"), 0o600))

	server := exec.Command(nginx, "-p", dir, "-c", file)
	return behind(t, server, front, backend, dir)
}

// behind starts a proxy that listens at front, and Nod behind it at backend. The
// proxy's certificate is in dir.
func behind(t *testing.T, proxy *exec.Cmd, front, backend, dir string) *nod {
	t.Helper()
	log := &output{}
	proxy.Stdout, proxy.Stderr = log, log
	must(t, proxy.Start())
	t.Cleanup(func() {
		must(t, proxy.Process.Signal(syscall.SIGTERM))
		proxy.Wait()
		if t.Failed() {
			t.Logf("the proxy's log:\n%s", log)
		}
	})
	eventually(t, "the proxy listens", func() bool {
		conn, err := net.Dial("tcp", front)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	_, port, err := net.SplitHostPort(front)
	must(t, err)
	return startNod(t, "ADDR="+backend, "PUBLIC_URL=https://localhost:"+port, "PHONES=simulated", "TRUSTED_PROXIES=127.0.0.1",
		"SSL_CERT_FILE="+filepath.Join(dir, "nod.pem"))
}

// certificate writes a certificate for localhost to nod.pem and nod.key.
func certificate(t *testing.T, dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	must(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	for name, block := range map[string]*pem.Block{
		"nod.pem": {Type: "CERTIFICATE", Bytes: der},
		"nod.key": {Type: "PRIVATE KEY", Bytes: secret},
	} {
		must(t, os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600))
	}
}

// check runs "nod check" on the public address.
func (n *nod) check() (report string, err error) {
	n.t.Helper()
	command := exec.Command(binary, "check", n.url)
	command.Env = n.env
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	err = command.Run()
	return out.String(), err
}

func TestNginxWithTheDocumentedSettings(t *testing.T) {
	story(t)
	n := behindNginx(t, func(conf string) string { return conf })
	n.worksBehindProxy()
}

// worksBehindProxy is what the documented settings of a proxy have to do.
func (n *nod) worksBehindProxy() {
	n.t.Helper()
	report, err := n.check()
	if err != nil || !strings.Contains(report, "Everything works.") {
		n.t.Errorf("nod check: %v\n%s", err, report)
	}
	tb := n.person().tab()
	p := tb.signUp("ada@example.com", "2015550101")
	tb.transport("socket")
	p.answer("approve")
	tb.at("/protected")
	tb.is(`document.body.innerText.includes("127.0.0.1")`)
}

func TestNginxWithoutUpgrades(t *testing.T) {
	story(t)
	upgrade := regexp.MustCompile(`(?m)^.*proxy_set_header (Upgrade|Connection).*$`)
	n := behindNginx(t, func(conf string) string { return upgrade.ReplaceAllString(conf, "") })
	report, err := n.check()
	if err == nil || !regexp.MustCompile(`(?m)^BROKEN  socket .*Upgrade`).MatchString(report) || !strings.Contains(report, "ok      stream") {
		t.Errorf("nod check: %v\n%s", err, report)
	}
	tb := n.person().tab()
	tb.expect("WebSocket connection")
	p := tb.signUp("ada@example.com", "2015550101")
	tb.transport("stream")
	p.answer("approve")
	tb.at("/protected")
}

// What else a proxy breaks, each as nginx does it by default or by a line that
// is often copied.
func TestNginxThatBreaksOneThing(t *testing.T) {
	story(t)
	for _, test := range []struct {
		name, old, new string
		want           []string
	}{
		{"streams are buffered", "proxy_buffering off;", "proxy_buffering on; proxy_ignore_headers X-Accel-Buffering;",
			[]string{`BROKEN  stream   (does not open in time|opens, but nothing arrives) .*buffering`, `ok      socket`}},
		{"silence is cut", "proxy_read_timeout 75s;", "proxy_read_timeout 20s;",
			[]string{`BROKEN  socket   is cut after \d+ s`, `BROKEN  stream   is cut after \d+ s`}},
		{"the Referrer-Policy is changed", "proxy_buffering off;", "proxy_buffering off; add_header Referrer-Policy no-referrer always;",
			[]string{`BROKEN  page     arrives with another Referrer-Policy \(no-referrer\)`}},
		{"made-up addresses are passed on", "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;", "proxy_set_header X-Forwarded-For $http_x_forwarded_for;",
			[]string{`BROKEN  client   the proxy at 127.0.0.1 is trusted but forwards no addresses`}},
		{"the Host is lost", "proxy_set_header Host $http_host;", "",
			[]string{`BROKEN  client   asked for localhost:\d+, and Nod is asked for nod`}},
		{"the address is set", "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;", "proxy_set_header X-Forwarded-For $remote_addr;",
			[]string{`ok      client   is seen as 127.0.0.1`, `Everything works`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			n := behindNginx(t, func(conf string) string {
				if !strings.Contains(conf, test.old) {
					t.Fatalf("the settings have no %q", test.old)
				}
				return strings.Replace(conf, test.old, test.new, 1)
			})
			report, _ := n.check()
			for _, want := range test.want {
				if !regexp.MustCompile(want).MatchString(report) {
					t.Errorf("nod check lacks %s:\n%s", want, report)
				}
			}
		})
	}
}
