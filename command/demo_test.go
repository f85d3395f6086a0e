package command

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"nod/stage"
)

const demoIsReady = "Ctrl+C ends it."

func startDemo(t *testing.T, settings ...string) *program {
	t.Helper()
	return start(t, demoIsReady, []string{"demo", "--no-browser"}, settings...)
}

// demoBrowser is a browser at a demonstration.
type demoBrowser struct {
	t *testing.T
	p *program
	http.Client
}

func (p *program) browser() *demoBrowser {
	jar, err := cookiejar.New(nil)
	must(p.t, err)
	return &demoBrowser{p.t.(*testing.T), p, http.Client{Jar: jar}}
}

// page is what GET leads to.
func (b *demoBrowser) page(address string) (*http.Response, string) {
	b.t.Helper()
	res, err := b.Get(address)
	must(b.t, err)
	return res, b.text(res)
}

func (b *demoBrowser) text(res *http.Response) string {
	b.t.Helper()
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	must(b.t, err)
	return string(body)
}

var values = regexp.MustCompile(`name="(_csrf|email|password)"[^>]* value="([^"]+)"`)

// signIn sends the form as the link of a person has filled it in, and returns the path
// that it leads to.
func (b *demoBrowser) signIn(link string) string {
	b.t.Helper()
	_, form := b.page(b.p.url + link)
	typed := url.Values{}
	for _, found := range values.FindAllStringSubmatch(form, -1) {
		typed.Set(found[1], found[2])
	}
	if len(typed) != 3 {
		b.t.Fatalf("%s fills in %v", link, slices.Collect(func(yield func(string) bool) {
			for name := range typed {
				if !yield(name) {
					return
				}
			}
		}))
	}
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.p.url+"/login", strings.NewReader(typed.Encode()))
	must(b.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", b.p.url)
	res, err := b.Do(req)
	must(b.t, err)
	b.text(res)
	return res.Request.URL.Path
}

func TestADemonstrationHasPeopleWhoAreReady(t *testing.T) {
	p := startDemo(t, "DATABASE_URL", "sqlite:precious.db", "AUTHY_API_KEY", "a-real-key-for-this-test-only", "AUTHY_API_KEY_FILE", "")
	for _, person := range stage.People() {
		if !strings.Contains(p.stdout.String(), person.Password) {
			t.Errorf("the password of %s is not told:\n%s", person.Name, p.stdout)
		}
	}
	for link, want := range map[string]string{"/login?as=1": "/login/approval", "/login?as=2": "/verify-token", "/login?as=3": "/verify-token"} {
		if got := p.browser().signIn(link); got != want {
			t.Errorf("%s leads to %s, want %s", link, got, want)
		}
	}
	p.end()
	files, err := filepath.Glob("*.db")
	must(t, err)
	if want := []string{"nod-demo-sessions.db", "nod-demo-simulator.db", "nod-demo.db"}; !slices.Equal(files, want) {
		t.Errorf("it keeps %v, want %v", files, want)
	}
	if text := p.stdout.String(); strings.Contains(text, "a-real-key") {
		t.Error("a key is shown")
	}
}

// Only there anybody may hold the pages in a frame, and nobody but the stage.
func TestOnlyTheStageHoldsAPageInAFrame(t *testing.T) {
	demo := startDemo(t)
	stageOrigin := strings.TrimSuffix(demo.phones, "/")
	res, text := demo.browser().page(demo.url + "/login")
	policy := res.Header.Get("Content-Security-Policy")
	if !strings.HasSuffix(policy, "frame-ancestors "+stageOrigin) || res.Header.Get("X-Frame-Options") != "" {
		t.Errorf("under nod demo: got %q and X-Frame-Options %q", policy, res.Header.Get("X-Frame-Options"))
	}
	if res, _ := demo.browser().page(demo.phones + "/"); res.Header.Get("X-Frame-Options") != "SAMEORIGIN" {
		t.Error("the stage may not hold the phones")
	}
	if !strings.Contains(text, `href="/login?as=1"`) || !strings.Contains(text, stageOrigin+"/stage") {
		t.Error("the sign-in page offers no people, or no stage")
	}
	if _, home := demo.browser().page(demo.url + "/"); !strings.Contains(home, `href="`+stageOrigin+`/stage"`) {
		t.Error("home does not lead to the stage")
	}
	res, text = demo.browser().page(demo.phones + "/stage")
	if policy := res.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "frame-src 'self' "+demo.url+";") ||
		!strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "unsafe") {
		t.Errorf("the stage: got %q", policy)
	}
	if !strings.Contains(text, demo.url+"/login") {
		t.Error("the stage does not hold the application")
	}
	demo.end()

	plain := start(t, lastWords, nil)
	res, text = plain.browser().page(plain.url + "/login?as=1")
	if policy := res.Header.Get("Content-Security-Policy"); !strings.HasSuffix(policy, "frame-ancestors 'none'") || res.Header.Get("X-Frame-Options") != "DENY" {
		t.Errorf("elsewhere: got %q and X-Frame-Options %q", policy, res.Header.Get("X-Frame-Options"))
	}
	if strings.Contains(text, `href="/login?as=`) || strings.Contains(text, stage.People()[0].Email) || strings.Contains(text, "/stage") {
		t.Error("people of a demonstration are offered where there is none")
	}
	if res, text = plain.browser().page(plain.phones + "/stage"); res.StatusCode != http.StatusOK || !strings.Contains(text, "nod demo") || strings.Contains(text, "iframe") {
		t.Errorf("the stage without a demonstration: got %d", res.StatusCode)
	}
	if res, err := http.Post(plain.phones+"/stage/reset", "", nil); err != nil || res.StatusCode != http.StatusConflict {
		t.Errorf("a reset without a demonstration: got %v, %v", res, err)
	}
	plain.end()
}

