package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/chromedp/chromedp"
)

// unpack is what Node.js has to do for the Chromium that lies packed in
// node_modules.
const unpack = `require("fs").writeFileSync(process.argv[2], require("zlib").brotliDecompressSync(require("fs").readFileSync(process.argv[1])), {mode: 0o755})`

// chromium92 starts a Chromium of July 2021, older than AbortSignal.timeout.
// Nil where there is none for this machine.
func chromium92(t *testing.T) context.Context {
	t.Helper()
	const packed = "node_modules/chrome-aws-lambda/bin/chromium.br"
	if _, err := os.Stat(packed); err != nil || runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		if os.Getenv("NOD_TEST_ALL") != "" && runtime.GOOS == "linux" && runtime.GOARCH == "amd64" {
			t.Fatal("Chromium 92 is not installed: make setup")
		}
		t.Log("Chromium 92 is not installed (make setup installs it, for Linux on x86-64); it is not tested")
		return nil
	}
	dir := t.TempDir()
	browser := filepath.Join(dir, "chromium")
	if out, err := exec.Command("node", "-e", unpack, packed, browser).CombinedOutput(); err != nil {
		t.Fatalf("unpacking Chromium 92: %v: %s", err, out)
	}
	ctx, cancel := chromedp.NewExecAllocator(context.Background(),
		chromedp.ExecPath(browser), chromedp.UserDataDir(filepath.Join(dir, "profile")),
		chromedp.WSURLReadTimeout(hangLimit),
		chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.WindowSize(1280, 900),
		chromedp.Flag("no-zygote", true),
		chromedp.Flag("in-process-gpu", true),
		chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("disable-background-timer-throttling", true),
		chromedp.Flag("disable-renderer-backgrounding", true),
	)
	t.Cleanup(cancel)
	old, cancel := chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	must(t, chromedp.Do(old))
	return old
}

// checkVisibility is what stories look for elements by; this browser is older than it.
const checkVisibility = `Element.prototype.checkVisibility ??= function () {
	return this.getClientRects().length > 0 && getComputedStyle(this).visibility === "visible";
}`

// The oldest browser that can be had here goes every way in, by every transport.
func TestChromium92(t *testing.T) {
	story(t)
	old := chromium92(t)
	if old == nil {
		return
	}
	n, proxy := behindProxy(t)
	open := func() *tab {
		tb := n.personWith(old).tab()
		tb.early(checkVisibility)
		tb.expect("WebSocket connection", "ERR_", "502", "409")
		return tb
	}

	tb := open()
	p := tb.signUp("ada@example.com", "2015550101")
	tb.is(`navigator.userAgent.includes("Chrome/92.")`)
	tb.is(`!("timeout" in AbortSignal)`)
	tb.transport("socket")
	p.answer("approve")
	tb.at("/protected")
	tb.askForTransfer("Grace Hopper", "120.50")
	tb.newest("awaiting")
	p.answer("approve")
	tb.newest("executed")

	tb = open()
	tb.signIn(p.Email)
	tb.transport("socket")
	p.answer("deny")
	tb.heading(words("approval.denied.title"))

	tb = open()
	tb.signIn(p.Email)
	tb.open("/verify-token")
	p.answer("approve")
	tb.at("/protected")

	for _, transport := range []string{"stream", "poll"} {
		proxy.dropUpgrades.Store(true)
		proxy.holdStreams.Store(transport == "poll")
		tb = open()
		tb.signIn(p.Email)
		tb.transport(transport)
		p.answer("approve")
		tb.at("/protected")
	}

	proxy.lose(func(requested string) bool { return requested == "/static/listen.js" })
	tb = open()
	tb.signIn(p.Email)
	tb.is(`location.search.startsWith("?plain=")`)
	p.answer("approve")
	tb.at("/protected")

	// The stage asks for more, and its check says so.
	demo := startDemo(t)
	s := &stage{tab: demo.personWith(old).tab()}
	s.open(demo.phones + "/stage")
	s.is(`document.getElementById("handset").contentDocument?.getElementById("calm") != null`)
	s.press("k")
	s.is(`[...document.querySelectorAll("#check-list .no")].some((e) => e.textContent.includes("It lacks heights that follow the window."))`)
}
