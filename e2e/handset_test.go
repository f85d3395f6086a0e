package e2e

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/pwa"
	"github.com/chromedp/cdproto/serviceworker"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"nod/phone/push/pushtest"
)

// handset is a Chromium of its own, with a profile that is kept: off the record Chromium
// pushes nothing and installs nothing.
type handset struct {
	*tab
	desk   *tab              // another one, of Nod and not of the phone: it stays, and hears of the worker
	pushes *pushtest.Browser // what Nod has sent to it
	screen *desktop          // of its notifications

	mu      sync.Mutex
	workers map[string]serviceworker.Version // as they are now
}

// startHandset starts one which may show notifications.
func startHandset(t *testing.T, n *nod) *handset {
	t.Helper()
	// Chromium may still write while it ends, so t.TempDir could not be removed.
	dir, err := os.MkdirTemp("", "nod-handset-")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	// Its home is where it puts what is installed.
	screen := startDesktop(t)
	options := append(chromium(findBrowser(), filepath.Join(dir, "profile")), chromedp.Env("HOME="+dir, "DBUS_SESSION_BUS_ADDRESS="+screen.bus))
	allocator, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	first, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	must(t, chromedp.Do(first))
	owner := &person{t: t, nod: n, browser: first, ctx: first}
	h := &handset{tab: owner.tab(), desk: owner.tab(), screen: screen, workers: map[string]serviceworker.Version{}}
	_, err = chromedp.CallBrowser(h.ctx, browser.SetPermission, browser.SetPermissionParams{
		Permission: &browser.PermissionDescriptor{Name: "notifications"}, Setting: browser.PermissionSettingGranted, Origin: n.url,
	})
	must(t, err)
	h.desk.open("/login")
	h.desk.listen(h.heard)
	call(h.desk, serviceworker.Enable, cdp.Empty{})
	return h
}

func (h *handset) heard(event any) {
	if e, ok := event.(*serviceworker.EventWorkerVersionUpdated); ok {
		h.mu.Lock()
		defer h.mu.Unlock()
		for _, v := range e.Versions {
			h.workers[v.VersionID] = *v
		}
	}
}

// worker waits until the worker of the phone's page is activated, since what is pushed
// before is lost without a word, and has a status. act makes it have that: again and
// again, for a browser may start and stop it at any time.
func (h *handset) worker(status serviceworker.VersionRunningStatus, act func(serviceworker.Version)) (found serviceworker.Version) {
	h.t.Helper()
	eventually(h.t, "the worker is "+string(status), func() bool {
		var known bool
		if found, known = h.activated(); known && found.RunningStatus != status {
			act(found)
		}
		return known && found.RunningStatus == status
	})
	return found
}

// activated is the worker that is.
func (h *handset) activated() (serviceworker.Version, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, v := range h.workers {
		if v.ScriptURL == h.nod.url+"/phone/worker.js" && v.Status == serviceworker.VersionStatusActivated {
			return v, true
		}
	}
	return serviceworker.Version{}, false
}

// subscribes is what the page does where its push service can be reached. Chromium's own
// cannot be here, so that the page has said that; a subscription of the test's takes its
// place.
func (h *handset) subscribes(service *pushtest.Service) {
	h.t.Helper()
	h.is(`document.querySelector("#push").dataset.push === "unreachable"`)
	h.pushes = service.Subscribe(eval[string](h.tab, `fetch("/phone/push").then((reply) => reply.json()).then(({key}) => key)`))
	text := base64.RawURLEncoding.EncodeToString
	told, err := json.Marshal(map[string]any{"endpoint": h.pushes.Endpoint, "keys": map[string]string{"p256dh": text(h.pushes.P256dh), "auth": text(h.pushes.Auth)}})
	must(h.t, err)
	const post = `fetch("/phone/push", {method: "POST", headers: {"Content-Type": "application/json"}, body: %q}).then((reply) => reply.status)`
	if status := eval[int](h.tab, fmt.Sprintf(post, told)); status != 204 {
		h.t.Fatalf("the subscription is refused: %d", status)
	}
}

