package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	"nod/tools/ports"
	"nod/tools/postgres"
)

// cluster is several Nods on one PostgreSQL, each a process of its own, behind an nginx
// that says which of them gets what; a simulator has the phones.
type cluster struct {
	t        *testing.T
	postgres *postgres.Cluster
	settings []string // of every instance
	url      string   // of the proxy
	phones   string
	nods     []*instance
}

type instance struct {
	cluster *cluster
	addr    string
	ahead   time.Duration // its clock
	cmd     *exec.Cmd
	log     *transcript
}

// clusterTTL is how long a request waits.
const clusterTTL = 10 * time.Minute

const clusterKey = "an-application-key-for-tests-only"

// newCluster starts three instances. routes says which of them, by its number, gets a
// path; everything else goes to each in turn.
func newCluster(t *testing.T, routes map[string]int) *cluster {
	t.Helper()
	c := &cluster{t: t, url: "http://localhost:" + port(t, ports.Free())}
	c.startPostgres()
	c.startPhones()
	c.settings = []string{
		"DATABASE_URL=" + c.postgres.URL("nod"), "SECRET_KEY=" + strings.Repeat("k", 32), "PUBLIC_URL=" + c.url, "TRUSTED_PROXIES=127.0.0.1",
		"AUTHY_API_KEY=" + clusterKey, "AUTHY_API_URL=" + c.phones, "APPROVAL_TTL=" + clusterTTL.String(),
	}
	for _, ahead := range []time.Duration{-90 * time.Second, 90 * time.Second, 0} {
		n := &instance{cluster: c, addr: ports.Free(), ahead: ahead}
		c.nods = append(c.nods, n)
		n.start()
		t.Cleanup(n.kill)
	}
	for _, n := range c.nods {
		n.wait()
	}
	c.proxy(routes)
	return c
}

// startPostgres starts a PostgreSQL that ends with the test, with an empty database nod.
func (c *cluster) startPostgres() {
	c.t.Helper()
	var err error
	c.postgres, err = postgres.Start()
	must(c.t, err)
	c.t.Cleanup(func() { must(c.t, c.postgres.Close()) })
	must(c.t, c.postgres.Do(c.t.Context(), "postgres", "CREATE DATABASE nod"))
}

// startPhones starts the simulator.
func (c *cluster) startPhones() {
	c.t.Helper()
	sim := start(c.t, "--help says", []string{"simulator"}, "AUTHY_API_KEY", clusterKey, "SIMULATOR_CALLBACK_URL", c.url+"/authy/callback", "DATABASE_URL", "sqlite:"+c.t.TempDir()+"/nod.db")
	c.phones = sim.phones
}

func port(t *testing.T, addr string) string {
	t.Helper()
	_, port, err := net.SplitHostPort(addr)
	must(t, err)
	return port
}

func (n *instance) start() {
	t := n.cluster.t
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	n.log = &transcript{}
	n.cmd = exec.Command(self)
	n.cmd.Dir = t.TempDir()
	n.cmd.Env = append([]string{beInstance + "=1", beAhead + "=" + n.ahead.String(), "HOME=" + n.cmd.Dir, "ADDR=" + n.addr, "GORACE=halt_on_error=0 exitcode=66"}, n.cluster.settings...)
	n.cmd.Stdout, n.cmd.Stderr = n.log, n.log
	must(t, n.cmd.Start())
}

// wait returns once the instance is ready to serve.
func (n *instance) wait() {
	t := n.cluster.t
	t.Helper()
	for until := time.Now().Add(stopDeadline); time.Now().Before(until); {
		res, err := http.Get("http://" + n.addr + "/healthz")
		if err == nil {
			must(t, res.Body.Close())
			return
		}
		if strings.Contains(n.log.String(), "nod: ") {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("an instance did not start:\n%s", n.log)
}

// kill ends an instance as a power cut does.
func (n *instance) kill() {
	if n.cmd.ProcessState != nil {
		return
	}
	_ = n.cmd.Process.Kill()
	_ = n.cmd.Wait()
	if strings.Contains(n.log.String(), "DATA RACE") || n.cluster.t.Failed() {
		n.cluster.t.Errorf("the log of an instance:\n%s", n.log)
	}
}

// proxy starts nginx.
func (c *cluster) proxy(routes map[string]int) {
	t := c.t
	t.Helper()
	nginx, err := exec.LookPath("nginx")
	if err != nil {
		nginx, err = exec.LookPath("/usr/sbin/nginx")
	}
	must(t, err)
	dir := t.TempDir()
	var conf strings.Builder
	conf.WriteString("daemon off; worker_processes 1; pid nginx.pid; error_log stderr crit;\nevents {}\nhttp {\naccess_log off;\n")
	for _, temp := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&conf, "%s_temp_path %s;\n", temp, dir)
	}
	pass := "proxy_http_version 1.1; proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $remote_addr;\n" +
		"proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $upgrade;\n"
	fmt.Fprintf(&conf, "map $http_upgrade $upgrade { default upgrade; '' close; }\nupstream all { server %s max_fails=0; server %s max_fails=0; server %s max_fails=0; }\n",
		c.nods[0].addr, c.nods[1].addr, c.nods[2].addr)
	fmt.Fprintf(&conf, "server { listen 127.0.0.1:%s; %slocation / { proxy_pass http://all; }\n", port(t, strings.TrimPrefix(c.url, "http://")), pass)
	for path, number := range routes {
		fmt.Fprintf(&conf, "location = %s { proxy_pass http://%s; }\n", path, c.nods[number].addr)
	}
	conf.WriteString("}\n}\n")
	file := filepath.Join(dir, "nginx.conf")
	must(t, os.WriteFile(file, []byte(conf.String()), 0o600))
	server := exec.Command(nginx, "-p", dir, "-c", file)
	log := &transcript{}
	server.Stdout, server.Stderr = log, log
	must(t, server.Start())
	ended := make(chan error, 1)
	go func() { ended <- server.Wait() }()
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGTERM) // its worker would outlive a kill
		<-ended
	})
	for until := time.Now().Add(stopDeadline); ; time.Sleep(5 * time.Millisecond) {
		res, err := http.Get(c.url + "/healthz")
		if err == nil {
			must(t, res.Body.Close())
			return
		}
		if strings.Contains(log.String(), "[emerg]") || time.Now().After(until) {
			t.Fatalf("the proxy does not answer: %v\n%s", err, log)
		}
	}
}

