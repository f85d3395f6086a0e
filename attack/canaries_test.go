package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"nod/config"
	"nod/tools/ports"
)

// What must stand nowhere: in no log line, no database, no metric.
func TestA62(t *testing.T) {
	t.Parallel()
	address := ports.Free()
	l := newLab(t, func(c *config.Config) { c.MetricsAddr = address })
	secrets := map[string]string{"the provider's key": l.key(), "a wrong password": "Wrong-Canary-Password-1"}
	l.try(func(a *attempt) {
		p := a.account()
		secrets["a password"] = goodPassword
		b := a.elsewhere().browser()
		b.post("/login", "email", p.email, "password", "Wrong-Canary-Password-1")
		p.gives(b)
		secrets["a waiting session"], secrets["a browser's form secret"] = b.cookie("session"), b.cookie("csrf")
		secrets["a form token"] = b.token()
		b.post("/verify-token", "token", wrongCode(p.phone))
		p.comesIn(b)
		secrets["a signed-in session"] = b.cookie("session")
		b.signed("key", answerTo(1, "x", "approved"), "Authorization", "Bearer Canary-Of-A-Header")
		secrets["a header"] = "Canary-Of-A-Header"
		b.get("/nowhere?password=Canary-Of-A-Query")
		secrets["a query"] = "Canary-Of-A-Query"
		a.refusedBy("nothing secret is written")
	})
	res, err := http.Get("http://" + address + "/metrics")
	wantNil(t, err)
	defer res.Body.Close()
	var counted bytes.Buffer
	_, err = counted.ReadFrom(res.Body)
	wantNil(t, err)
	places := map[string][]byte{"the log": []byte(l.log.String()), "the metrics": counted.Bytes()}
	files, err := filepath.Glob(filepath.Join(l.dir, "nod*.db*"))
	wantNil(t, err)
	for _, file := range files {
		if places[filepath.Base(file)], err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	if len(places) < 5 || !bytes.Contains(places["the log"], []byte("level=")) || !bytes.Contains(places["the metrics"], []byte("nod_")) {
		t.Fatalf("only %d places were searched", len(places))
	}
	for what, secret := range secrets {
		if len(secret) < 8 {
			t.Fatalf("%s is %q", what, secret)
		}
		for place, content := range places {
			// The simulator is the provider: the key is its own.
			if what == "the provider's key" && place != "the log" && place != "the metrics" && place != "nod.db" {
				continue
			}
			for _, spelling := range []string{secret, url.QueryEscape(secret), base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret))} {
				if bytes.Contains(content, []byte(spelling)) {
					t.Errorf("%s stands in %s", what, place)
				}
			}
		}
	}
}

// Behind TLS: forms come with the origin of the public address, and nothing else.
func TestA53(t *testing.T) {
	t.Parallel()
	const host, ours = "nod.example", "https://nod.example"
	l := newLab(t, func(c *config.Config) { c.Addr, c.PublicURL, c.PhonesOf = ports.Free(), ours, []string{"simulated"} })
	l.try(func(a *attempt) {
		b := a.browser()
		first := b.get("/login", "Host", host)
		token, cookie := formToken.FindStringSubmatch(first.body), ""
		for _, c := range (&http.Response{Header: first.header}).Cookies() {
			if c.Secure && c.Path == "/" && c.Domain == "" {
				cookie = c.Name + "=" + c.Value
			}
		}
		need(token != nil && cookie != "", "the form has no token, or its cookie is not for https alone")
		form := url.Values{"_csrf": {token[1]}, "email": {"nobody@nod.example"}, "password": {"Not-the-Password-7"}}
		post := func(headers ...string) int {
			return b.send("/login", form, append([]string{"Host", host, "Cookie", cookie}, headers...)...).status
		}
		if got := post("Origin", ours); got != http.StatusUnprocessableEntity {
			a.through("our own form without a Referer: status %d", got)
		}
		for _, headers := range [][]string{
			{"Origin", "https://evil.example", "X-Forwarded-Host", "evil.example", "Referer", "https://evil.example/"},
			{"Origin", "http://nod.example"},
			{"Origin", "https://nod.example:8443"},
		} {
			if got := post(headers...); got != http.StatusForbidden {
				a.through("%q: status %d", headers, got)
			}
		}
		if got := first.header.Get("Strict-Transport-Security"); got == "" {
			a.through("no Strict-Transport-Security")
		}
		a.refusedBy("403")
	})
}