// runs starts the worker, unless it runs.
func (h *handset) runs() serviceworker.Version {
	h.t.Helper()
	return h.worker(serviceworker.VersionRunningStatusRunning, func(serviceworker.Version) {
		call(h.desk, serviceworker.StartWorker, serviceworker.StartWorkerParams{ScopeURL: h.nod.url + "/phone"})
	})
}

// stops stops the worker, as a browser does with one that has nothing to do.
func (h *handset) stops() serviceworker.Version {
	h.t.Helper()
	return h.worker(serviceworker.VersionRunningStatusStopped, func(v serviceworker.Version) {
		call(h.desk, serviceworker.StopWorker, serviceworker.StopWorkerParams{VersionID: v.VersionID})
	})
}

// delivers hands a message to the worker.
func (h *handset) delivers(to serviceworker.Version, payload string) {
	h.t.Helper()
	call(h.desk, serviceworker.DeliverPushMessage, serviceworker.DeliverPushMessageParams{Origin: h.nod.url, RegistrationID: to.RegistrationID, Data: payload})
}

// shows waits for the next notification. Chromium puts the name of the site above its
// text.
func (h *handset) shows(title, body string) note {
	h.t.Helper()
	n := h.screen.next()
	if n.title != title || !strings.HasSuffix(n.body, body) {
		h.t.Errorf("the notification is %+v, want %q, %q", n, title, body)
	}
	return n
}

// taps taps on a notification, which opens the page with its request, and goes.
func (h *handset) taps(n note, asks string) {
	h.t.Helper()
	opened := h.opens(func() { h.screen.press(n, onBody) }, asks)
	if opened.URL != h.nod.url+"/phone" {
		h.t.Errorf("a tap opens %s", opened.URL)
	}
	h.screen.cleared()
	_, err := chromedp.CallBrowser(h.ctx, target.CloseTarget, target.CloseTargetParams{TargetID: opened.TargetID})
	must(h.t, err)
	h.open("/phone") // the keys of the test's authenticator are this tab's
}

// opens returns the page that something opens, once it has its heading.
func (h *handset) opens(act func(), heading string) (opened target.Info) {
	h.t.Helper()
	before := h.pages()
	act()
	eventually(h.t, "a page is opened: "+heading, func() bool {
		for _, page := range h.pages() {
			known := slices.ContainsFunc(before, func(b target.Info) bool { return b.TargetID == page.TargetID })
			if !known && strings.HasPrefix(page.Title, heading+" ") {
				opened = page
			}
		}
		return opened.TargetID != ""
	})
	return opened
}

// installs puts the page on the home screen, and returns it as it is opened from there.
func (h *handset) installs(named string) *tab {
	h.t.Helper()
	manifest := call(h.tab, page.GetAppManifest, page.GetAppManifestParams{})
	if manifest.URL != h.nod.url+"/static/phone.webmanifest" {
		h.t.Errorf("the manifest is at %q", manifest.URL)
	}
	for _, e := range manifest.Errors {
		h.t.Errorf("the manifest: %s", e.Message)
	}
	for _, e := range call(h.tab, page.GetInstallabilityErrors, cdp.Empty{}).InstallabilityErrors {
		h.t.Errorf("the page cannot be installed: %s", e.ErrorID)
	}
	id := h.nod.url + "/phone"
	call(h.tab, pwa.Install, pwa.InstallParams{ManifestID: id})
	// As a window of its own, and not as a tab: the other thing that a person may choose.
	call(h.tab, pwa.ChangeAppUserSettings, pwa.ChangeAppUserSettingsParams{ManifestID: id, DisplayMode: pwa.DisplayModeStandalone})
	app := h.attach(h.opens(func() {
		_, err := chromedp.CallBrowser(h.ctx, pwa.Launch, pwa.LaunchParams{ManifestID: id})
		must(h.t, err)
	}, named).TargetID)
	app.is(`location.pathname === "/phone" && matchMedia("(display-mode: standalone)").matches`)
	return app
}

// pages are those that are open.
func (h *handset) pages() (pages []target.Info) {
	h.t.Helper()
	for _, info := range call(h.desk, target.GetTargets, target.GetTargetsParams{}).TargetInfos {
		if info.Type == "page" {
			pages = append(pages, *info)
		}
	}
	return pages
}
