package command

import (
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
)

// Each scan is the phone of a person of its own, and a laptop bears a hundred, as make
// long has it: they sign in together, tap at once, and every tile flips.
func TestARoomfulOfPhonesAtOnce(t *testing.T) {
	n := 8
	if os.Getenv("NOD_TEST_LONG") != "" {
		n = 100
	}
	p := startRoom(t)
	w := p.wall()
	p.browser().signIn("/login?as=1")
	told := p.steps()
	guests := make([]*guest, n)
	var joined sync.WaitGroup
	begun := time.Now()
	for i := range guests {
		joined.Go(func() { guests[i] = w.guest() })
	}
	w.until("all have joined", w.all(n, "ready"))
	joined.Wait()
	t.Logf("%d phones joined in %v", n, time.Since(begun))
	names := map[string]bool{}
	for _, tile := range w.Tiles {
		names[tile.Name] = true
	}
	if len(names) != n {
		t.Errorf("%d names for %d people", len(names), n)
	}

	begun = time.Now()
	if asked := p.everybody(); asked != n {
		t.Errorf("%d sign in, want %d", asked, n)
	}
	w.until("all are asked", w.all(n, "waiting"))
	together(guests, (*guest).rings)
	t.Logf("all were asked in %v", time.Since(begun))
	shown := map[string]int{}
	for _, tile := range w.Tiles {
		shown[tile.Number]++
	}
	for _, g := range guests {
		shown[g.number]--
	}
	for number, difference := range shown {
		if difference != 0 || number == "" {
			t.Errorf("the number %q is on the wall %d times more than on phones", number, difference)
		}
	}
	if asked := p.everybody(); asked != 0 {
		t.Errorf("%d sign in again while they wait", asked)
	}

	go together(guests, func(g *guest) { g.tap("approve") })
	w.until("every tile has flipped, with its time", func() bool {
		return w.all(n, "in")() && !slices.ContainsFunc(w.Tiles, func(tile wallTile) bool { return tile.MS == 0 })
	})
	var times []float64
	for _, tile := range w.Tiles {
		times = append(times, tile.MS)
	}
	slices.Sort(times)
	t.Logf("tap to flip, %d at once: p50 %.0f ms, p99 %.0f ms", n, times[n/2], times[n*99/100])
	if after := p.steps(); len(told) == 0 || !slices.Equal(told, after) {
		t.Errorf("of the presenter's sign-in the wire told\n%s\nand now\n%s", strings.Join(told, "\n"), strings.Join(after, "\n"))
	}
	if asked := p.everybody(); asked != n {
		t.Errorf("%d sign in once more, want %d", asked, n)
	}
	w.until("all are asked once more", w.all(n, "waiting"))
	p.reset()
	p.end()
}

// They sign in anew from the browser that they have; a Deny is one, and a tap alone flips
// its tile alone.
func TestATileFlipsForItsPerson(t *testing.T) {
	p := startRoom(t)
	w := p.wall()
	one, other := w.guest(), w.guest()
	for range 2 {
		p.everybody()
		w.until("both are asked", w.all(2, "waiting"))
		together([]*guest{one, other}, (*guest).rings)
		one.tap("approve")
		w.until("one is in", func() bool { return w.Tiles[0].State == "in" && w.Tiles[0].MS > 0 })
		if w.Tiles[1].State != "waiting" {
			t.Errorf("the other one is %s", w.Tiles[1].State)
		}
		other.tap("deny")
		w.until("the other is not", func() bool { return w.Tiles[1].State == "denied" })
	}
	p.end()
}

var (
	muxRoute   = regexp.MustCompile(`"(GET|POST|DELETE) (/[^"]*)"`)
	fiberRoute = regexp.MustCompile(`app\.(Get|Post)\("(/[^"]*)"`)
	argument   = regexp.MustCompile(`\{[a-z.$]*\}|:[a-z]+`)
)

// everyRoute is each address of the simulator, the stage and the application that its
// source names.
func everyRoute(t *testing.T) (routes [][2]string) {
	t.Helper()
	for files, pattern := range map[string]*regexp.Regexp{"../simulator/web.go": muxRoute, "../stage/web.go": muxRoute, "../handlers/*.go": fiberRoute} {
		matches, err := filepath.Glob(files)
		must(t, err)
		for _, file := range matches {
			source, err := os.ReadFile(file)
			must(t, err)
			for _, found := range pattern.FindAllStringSubmatch(string(source), -1) {
				routes = append(routes, [2]string{strings.ToUpper(found[1]), found[2]})
			}
		}
	}
	for _, path := range []string{"/protected/json/app/details", "/protected/xml/app/details", "/onetouch/json/approval_requests/1", "/metrics", "/healthz", "/join/", "/phone/"} {
		routes = append(routes, [2]string{http.MethodGet, path})
	}
	if len(routes) < 60 {
		t.Fatalf("only %d addresses are found", len(routes))
	}
	return routes
}

// ask sends a request to the audience's address, under another name if host is one.
func ask(t *testing.T, method, address, host string, header http.Header) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	must(t, err)
	req.Host = host
	maps.Copy(req.Header, header)
	return status(t, req).StatusCode
}