// The cookies of the frame are those of PUBLIC_URL's host name.
func TestTheStageIsRedirectedToTheHostOfThePublicURL(t *testing.T) {
	p := startDemo(t)
	phones, err := url.Parse(p.phones)
	must(t, err)
	res := get(t, "http://127.0.0.1:"+phones.Port()+"/stage")
	if got := res.Header.Get("Location"); res.StatusCode != http.StatusFound || got != p.phones+"/stage" {
		t.Errorf("got %d to %q", res.StatusCode, got)
	}
	p.end()
}

func TestResetGivesTheOpeningStateBack(t *testing.T) {
	p := startDemo(t)
	b := p.browser()
	b.signIn("/login?as=1")
	took := make([]time.Duration, 10)
	for i := range took {
		begun := time.Now()
		res, err := http.Post(p.phones+"/stage/reset", "", nil)
		must(t, err)
		took[i] = time.Since(begun)
		if res.StatusCode != http.StatusNoContent {
			t.Fatalf("got %d", res.StatusCode)
		}
	}
	if res, _ := b.page(p.url + "/login/approval"); res.Request.URL.Path != "/login" {
		t.Errorf("whoever waited before the reset is at %s", res.Request.URL.Path)
	}
	_, phones := b.page(p.phones + "/phones")
	if got := strings.Count(phones, `"authy_id"`); got != len(stage.People()) {
		t.Errorf("%d phones, want those of the people alone", got)
	}
	for _, link := range []string{"/login?as=1", "/login?as=2", "/login?as=3"} {
		p.browser().signIn(link)
	}
	slices.Sort(took)
	t.Logf("reset: median of ten %v", took[len(took)/2])
	p.end()
}

// A presenter who loads the stage again amid a reset finds the opening state.
func TestAResetThatNobodyWaitsForIsWhole(t *testing.T) {
	p := startDemo(t)
	p.browser().signIn("/login?as=1")
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.phones+"/stage/reset", nil)
	must(t, err)
	left := make(chan struct{})
	go func() {
		defer close(left)
		if res, err := http.DefaultClient.Do(req); err == nil {
			res.Body.Close()
		}
	}()
	phones := func() int {
		_, list := p.browser().page(p.phones + "/phones")
		return strings.Count(list, `"authy_id"`)
	}
	for phones() == len(stage.People()) && ctx.Err() == nil { // not begun
		select {
		case <-left:
			leave()
		default:
		}
	}
	leave()
	<-left
	res, people := p.browser().page(p.phones + "/stage/people")
	if got := strings.Count(people, `"phone"`); res.StatusCode != http.StatusOK || got != len(stage.People()) {
		t.Errorf("the stage has %d people: %d %s", got, res.StatusCode, people)
	}
	for link, want := range map[string]string{"/login?as=1": "/login/approval", "/login?as=2": "/verify-token", "/login?as=3": "/verify-token"} {
		if got := p.browser().signIn(link); got != want {
			t.Errorf("%s leads to %s, want %s", link, got, want)
		}
	}
	p.end()
}

func TestADemonstrationWithWrongSettings(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, pair := range [][]string{{"PUBLIC_URL", "https://localhost:3000"}, {"PUBLIC_URL", "http://nod.example.com"}, {"ADDR", "192.0.2.1:3000"},
		{"ADDR", "0.0.0.0:3000"}, {"ADDR", "192.0.2.1:3000", "PUBLIC_URL", "http://localhost:3000"},
		{"SIMULATOR_ADDR", "192.0.2.1:3001"}, {"SIMULATOR_ADDR", ":3001"}, {"SIMULATOR_ADDR", "[::]:3001", "PUBLIC_URL", "http://localhost:3000"},
	} {
		err := run(t.Context(), []string{"demo"}, environment(pair...), io.Discard, t.Output())
		if exitStatus(err) != 2 || !strings.Contains(err.Error(), pair[0]+": nod demo runs on this machine") {
			t.Errorf("%v: got %v", pair, err)
		}
	}
	if err := run(t.Context(), []string{"demo", "--loudly"}, environment(), io.Discard, t.Output()); exitStatus(err) != 2 {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat("nod-demo.db"); err == nil {
		t.Error("a file is left behind")
	}
}

// A start closes every account: in no file but one that a demonstration has made.
func TestADemonstrationTakesNoFileOfOthers(t *testing.T) {
	const database = "sqlite:nod-demo.db"
	demo := func(words ...string) {
		t.Helper()
		err := run(t.Context(), []string{"demo", "--no-browser"}, environment("ADDR", "127.0.0.1:0", "SIMULATOR_ADDR", "127.0.0.1:0"), io.Discard, t.Output())
		for _, part := range append(words, "was made by no demonstration", "in another folder", "nod-demo-*.db") {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%q is missing in %v", part, err)
			}
		}
	}
	start(t, lastWords, nil, "DATABASE_URL", database).end()
	demo("nod-demo.db")
	must(t, os.Rename("nod-demo.db", "kept.db"))
	demo("nod-demo-simulator.db")
	if _, err := os.Stat("nod-demo.db"); err == nil {
		t.Error("a file is left behind")
	}

	startDemo(t).end()
	refused(t, []string{"DATABASE_URL", database}, "nod-demo.db", "made by a demonstration", "set DATABASE_URL")
}
