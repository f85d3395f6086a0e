package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"nod/config"
	"nod/phone/phonetest"
	"nod/phone/push/pushtest"
	"nod/server"
	"nod/tools/ports"
)

// startWoken runs Nod within this process, so that its pushes go to the push service of
// a test: no setting leads them to a loopback address. more are names of settings and
// their values in turn.
func startWoken(t *testing.T, service *pushtest.Service, more ...string) *nod {
	t.Helper()
	n := &nod{t: t, dir: t.TempDir(), stderr: &output{}}
	settings := map[string]string{
		"DATABASE_URL": "sqlite:" + filepath.Join(n.dir, "nod.db"), "ADDR": ports.Free(), "SIMULATOR_ADDR": ports.Free(), "APPROVAL_TTL": "10m",
		"PUSH_SUBJECT": "mailto:ops@nod.example", "PUSH_HOSTS": pushtest.Host,
	}
	for i := 0; i < len(more); i += 2 {
		settings[more[i]] = more[i+1]
	}
	n.run(settings, service)
	t.Cleanup(func() {
		n.end()
		if t.Failed() {
			t.Logf("Nod's log:\n%s", n.stderr)
		}
	})
	n.again = func() { n.run(settings, service) }
	return n
}

// run runs Nod within this process until n.end is called.
func (n *nod) run(settings map[string]string, service *pushtest.Service) {
	n.t.Helper()
	c, err := config.Application(func(name string) (string, bool) { value, set := settings[name]; return value, set })
	must(n.t, err)
	c.Push.Dial, c.Push.Roots = service.Dial, service.Roots()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	read, write := io.Pipe()
	go func() {
		defer close(ended)
		ended <- server.Run(ctx, c, write, slog.New(slog.NewTextHandler(n.stderr, nil)))
		write.Close()
	}()
	n.end = func() {
		n.t.Helper()
		stop()
		must(n.t, <-ended)
	}
	n.readAddresses(read)
}

// wakes are the settings of a Firefox that subscribes to pushes at a service of a test.
func wakes(service *pushtest.Firefox) string {
	return fmt.Sprintf(`user_pref("dom.push.serverURL", %q);
user_pref("dom.push.testing.allowInsecureServerURL", true);
user_pref("dom.push.connection.enabled", true);
user_pref("permissions.default.desktop-notification", 1);
user_pref("alerts.useSystemBackend", false);
`, service.URL)
}

// unlock takes the place of what unlocks a phone, which Firefox lacks here: the passkey
// is made by the test.
const unlock = `navigator.credentials.create = ({ publicKey: { challenge, user } }) => new Promise((resolve) => {
	const text = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));
	window.asked = JSON.stringify({ challenge: text(challenge), owner: text(user.id) });
	window.made = (text) => {
		const bytes = (part) => Uint8Array.from(atob(part.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0)).buffer;
		const { id, rawId, response } = JSON.parse(text);
		resolve({ id, rawId: bytes(rawId), type: "public-key", response: {
			clientDataJSON: bytes(response.clientDataJSON), attestationObject: bytes(response.attestationObject),
		} });
	};
})`

// becomesPhone adds this Firefox as a phone of whoever is signed in in a tab.
func (f *firefox) becomesPhone(tb *tab, name string) {
	f.t.Helper()
	tb.open("/protected")
	tb.click("#add-own-phone button")
	f.open("/phone")
	f.is(`!document.querySelector("#enrol-form").closest("[data-phone]").hidden`)
	f.is("(" + unlock + ", true)")
	f.send("#enrol-form", map[string]string{"code": tb.text("#phone-code"), "name": name})
	f.is("window.asked")
	var asked struct{ Challenge, Owner []byte }
	must(f.t, json.Unmarshal([]byte(f.value("window.asked")), &asked))
	passkey := phonetest.New(f.nod.url, "localhost")
	passkey.Owner = asked.Owner
	made, err := json.Marshal(string(passkey.Create(asked.Challenge)))
	must(f.t, err)
	f.is(fmt.Sprintf("(window.made(%s), true)", made))
	tb.at("/account/phones")
	tb.click("form[action='/account/phones/confirm'] button")
	tb.at("/protected")
}

// value evaluates an expression that is a text.
func (f *firefox) value(expression string) string {
	f.t.Helper()
	var answer struct{ Result struct{ Value string } }
	f.call("script.evaluate", map[string]any{
		"expression": expression, "target": map[string]string{"context": f.tab}, "awaitPromise": true,
	}, &answer)
	return answer.Result.Value
}

// shown are the notifications of the phone's worker: an expression.
const shown = `navigator.serviceWorker.getRegistration("/phone").then((r) => r.getNotifications()).then((all) => JSON.stringify(all.map(({title, body}) => ({title, body}))))`

// A real subscription of Firefox: made by the page, kept by Nod, and asked by an encrypted
// and signed push, which the worker shows while the page is closed, whatever its push
// service does. A subscription that is gone is made anew at the next opening.
func TestFirefoxIsWokenByAPush(t *testing.T) {
	story(t)
	service := pushtest.New(t, time.Now)
	push := service.Firefox()
	n := startWoken(t, service)
	f := startFirefox(t, n, wakes(push))
	if f == nil {
		return
	}
	tb := n.person().tab()
	p := tb.signedIn("ada@example.com", "2015550101")
	f.becomesPhone(tb, "Pixel")
	live := `document.querySelector("#push").dataset.push === "live"`
	f.is(live)

	tb.click("#logout-form button")
	tb.at("/")
	f.open("/login") // the page of the phone is closed
	began := time.Now()
	tb.signIn(p.Email)
	sent := push.Got(t)
	if code := push.Acked(t); code != pushtest.AckDecrypted {
		t.Fatalf("Firefox could not read it: code %d", code)
	}
	t.Logf("sign-in → Firefox has read the push: %v", time.Since(began).Round(time.Millisecond))
	if sent.Urgency != "high" || sent.Size != 4096 || sent.TTL < 1 || sent.TTL > 600 || len(sent.Topic) != 32 {
		t.Errorf("the push service got %+v", sent)
	}
	want := fmt.Sprintf(`[{"title":%q,"body":%q}]`, words("ring.login"), words("push.body"))
	f.is(shown + `.then((text) => text === ` + "`" + want + "`)")

	resend := func() {
		t.Helper()
		tb.click("form[action='/login/resend'] button")
		tb.at("/login/approval")
		tb.see("#number")
	}
	// A push service that asks for time, and then takes its own: nobody waits for it, and
	// the message arrives.
	answers := make(chan struct{})
	service.Next(pushtest.Fault{Status: 429}, pushtest.Fault{Until: answers})
	resend()
	close(answers)
	push.Got(t)
	if code := push.Acked(t); code != pushtest.AckDecrypted {
		t.Errorf("after a push service that was slow: code %d", code)
	}
	service.Next(pushtest.Fault{Status: 413})
	resend()
	f.is(`fetch("/phone/push").then((reply) => reply.json()).then((now) => now.outcome === "refused")`)

	service.UnsubscribeAll()
	resend()
	f.is(`fetch("/phone/push").then((reply) => reply.json()).then((now) => now.known === false)`)
	f.open("/phone")
	f.is(live)
	resend()
	push.Got(t)
	if code := push.Acked(t); code != pushtest.AckDecrypted {
		t.Errorf("after the subscription was made anew: code %d", code)
	}
}
