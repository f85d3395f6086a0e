package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// stage is the page of a presenter.
type stage struct {
	*tab
	app *tab // in its frame
}

func (n *nod) stage() *stage {
	n.t.Helper()
	s := &stage{tab: n.person().tab()}
	s.size(1280, 720)
	s.open(n.phones + "/stage")
	s.is(`document.getElementById("handset").contentDocument?.getElementById("calm") != null`)
	return s
}

func (s *stage) size(width, height int64) {
	s.t.Helper()
	call(s.tab, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: 1})
}

// press presses keys as a presenter does, once they no longer go to a frame.
func (s *stage) press(keys string) {
	s.t.Helper()
	s.is(`!(document.activeElement instanceof HTMLIFrameElement)`)
	run(s.tab, "press "+keys, chromedp.KeyEvent(keys))
}

// enter does what Enter does in the frame once the stage has given it the keys: it
// sends the form of the field that has the focus there.
func (s *stage) enter() {
	s.t.Helper()
	s.is(`document.activeElement.id === "app"`)
	const first = `(document.querySelector("#hops .step")?.dataset.hop ?? "")`
	before := eval[string](s.tab, first)
	frame := s.frame()
	frame.is(`document.activeElement.id === "password"`)
	// Not within the evaluation, whose answer the next page would take along.
	eval[bool](frame, `setTimeout((form) => form.requestSubmit(), 0, document.activeElement.form) > 0`)
	s.is(fmt.Sprintf("%s !== %q && %[1]s !== ''", first, before)) // the wire tells of this one
}

// send fills in a form in the frame, fields and their values in turn, and sends it.
func (s *stage) send(fields ...string) {
	s.t.Helper()
	frame := s.frame()
	for i := 0; i < len(fields); i += 2 {
		frame.is(fmt.Sprintf(`document.getElementById(%q) != null && document.readyState === "complete"`, fields[i]))
		eval[bool](frame, fmt.Sprintf(`(document.getElementById(%q).value = %q) !== ""`, fields[i], fields[i+1]))
	}
	eval[bool](frame, fmt.Sprintf(`setTimeout((form) => form.requestSubmit(), 0, document.getElementById(%q).form) > 0`, fields[0]))
}

// frame is the application in its frame, which has a process of its own.
func (s *stage) frame() *tab {
	s.t.Helper()
	if s.app != nil {
		return s.app
	}
	for begun := time.Now(); time.Since(begun) < hangLimit; {
		for _, info := range call(s.tab, target.GetTargets, target.GetTargetsParams{}).TargetInfos {
			if info.Type == "iframe" && strings.HasPrefix(info.URL, s.nod.url) {
				ctx, cancel := chromedp.NewContext(s.ctx, chromedp.WithTargetID(info.TargetID))
				s.t.Cleanup(cancel)
				must(s.t, chromedp.Do(ctx)) // attached for longer than one action
				s.app = &tab{t: s.t, nod: s.nod, ctx: ctx}
				return s.app
			}
		}
	}
	s.t.Fatal("the stage holds no application in its frame")
	return nil
}

// told waits until the wire tells of something.
func (s *stage) told(sentence string) {
	s.t.Helper()
	s.is(fmt.Sprintf(`[...document.querySelectorAll("#hops .words")].some((e) => e.textContent === %q)`, sentence))
}

// steps are the sentences of the wire, in their order.
func (s *stage) steps() []string {
	s.t.Helper()
	return eval[[]string](s.tab, `[...document.querySelectorAll("#hops .words")].map((e) => e.textContent)`)
}

// look takes a picture into NOD_SCREENSHOTS: that of the README, or with
// NOD_PICTURES=all every one.
func (s *stage) look(name string) {
	s.t.Helper()
	dir := os.Getenv("NOD_SCREENSHOTS")
	if dir == "" || (name != "stage-1280" && os.Getenv("NOD_PICTURES") != "all") {
		return
	}
	must(s.t, os.MkdirAll(dir, 0o755))
	for _, scheme := range []string{"light", "dark"} {
		s.colours(scheme)
		s.picture(filepath.Join(dir, name+"-"+scheme+".png"))
	}
	s.colours("light")
}

