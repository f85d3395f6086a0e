package e2e

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

var (
	binary  string          // Nod, built with the race detector
	chrome  context.Context // the one browser process; people are contexts of it
	missing string          // why the stories are skipped, "" if they run
)

func TestMain(m *testing.M) {
	flag.Parse()
	// Stories wait more than they compute.
	flag.Set("test.parallel", "5")
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	browser := findBrowser()
	if browser == "" {
		if os.Getenv("NOD_TEST_ALL") != "" {
			fmt.Fprintln(os.Stderr, "the browser stories need Chromium, which is not installed: make setup")
			return 1
		}
		missing = "Chromium is not installed (make setup installs it); the browser stories are skipped"
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "nod-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "nod")
	build := exec.Command("go", "build", "-race", "-o", binary, "nod")
	if os.Getenv("NOD_SCREENSHOTS") != "" { // pictures show times, and should be those that people see
		build = exec.Command("go", "build", "-o", binary, "nod")
	}
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "building Nod:", err)
		return 1
	}

	ctx, cancel := chromedp.NewExecAllocator(context.Background(), chromium(browser, filepath.Join(dir, "profile"))...)
	defer cancel()
	chrome, cancel = chromedp.NewContext(ctx)
	defer cancel()
	if err := chromedp.Do(chrome); err != nil {
		fmt.Fprintln(os.Stderr, "starting Chromium:", err)
		return 1
	}
	return m.Run()
}

// chromium is how the stories start one.
func chromium(program, profile string) []chromedp.ExecAllocatorOption {
	return []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(program), chromedp.UserDataDir(profile),
		chromedp.WSURLReadTimeout(hangLimit),
		chromedp.Headless, chromedp.NoSandbox, chromedp.IgnoreCertErrors, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.DisableGPU,
		chromedp.WindowSize(1280, 900),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-dev-shm-usage", true),
		// Tabs of several people are open at once; Chromium must not slow down
		// those in the background.
		chromedp.Flag("disable-background-timer-throttling", true),
		chromedp.Flag("disable-backgrounding-occluded-windows", true),
		chromedp.Flag("disable-renderer-backgrounding", true),
		// Drawing motion that nobody sees, and processes kept ready for sites that
		// nobody visits, are a third of the processor time.
		chromedp.Flag("force-prefers-reduced-motion", true),
		chromedp.Flag("disable-features", "SpareRendererForSitePerProcess,Translate,OptimizationHints,MediaRouter"),
		chromedp.Flag("accept-lang", "en-GB"),
		chromedp.Flag("lang", "en-GB"),
	}
}

func findBrowser() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// story begins a test that needs the browser.
func story(t *testing.T) {
	t.Helper()
	if missing != "" {
		t.Skip(missing)
	}
	t.Parallel()
}

// all is set by make long.
func all() bool { return os.Getenv("NOD_TEST_LONG") != "" }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
