package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
)

// firefox is a tab of a real Firefox, driven by WebDriver BiDi.
type firefox struct {
	t    *testing.T
	nod  *nod
	conn *websocket.Conn
	tab  string
	ids  int
}

// quiet are the settings with which Firefox asks nobody in the network.
const quiet = `user_pref("app.update.enabled", false);
user_pref("browser.safebrowsing.downloads.remote.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.startup.page", 0);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("extensions.update.enabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("network.proxy.type", 0);
user_pref("services.settings.server", "http://127.0.0.1:9/");
user_pref("toolkit.telemetry.enabled", false);
`

// startFirefox opens a window; nil where there is no Firefox.
func startFirefox(t *testing.T, n *nod, settings ...string) *firefox {
	t.Helper()
	program, err := exec.LookPath("firefox-esr")
	if err != nil {
		program, err = exec.LookPath("firefox")
	}
	if err != nil {
		if os.Getenv("NOD_TEST_ALL") != "" {
			t.Fatal("Firefox is not installed: make setup")
		}
		t.Log("Firefox is not installed (make setup installs it); it is not tested")
		return nil
	}
	// Firefox may still write while it ends, so t.TempDir could not be removed.
	dir, err := os.MkdirTemp("", "nod-firefox-")
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "user.js"), []byte(quiet+strings.Join(settings, "")), 0o600))
	cmd := exec.Command(program, "--headless", "--no-remote", "--remote-debugging-port", "0", "--profile", dir, "about:blank")
	cmd.Env = append(os.Environ(), "HOME="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	must(t, cmd.Start())
	t.Cleanup(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		cmd.Wait()
		os.RemoveAll(dir)
	})
	f := &firefox{t: t, nod: n}
	f.connect(filepath.Join(dir, "WebDriverBiDiServer.json"))
	return f
}

// connect reads the address that Firefox writes, and begins a session.
func (f *firefox) connect(file string) {
	f.t.Helper()
	var server struct {
		Host string `json:"ws_host"`
		Port int    `json:"ws_port"`
	}
	eventually(f.t, "Firefox listens", func() bool {
		text, err := os.ReadFile(file)
		return err == nil && json.Unmarshal(text, &server) == nil
	})
	dialer := websocket.Dialer{HandshakeTimeout: hangLimit}
	conn, _, err := dialer.DialContext(f.t.Context(), fmt.Sprintf("ws://%s:%d/session", server.Host, server.Port), nil)
	must(f.t, err)
	f.t.Cleanup(func() { conn.Close() })
	f.conn = conn
	f.call("session.new", map[string]any{"capabilities": struct{}{}}, nil)
	var tree struct{ Contexts []struct{ Context string } }
	f.call("browsingContext.getTree", struct{}{}, &tree)
	f.tab = tree.Contexts[0].Context
}

// call sends a command and waits for its reply.
func (f *firefox) call(method string, params, into any) {
	f.t.Helper()
	must(f.t, f.try(method, params, into))
}

func (f *firefox) try(method string, params, into any) error {
	f.ids++
	must(f.t, f.conn.WriteJSON(map[string]any{"id": f.ids, "method": method, "params": params}))
	must(f.t, f.conn.SetReadDeadline(time.Now().Add(hangLimit)))
	for {
		var reply struct {
			ID      int
			Error   string
			Message string
			Result  json.RawMessage
		}
		must(f.t, f.conn.ReadJSON(&reply))
		switch {
		case reply.ID != f.ids:
			continue // an event
		case reply.Error != "":
			return fmt.Errorf("%s: %s: %s", method, reply.Error, reply.Message)
		case into == nil:
			return nil
		}
		return json.Unmarshal(reply.Result, into)
	}
}

func (f *firefox) open(path string) {
	f.t.Helper()
	f.call("browsingContext.navigate", map[string]string{"context": f.tab, "url": f.nod.url + path, "wait": "complete"}, nil)
}

// holds evaluates an expression, and waits for one that is a promise. It is false while
// the page changes.
func (f *firefox) holds(expression string) bool {
	var answer struct{ Result struct{ Value any } }
	err := f.try("script.evaluate", map[string]any{
		"expression": "(async () => !!(await (" + expression + ")))()", "target": map[string]string{"context": f.tab}, "awaitPromise": true,
	}, &answer)
	return err == nil && answer.Result.Value == true
}

func (f *firefox) is(expression string) {
	f.t.Helper()
	eventually(f.t, expression, func() bool { return f.holds(expression) })
}

func (f *firefox) at(path string) {
	f.t.Helper()
	f.is(fmt.Sprintf(`location.pathname === %q && document.readyState === "complete"`, path))
}

func (f *firefox) heading(text string) {
	f.t.Helper()
	f.is(fmt.Sprintf(`document.querySelector("h1")?.innerText.trim() === %q`, text))
}

// send fills the fields of a form and presses its button.
func (f *firefox) send(form string, fields map[string]string) {
	f.t.Helper()
	encoded, err := json.Marshal(fields)
	must(f.t, err)
	f.is(fmt.Sprintf(`(() => {
		const form = document.querySelector(%q);
		for (const [name, value] of Object.entries(%s)) form.elements[name].value = value;
		form.querySelector("button[type=submit]").click();
		return true;
	})()`, form, encoded))
}

func (f *firefox) signIn(email string) {
	f.t.Helper()
	f.open("/login")
	f.send("#login-form", map[string]string{"email": email, "password": password})
	f.at("/login/approval")
}

func (f *firefox) signOut() {
	f.t.Helper()
	f.send("#logout-form", map[string]string{})
	f.at("/")
}

func TestFirefox(t *testing.T) {
	story(t)
	n, proxy := behindProxy(t)
	f := startFirefox(t, n)
	if f == nil {
		return
	}
	f.open("/signup")
	f.send("#signup-form", map[string]string{
		"name": "Ada Lovelace", "email": "ada@example.com", "password": password, "country_code": "1", "phone_number": "2015550101",
	})
	f.at("/login/approval")
	p := n.phoneOf("ada@example.com")
	f.is(listensBy("socket"))
	p.answer("approve")
	f.at("/protected")
	f.send("#transfer-form", map[string]string{"payee": "Grace Hopper", "amount": "120.50"})
	f.is(`document.querySelector("li.entry")?.dataset.status === "awaiting"`)
	p.answer("approve")
	f.is(`document.querySelector("li.entry")?.dataset.status === "executed"`)
	f.signOut()

	f.signIn(p.Email)
	f.is(listensBy("socket"))
	p.answer("deny")
	f.heading(words("approval.denied.title"))

	f.signIn(p.Email)
	f.open("/verify-token")
	p.answer("approve")
	f.at("/protected")
	f.signOut()

	for _, transport := range []string{"stream", "poll"} {
		proxy.dropUpgrades.Store(true)
		proxy.holdStreams.Store(transport == "poll")
		f.signIn(p.Email)
		f.is(listensBy(transport))
		p.answer("approve")
		f.at("/protected")
		f.signOut()
	}

	proxy.lose(func(requested string) bool { return requested == "/static/countdown.js" })
	f.signIn(p.Email)
	f.is(`location.search.startsWith("?plain=")`)
	p.answer("approve")
	f.at("/protected")
}