// The story that took 182 keys: a sign-in and a tap, in one window.
func TestASignInOnTheStage(t *testing.T) {
	story(t)
	n := startDemo(t)
	s := n.stage()
	s.accessible("the stage")
	s.look("stage-opening")
	s.press("s")
	s.is(`document.getElementById("said").textContent === "Now press Enter."`)
	s.enter()
	s.told("Nod asks Authy to ask Ada’s phone")
	s.told("The WebSocket is open")
	s.look("stage-waiting")
	s.is(`document.activeElement.id !== "app"`)
	s.press("a")
	s.told("Nod lets this browser in: a new session")
	s.is(`document.getElementById("flip-last").textContent.endsWith(" ms")`)
	s.told("Nod sends the page")
	s.look("stage-1280")
	s.accessible("the stage after a sign-in")

	story := strings.Join(s.steps(), "\n")
	t.Logf("the wire tells:\n%s", story)
	last := -1
	for _, sentence := range []string{
		"The browser sends e-mail and password", "Nod asks Authy to ask Ada’s phone", "The browser opens a WebSocket and waits",
		"Ada taps Approve", "Authy tells Nod the answer, signed", "Nod tells the browser: approved", "The browser has it, and hangs up",
		"Nod lets this browser in: a new session",
	} {
		at := strings.Index(story, sentence)
		if at <= last {
			t.Errorf("%q is missing, or not in its turn", sentence)
		}
		last = at
	}
	if scrolls := eval[bool](s.tab, `document.documentElement.scrollHeight > innerHeight || document.documentElement.scrollWidth > innerWidth`); scrolls {
		t.Error("at 1280×720 the stage has a scroll bar")
	}
	s.openHop("Authy tells Nod the answer, signed")
	if head := s.text("#hop-head"); !strings.HasPrefix(head, "POST /authy/callback HTTP/1.1") || !strings.Contains(head, "X-Authy-Signature: ") {
		t.Errorf("the callback reads\n%s", head)
	}
	s.accessible("a hop")
	s.look("stage-hop")
}

// openHop opens what stands behind a sentence.
func (s *stage) openHop(sentence string) {
	s.t.Helper()
	eval[bool](s.tab, fmt.Sprintf(`[...document.querySelectorAll("#hops .step")].find((e) => e.querySelector(".words").textContent === %q)
		.dispatchEvent(new MouseEvent("click", {bubbles: true}))`, sentence))
	s.see("#hop")
}

func TestThePresentersKeys(t *testing.T) {
	story(t)
	s := startDemo(t).stage()
	s.press("n")
	s.is(`document.getElementById("whose").textContent === "Grace Hopper"`)
	s.press("s")
	s.enter()
	s.told("Nod asks Authy to send Grace a code by SMS")
	s.press("a")
	s.is(`document.getElementById("said").textContent === "Grace’s phone shows no request."`)
	for key, pane := range map[string]string{"1": "browser", "2": "phone", "3": "wire"} {
		s.press(key)
		s.is(fmt.Sprintf("document.getElementById(%q).hidden", pane))
		s.press(key)
		s.is(fmt.Sprintf("!document.getElementById(%q).hidden", pane))
	}
	small := eval[float64](s.tab, `parseFloat(getComputedStyle(document.documentElement).fontSize)`)
	s.press("+")
	if large := eval[float64](s.tab, `parseFloat(getComputedStyle(document.documentElement).fontSize)`); large <= small {
		t.Errorf("the type is %v px, and %v when it is to be larger", small, large)
	}
	s.press("-")
	s.press("t")
	s.see("#clock")
	s.press("?")
	s.see("#keys")
	s.accessible("the keys")
	s.look("stage-keys")
	s.press("x") // goes to the list, which has no such key
	s.press(kb.Escape)
	s.is(`!document.getElementById("keys").open`)
	if steps := s.steps(); len(steps) == 0 {
		t.Error("a key beside the list did something")
	}
	s.press("x")
	s.is(`document.getElementById("said").textContent === "As at the start."`)
	s.is(`document.querySelectorAll("#hops .step").length === 0 && document.getElementById("whose").textContent === "Ada Lovelace"`)
}

