package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
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
	s.key(keys)
}

// key presses keys, wherever they go.
func (s *stage) key(keys string) {
	s.t.Helper()
	run(s.tab, "press "+keys, chromedp.KeyEvent(keys, withoutText))
}

// clickPhone clicks on something on the phone, with the mouse, and leaves that there.
func (s *stage) clickPhone(selector string) {
	s.t.Helper()
	const page = `document.getElementById("handset").contentDocument`
	s.is(fmt.Sprintf(`%s?.readyState === "complete" && %[1]s.querySelector(%q) != null`, page, selector))
	at := settled(func() [2]float64 {
		return eval[[2]float64](s.tab, fmt.Sprintf(`((frame, element) => {
			element.scrollIntoView({ block: "center" });
			const around = frame.getBoundingClientRect(), { x, y, width, height } = element.getBoundingClientRect();
			const scale = around.width / frame.contentWindow.innerWidth;
			return [around.x + (x + width / 2) * scale, around.y + (y + height / 2) * scale];
		})(document.getElementById("handset"), %s.querySelector(%q))`, page, selector))
	})
	run(s.tab, "click "+selector, chromedp.MouseClickXY(at[0], at[1]))
}

// withoutText takes the character out of a key. A keyboard sends none once the page
// has taken the key; a driver does, after the frame may have got the focus.
func withoutText(key *input.DispatchKeyEventParams) {
	if key.Type == kb.KeyChar {
		key.Text, key.UnmodifiedText = "", ""
	}
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

// send fills in a form in the frame, and sends it.
func (s *stage) send(fields ...string) {
	s.t.Helper()
	s.fill(fields...)
	eval[bool](s.frame(), fmt.Sprintf(`setTimeout((form) => form.requestSubmit(), 0, document.getElementById(%q).form) > 0`, fields[0]))
}

// fill fills in a form in the frame, fields and their values in turn.
func (s *stage) fill(fields ...string) {
	s.t.Helper()
	frame := s.frame()
	for i := 0; i < len(fields); i += 2 {
		frame.is(fmt.Sprintf(`document.getElementById(%q) != null && document.readyState === "complete"`, fields[i]))
		eval[bool](frame, fmt.Sprintf(`(document.getElementById(%q).value = %q) !== ""`, fields[i], fields[i+1]))
	}
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
				s.app = s.attach(info.TargetID)
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
	s.see("#wire-empty")
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
	s.fitsEveryScreen()

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
	s.openHop("Authy tells Nod the answer, signed")
	if head := s.text("#hop-head"); !strings.HasPrefix(head, "POST /authy/callback HTTP/1.1") || !strings.Contains(head, "X-Authy-Signature: ") {
		t.Errorf("the callback reads\n%s", head)
	}
	s.accessible("a hop")
	s.look("stage-hop")
	s.press(kb.Escape)
	s.realPhone()
	s.playedFromTheDisk()
}

// realPhone: whoever is signed in adds a phone of their own, in this very browser.
func (s *stage) realPhone() {
	s.t.Helper()
	s.press("p")
	s.see("#real-title")
	s.accessible("a real phone")
	s.look("stage-real")
	other := (&person{t: s.t, nod: s.nod, ctx: s.ctx}).tab()
	for _, link := range []string{"/account/phones", "/phone"} {
		other.open(eval[string](s.tab, fmt.Sprintf(`document.querySelector("#real a[href$='%s']").href`, link)))
		other.at(link)
	}
	s.press(kb.Escape)
}

// fitsEveryScreen: one picture at every size, since a rem follows the screen.
func (s *stage) fitsEveryScreen() {
	s.t.Helper()
	for _, size := range [][2]int64{{1920, 1080}, {3840, 2160}, {1280, 720}} {
		s.size(size[0], size[1])
		s.is(fmt.Sprintf(`innerWidth === %d && Math.abs(parseFloat(getComputedStyle(document.documentElement).fontSize) - %d) < 1`, size[0], size[0]/80))
		if eval[bool](s.tab, `document.documentElement.scrollHeight > innerHeight || document.documentElement.scrollWidth > innerWidth`) {
			s.t.Errorf("at %d×%d the stage has a scroll bar", size[0], size[1])
		}
		s.look(fmt.Sprintf("stage-after-%d", size[0]))
	}
}

// playedFromTheDisk exports the sign-in, stops Nod and plays it without: the same
// steps, the browser and the phone, with their bytes and times.
func (s *stage) playedFromTheDisk() {
	s.t.Helper()
	s.press("e")
	s.see("#export-some")
	s.accessible("the export")
	s.look("stage-export")
	want := s.steps()
	file := filepath.Join(s.t.TempDir(), "sign-in.html")
	status, page := s.nod.call(http.MethodGet, "/stage/export/html", nil)
	if status != http.StatusOK {
		s.t.Fatalf("the export: %d %s", status, page)
	}
	must(s.t, os.WriteFile(file, page, 0o644))
	s.open("about:blank")
	s.nod.stop()

	p := &stage{tab: s.nod.person().tab()}
	p.size(1280, 720)
	p.offline(true)
	p.open("file://" + file)
	p.is(`document.getElementById("said").textContent.startsWith("Press the space bar")`)
	p.accessible("a recording before it plays")
	p.press(" ")
	p.is(fmt.Sprintf(`document.querySelectorAll("#hops .step").length === %d && document.getElementById("play").textContent === "Play"`, len(want)))
	if got := p.steps(); !slices.Equal(got, want) {
		s.t.Errorf("the recording tells\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for selector, text := range map[string]string{"#browser-screen": "You are in", "#phone-screen": "Approved"} {
		if got := p.text(selector); !strings.Contains(got, text) {
			s.t.Errorf("%s shows %q", selector, got)
		}
	}
	p.is(`document.getElementById("flip-last").textContent.endsWith(" ms")`)
	p.look("stage-recording")
	p.press(kb.Home)
	for range 40 {
		p.press(kb.ArrowRight)
		if strings.Contains(p.text("#said"), "Authy shows the request") {
			break
		}
	}
	if got := p.text("#phone-screen"); !strings.Contains(got, "Sign in to Nod?") || !strings.Contains(got, "ada@example.com") {
		s.t.Errorf("the phone that is asked shows %q", got)
	}
	p.accessible("a recording")
	p.look("stage-recording-asked")
	p.press(kb.End)
	p.openHop("Authy tells Nod the answer, signed")
	if head := p.text("#hop-head"); !strings.HasPrefix(head, "POST /authy/callback HTTP/1.1") {
		s.t.Errorf("the callback reads\n%s", head)
	}
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
		s.look("stage-without-" + pane)
		if !eval[bool](s.tab, `((seen) => seen[0].left < 20 && seen.at(-1).right > innerWidth - 20)([...document.querySelectorAll(".pane:not([hidden])")].map((e) => e.getBoundingClientRect()))`) {
			t.Errorf("the others leave the room of the %s empty", pane)
		}
		s.press(key)
		s.is(fmt.Sprintf("!document.getElementById(%q).hidden", pane))
	}
	small := eval[float64](s.tab, `parseFloat(getComputedStyle(document.documentElement).fontSize)`)
	s.press("+")
	if large := eval[float64](s.tab, `parseFloat(getComputedStyle(document.documentElement).fontSize)`); large <= small {
		t.Errorf("the type is %v px, and %v when it is to be larger", small, large)
	}
	s.press("+")
	s.look("stage-huge")
	if eval[bool](s.tab, `document.documentElement.scrollWidth > innerWidth || document.documentElement.scrollHeight > innerHeight`) {
		t.Error("the largest type does not fit")
	}
	s.press("-")
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
	s.press("k")
	s.is(`document.getElementById("check-said").textContent !== ""`)
	t.Logf("the check: %s", s.text("#check-list"))
	if got := eval[int](s.tab, `document.querySelectorAll("#check-list .yes").length`); got < 5 {
		t.Errorf("%d lines are in order", got) // a machine without a network has one that is not
	}
	s.accessible("the stage check")
	s.look("stage-check")
	s.press(kb.Escape)
	if steps := s.steps(); len(steps) == 0 {
		t.Error("a key beside the list did something")
	}
	s.press("x")
	s.is(`document.getElementById("said").textContent === "As at the start."`)
	s.is(`document.querySelectorAll("#hops .step").length === 0 && document.getElementById("whose").textContent === "Ada Lovelace"`)
}
