package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/cdproto/serviceworker"

	"nod/phone/push"
	"nod/phone/push/pushtest"
)

const (
	// phoneWorker gives a page a worker that waits for pushes.
	phoneWorker = `navigator.serviceWorker.register("/phone/worker.js", { scope: "/phone" }).then(() => navigator.serviceWorker.ready)`
	// showing waits until a notification with a title is shown.
	showing = `(async () => {
	const registration = await navigator.serviceWorker.getRegistration("/phone");
	while (!(await registration.getNotifications()).some(({ title }) => title === %q)) await new Promise((next) => setTimeout(next));
	return true;
})()`
	pushesMeasured = 100
)

// figure prints how long it takes to show a push, which once says when it sent.
func figure(t *testing.T, what string, once func(title, payload string) (sent time.Time)) {
	t.Helper()
	took := make([]time.Duration, pushesMeasured)
	for i := range took {
		title := fmt.Sprint("Sign in? ", i)
		payload, err := push.Notification{Title: title, Body: "Tap to see.", Tag: "request", Lang: "en"}.Payload()
		must(t, err)
		took[i] = time.Since(once(title, string(payload)))
	}
	slices.Sort(took)
	t.Logf("%s: p50 %v, p99 %v of %d", what, took[len(took)/2].Round(time.Millisecond), took[len(took)*99/100].Round(time.Millisecond), len(took))
}

// How long a push takes to be shown is printed: in Chromium from the moment its push
// service has it, by a worker that runs and by one that is stopped; in Firefox from the
// moment Nod sends it to its push service, which is on this machine.
func TestFiguresOfPushes(t *testing.T) {
	story(t)
	service := pushtest.New(t, time.Now)
	n := startWoken(t, service)
	h := startHandset(t, n)
	h.open("/phone")
	eval[bool](h.tab, phoneWorker+".then(() => true)")
	for what, worker := range map[string]func() serviceworker.Version{"runs": h.runs, "is stopped": h.stops} {
		figure(t, "push → shown in Chromium, whose worker "+what, func(title, payload string) time.Time {
			to, sent := worker(), time.Now()
			h.delivers(to, payload)
			for h.screen.next().title != title {
			}
			return sent
		})
	}
	firefoxShows(t, n, service)
}

func firefoxShows(t *testing.T, n *nod, service *pushtest.Service) {
	t.Helper()
	f := startFirefox(t, n, wakes(service.Firefox()))
	if f == nil {
		return
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	sender, err := push.New(push.Options{
		Key: key, Subject: "mailto:ops@nod.example", Hosts: []string{pushtest.Host}, Logger: slog.New(slog.DiscardHandler),
		Dial: service.Dial, Roots: service.Roots(),
	})
	must(t, err)
	go sender.Run(t.Context())
	public, err := sender.PublicKey()
	must(t, err)
	f.open("/phone")
	var made struct {
		Endpoint string
		Keys     struct{ P256dh, Auth string }
	}
	must(t, json.Unmarshal([]byte(f.value(fmt.Sprintf(
		phoneWorker+`.then(({ pushManager }) => pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: %q })).then(JSON.stringify)`, public))), &made))
	to := push.Subscription{Endpoint: made.Endpoint}
	to.P256dh, err = base64.RawURLEncoding.DecodeString(made.Keys.P256dh)
	must(t, err)
	to.Auth, err = base64.RawURLEncoding.DecodeString(made.Keys.Auth)
	must(t, err)
	figure(t, "push → shown in Firefox", func(title, payload string) time.Time {
		sent := time.Now()
		must(t, sender.Send(to, push.Message{Payload: []byte(payload), Expires: time.Now().Add(time.Minute)}, func(push.Outcome) {}))
		f.is(fmt.Sprintf(showing, title))
		return sent
	})
}