// One picture at every size: a rem follows the screen.
func TestTheStageFitsTheScreen(t *testing.T) {
	story(t)
	s := startDemo(t).stage()
	s.press("s")
	s.enter()
	s.told("The WebSocket is open")
	for _, size := range [][2]int64{{1280, 720}, {1920, 1080}, {3840, 2160}} {
		s.size(size[0], size[1])
		s.is(fmt.Sprintf(`innerWidth === %d && Math.abs(parseFloat(getComputedStyle(document.documentElement).fontSize) - %d) < 1`, size[0], size[0]/80))
		if eval[bool](s.tab, `document.documentElement.scrollHeight > innerHeight || document.documentElement.scrollWidth > innerWidth`) {
			t.Errorf("at %d×%d the stage has a scroll bar", size[0], size[1])
		}
	}
}

// A callback that is sent again: each trick is really sent, and changes no row.
func TestTheCallbackTakenApart(t *testing.T) {
	story(t)
	s := startDemo(t).stage()
	s.press("s")
	s.enter()
	s.told("The WebSocket is open")
	s.press("a")
	s.told("Nod lets this browser in: a new session")
	s.press("c")
	s.is(`document.getElementById("signature-met").textContent.startsWith("They meet")`)
	s.accessible("the callback")
	for _, trick := range []struct{ key, title, rule, met string }{
		{"r", "Replayed: 200 OK", "Nod: decided already, nothing changes", "They meet"},
		{"b", "One byte changed: 401 Unauthorized", "Nod refuses it: the signature does not match", "They do not meet"},
		{"u", "Unsigned: 401 Unauthorized", "Nod refuses it: it is not signed", "They do not meet"},
	} {
		s.press(trick.key)
		s.is(fmt.Sprintf(`document.getElementById("trick-title").textContent === %q`, trick.title))
		if got := s.text("#trick-rule"); got != trick.rule {
			t.Errorf("%s: the rule is %q, want %q", trick.title, got, trick.rule)
		}
		if got := s.text("#signature-met"); !strings.HasPrefix(got, trick.met) {
			t.Errorf("%s: %q", trick.title, got)
		}
		if before, after := s.text("#trick-before"), s.text("#trick-after"); before != after || !strings.HasPrefix(before, "approved, decided ") || !strings.HasSuffix(before, ", used") {
			t.Errorf("%s: the row was %q and is %q", trick.title, before, after)
		}
		s.look("stage-callback-" + trick.key)
	}
	s.accessible("the callback after a trick")
}

// The scenes by keys: each sets itself up, and finds out whether it went as told.
func TestTheScenes(t *testing.T) {
	story(t)
	s := startDemo(t).stage()
	signIn := func() {
		s.press("s")
		s.enter()
	}
	approved := func() {
		signIn()
		s.told("The WebSocket is open")
		s.press("a")
		s.told("Nod lets this browser in: a new session")
	}
	for i, play := range []func(){
		approved,
		func() {
			signIn()
			s.told("The WebSocket is open")
			s.press("d")
		},
		func() {
			approved()
			for _, trick := range [][2]string{{"r", "Replayed"}, {"b", "One byte"}, {"u", "Unsigned"}} {
				s.press(trick[0])
				s.is(fmt.Sprintf(`document.getElementById("trick-title").textContent.startsWith(%q)`, trick[1]))
			}
			s.press(kb.Escape)
		},
		func() {
			signIn()
			s.told("Nod asks Authy to send Grace a code by SMS")
			s.send("token", s.nod.phoneOf("grace@example.com").code("sms"))
		},
		func() {
			signIn()
			s.frame().at("/login/approval") // which takes the keys for a moment
		},
		func() {
			approved()
			s.send("payee", "Bob", "amount", "12.00")
			s.told("The browser asks for a transfer")
			s.is(`document.getElementById("handset").contentDocument?.querySelector("#pending .request") != null`)
			s.press("a")
		},
	} {
		s.press(kb.ArrowRight)
		s.is(fmt.Sprintf(`document.getElementById("scene-title").textContent.startsWith("%d of 6") && document.getElementById("said").textContent === "As at the start."`, i+1))
		s.look(fmt.Sprintf("stage-scene-%d-begins", i+1))
		play()
		s.is(`document.getElementById("scene-check").textContent === "✓ as told"`)
		s.look(fmt.Sprintf("stage-scene-%d", i+1))
	}
	s.accessible("a scene")
}