// One code in 30 seconds, three in ten minutes, five a day: whoever asks, from
// wherever, at once or in turn.
func TestA43(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.try(func(a *attempt) {
		p := a.account()
		p.phone.change(map[string]any{"app_installed": false})
		sent := func() int { return len(p.phone.messages()) }
		before := sent()
		asks := func(n int) {
			b := a.elsewhere().browser()
			if got := p.gives(b); got.status != http.StatusSeeOther {
				return
			}
			b.atOnce(n, "/send-token", "via", "sms")
			b.post("/login/cancel")
		}
		asks(20)
		if n := sent() - before; n > 1 {
			a.through("%d codes at once", n)
		}
		for range 10 {
			l.clock.advance(time.Minute)
			asks(1)
		}
		if n := sent() - before; n > 4 {
			a.through("%d codes in ten minutes", n)
		}
		for range 23 {
			l.clock.advance(time.Hour)
			asks(2)
		}
		n := sent() - before
		if n > 6 {
			a.through("%d codes in a day", n)
		}
		need(n > 0, "no code was sent at all")
		a.tried("%d codes in a day", n)
		a.refusedBy("codes are counted by phone")
	})
}

func TestA65AtTheStart(t *testing.T) {
	for name, settings := range map[string]map[string]string{
		"phones that nobody has asked for": {"PUBLIC_URL": "http://nod.example"},
		"open phones beside https":         {"PUBLIC_URL": "https://nod.example", "SIMULATOR_ADDR": "0.0.0.0:3001", "PHONES": "simulated"},
		"phones beside a real key":         {"AUTHY_API_KEY": "a-real-key-for-this-test-only", "PUBLIC_URL": "https://nod.example", "SIMULATOR_ADDR": "127.0.0.1:3001"},
		"a real key on public plain http":  {"AUTHY_API_KEY": "a-real-key-for-this-test-only", "PUBLIC_URL": "http://nod.example"},
		"a real key, open and without TLS": {"AUTHY_API_KEY": "a-real-key-for-this-test-only", "ADDR": "203.0.113.5:3000"},
	} {
		if _, err := config.Application(func(name string) (string, bool) { v, ok := settings[name]; return v, ok }); err == nil {
			t.Errorf("%s: it starts", name)
		}
	}
	byHTTPS := map[string]string{"PUBLIC_URL": "https://nod.example"}
	c, err := config.Application(func(name string) (string, bool) { v, ok := byHTTPS[name]; return v, ok })
	if err != nil || c.Simulated() {
		t.Errorf("a site by https simulates its phones: %v", err)
	}
}

func Test6_19(t *testing.T) {
	TestA65AtTheStart(t)
	file := filepath.Join(t.TempDir(), "key")
	wantNil(t, os.WriteFile(file, []byte("a-real-key-for-this-test-only\n"), 0o600))
	wantNil(t, os.Chmod(file, 0o602))
	settings := map[string]string{"AUTHY_API_KEY_FILE": file, "PUBLIC_URL": "https://nod.example"}
	if _, err := config.Application(func(name string) (string, bool) { v, ok := settings[name]; return v, ok }); err == nil {
		t.Error("a key that everybody can write is taken")
	}
}

// Versions below these have holes; docs/security.md says which were judged.
func Test6_22(t *testing.T) {
	modules, err := os.ReadFile("../go.mod")
	wantNil(t, err)
	for module, least := range map[string][3]int{
		"github.com/gofiber/fiber/v2": {2, 52, 15}, "github.com/valyala/fasthttp": {1, 58, 0}, "golang.org/x/net": {0, 48, 0}, "golang.org/x/crypto": {0, 46, 0},
	} {
		found := regexp.MustCompile(regexp.QuoteMeta(module) + ` v(\d+)\.(\d+)\.(\d+)`).FindStringSubmatch(string(modules))
		if found == nil {
			t.Errorf("%s is not in go.mod", module)
			continue
		}
		var has [3]int
		_, err := fmt.Sscan(found[1]+" "+found[2]+" "+found[3], &has[0], &has[1], &has[2])
		wantNil(t, err)
		if slices.Compare(has[:], least[:]) < 0 {
			t.Errorf("%s: v%v, want v%v or newer", module, has, least)
		}
	}
}