// visitor is a browser at the cluster.
type visitor struct {
	*cluster
	client *http.Client
	jar    http.CookieJar
}

func (c *cluster) visitor() *visitor {
	c.t.Helper()
	jar, err := cookiejar.New(nil)
	must(c.t, err)
	return &visitor{c, &http.Client{Jar: jar}, jar}
}

// post sends the form of a page, with what is filled in, and returns where that leads.
func (v *visitor) post(page, path string, fields ...string) (where, body string) {
	v.t.Helper()
	_, form := v.get(page)
	token := regexp.MustCompile(`name="_csrf" value="([^"]+)"`).FindStringSubmatch(form)
	if token == nil {
		v.t.Fatalf("%s has no form:\n%s", page, form)
	}
	values := url.Values{"_csrf": {token[1]}}
	for i := 0; i < len(fields); i += 2 {
		values.Set(fields[i], fields[i+1])
	}
	return v.read(v.client.PostForm(v.url+path, values))
}

func (v *visitor) get(path string) (where, body string) {
	v.t.Helper()
	return v.read(v.client.Get(v.url + path))
}

func (v *visitor) read(res *http.Response, err error) (where, body string) {
	v.t.Helper()
	must(v.t, err)
	text, err := io.ReadAll(res.Body)
	must(v.t, errors.Join(err, res.Body.Close()))
	return res.Request.URL.Path, string(text)
}

// signUp is signed up and waits for the phone.
func (v *visitor) signUp(email, number string) {
	v.t.Helper()
	where, body := v.post("/signup", "/signup", "name", "Ada", "email", email, "password", "correct horse battery staple",
		"country_code", "1", "phone_number", number)
	if where != "/login/approval" {
		v.t.Fatalf("after the sign-up: at %s\n%s", where, body)
	}
}

// listen opens the socket of the waiting page and reads its first word.
func (v *visitor) listen() *websocket.Conn {
	v.t.Helper()
	conn, err := v.dial()
	must(v.t, err)
	v.hear(conn, `"pending"`)
	return conn
}

func (v *visitor) dial() (*websocket.Conn, error) {
	dialer := websocket.Dialer{Jar: v.jar}
	conn, _, err := dialer.DialContext(v.t.Context(), strings.Replace(v.url, "http", "ws", 1)+"/login/events", http.Header{"Origin": {v.url}})
	if err == nil {
		v.t.Cleanup(func() { conn.Close() })
		err = conn.SetReadDeadline(time.Now().Add(stopDeadline))
	}
	return conn, err
}

// hear reads the next word of a page, which connects again where it is cut off.
func (v *visitor) hear(conn *websocket.Conn, want string) {
	v.t.Helper()
	for until := time.Now().Add(stopDeadline); ; {
		_, word, err := conn.ReadMessage()
		switch {
		case err != nil && time.Now().Before(until):
			for conn, err = v.dial(); err != nil && time.Now().Before(until); conn, err = v.dial() {
				time.Sleep(5 * time.Millisecond)
			}
			must(v.t, err)
		case err != nil:
			v.t.Fatalf("the page heard %v, want %s", err, want)
		case strings.Contains(string(word), want):
			return
		case !strings.Contains(string(word), `"pending"`): // once more, which is no news
			v.t.Fatalf("the page heard %s, want %s", word, want)
		}
	}
}

// confirm completes the sign-in, as the page does by itself.
func (v *visitor) confirm() {
	v.t.Helper()
	if where, body := v.post("/login/approval", "/confirm-login"); where != "/protected" {
		v.t.Fatalf("after the confirmation: at %s\n%s", where, body)
	}
}

// approve taps Approve wherever a phone rings.
func (c *cluster) approve() {
	c.t.Helper()
	approveAll(c.t, c.phones)
}

// approveAll taps Approve wherever one of these phones rings.
func approveAll(t *testing.T, simulator string) {
	t.Helper()
	var phones []struct {
		ID json.Number `json:"authy_id"`
	}
	getJSON(t, simulator+"/phones", &phones)
	for _, phone := range phones {
		at := fmt.Sprintf("%s/phones/%v/requests", simulator, phone.ID)
		var requests []struct{ UUID, Status string }
		getJSON(t, at, &requests)
		for _, request := range requests {
			if request.Status != "pending" {
				continue
			}
			res, err := http.Post(at+"/"+request.UUID+"/approve", "application/json", nil)
			must(t, err)
			must(t, res.Body.Close())
			if res.StatusCode != http.StatusOK {
				t.Errorf("the tap: got %d", res.StatusCode)
			}
		}
	}
}

// again starts an instance that was killed.
func (n *instance) again() {
	n.start()
	n.wait()
}