// Whoever is in the network reaches phones by their secrets, and nothing else: no stage,
// faults, API or limits.
func TestAnAudienceReachesItsPhonesAlone(t *testing.T) {
	routes := everyRoute(t)
	p := startRoom(t)
	w := p.wall()
	g := w.guest()
	_, phones := p.browser().page(p.phones + "/phones")
	id := phoneID.FindStringSubmatch(phones)[1]
	for _, route := range routes {
		path := argument.ReplaceAllString(route[1], id)
		if strings.HasPrefix(path, "/static/") {
			continue // styles and scripts, which hold nothing of anybody
		}
		if got := ask(t, route[0], p.lan+path, "", nil); got != http.StatusNotFound {
			t.Errorf("%s %s: got %d", route[0], path, got)
		}
	}
	for _, path := range []string{"/phone/" + id, "/phone/" + id + "/events", "/join/" + id, g.page[len(p.lan):] + "/messages", g.page[len(p.lan):] + "/token"} {
		if got := ask(t, http.MethodGet, p.lan+path, "", nil); got != http.StatusNotFound {
			t.Errorf("%s: got %d", path, got)
		}
	}
	for _, host := range []string{"evil.example", "localhost", strings.Replace(strings.TrimPrefix(p.lan, "http://"), "127.0.0.2", "127.0.0.1", 1)} {
		for _, address := range []string{w.URL, g.page, p.lan + "/static/phone.css"} {
			if got := ask(t, http.MethodGet, address, host, nil); got != http.StatusMisdirectedRequest {
				t.Errorf("%s as %s: got %d", address, host, got)
			}
		}
	}
	if got := ask(t, http.MethodPost, w.URL, "", http.Header{"Origin": {"https://evil.example"}}); got != http.StatusForbidden {
		t.Errorf("another site makes a phone: %d", got)
	}
	res, page := p.browser().page(g.page)
	policy := res.Header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "http:") || strings.Contains(policy, "unsafe") {
		t.Errorf("the policy is %q", policy)
	}
	for _, beside := range []string{"faults-form", "/language", "app-switch", "scan-form", p.url, p.phones} {
		if strings.Contains(page, beside) {
			t.Errorf("a phone of the audience has %s", beside)
		}
	}
	link := strings.TrimPrefix(g.page, p.lan)
	if text := p.stdout.String(); strings.Contains(text, link) || strings.Contains(text, w.URL) {
		t.Errorf("the terminal, which may be on the screen, tells a secret:\n%s", text)
	}
	p.end()
}

// A browser that has a phone is led back to it, until a reset; to look at a link is not
// to join.
func TestAPhoneLastsUntilTheReset(t *testing.T) {
	p := startRoom(t)
	w := p.wall()
	g := w.guest()
	w.until("one has joined", w.all(1, "ready"))
	res, err := g.http.Get(w.URL)
	must(t, err)
	if g.text(res); res.Request.URL.String() != g.page {
		t.Errorf("the second scan leads to %s", res.Request.URL)
	}
	if got := ask(t, http.MethodGet, w.URL, "", nil); got != http.StatusOK {
		t.Errorf("the page to join: got %d", got)
	}
	w.guest()
	w.until("another one has joined", w.all(2, "ready")) // and not a third
	p.resetEndsTheRoom(w, g)
	p.end()
}

// resetEndsTheRoom: secrets die, and sockets; the room is empty then.
func (p *program) resetEndsTheRoom(w *wall, g *guest) {
	t, before := g.t, w.URL
	p.everybody()
	g.rings()
	p.reset()
	for _, asked := range [][2]string{
		{"GET", before}, {"POST", before}, {"GET", g.page}, {"GET", g.page + "/events"}, {"POST", g.page + "/requests/" + g.uuid + "/approve"},
	} {
		if got := ask(t, asked[0], asked[1], "", nil); got != http.StatusNotFound {
			t.Errorf("%s %s: got %d", asked[0], asked[1], got)
		}
	}
	for {
		if _, _, err := g.ReadMessage(); err != nil {
			if !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
				t.Errorf("the socket of the phone: %v", err)
			}
			break
		}
	}
	w.until("the room is empty, and another", func() bool { return len(w.Tiles) == 0 && w.URL != "" && w.URL != before })
	w.guest()
	w.until("somebody has joined", w.all(1, "ready"))
}

// reset resets the stage, while everybody waits.
func (p *program) reset() {
	p.t.Helper()
	begun := time.Now()
	res, err := http.Post(p.phones+"/stage/reset", "", nil)
	must(p.t, err)
	must(p.t, res.Body.Close())
	p.t.Logf("the reset took %v", time.Since(begun))
	if res.StatusCode != http.StatusNoContent {
		p.t.Fatalf("the reset: got %d", res.StatusCode)
	}
}

// steps are what the wire tells now.
func (p *program) steps() (told []string) {
	p.t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial(strings.Replace(p.phones, "http", "ws", 1)+"/stage/events", nil)
	must(p.t, err)
	defer conn.Close()
	var state struct{ Steps []struct{ Text string } }
	must(p.t, conn.ReadJSON(&state))
	for _, step := range state.Steps {
		told = append(told, step.Text)
	}
	return told
}

// Without --lan there is no room, and no address of the network is opened.
func TestNoRoomWithoutLAN(t *testing.T) {
	p := startDemo(t)
	if res, err := http.Get(p.phones + "/stage/join.png"); err != nil || res.StatusCode != http.StatusNotFound {
		t.Errorf("got %v, %v", res, err)
	}
	if asked := p.everybody(); asked != 0 || p.lan != "" || strings.Contains(p.stdout.String(), "audience") {
		t.Errorf("%d sign in; %s", asked, p.stdout)
	}
	p.end()
	for _, wrong := range []string{"0.0.0.0:3002", "[::]:3002", "laptop.local:3002", "192.168.1.5", "127.0.0.2:70000", ""} {
		err := run(t.Context(), []string{"demo", "--lan=" + wrong}, environment(), io.Discard, t.Output())
		if exitStatus(err) != 2 || !strings.Contains(err.Error(), "want one address of this machine") {
			t.Errorf("--lan=%s: got %v", wrong, err)
		}
	}
}
