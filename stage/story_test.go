package stage

import (
	"strings"
	"testing"
	"time"

	"nod/wire"
)

var begun = time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)

func at(ms int, h wire.Hop) wire.Hop {
	h.At = begun.Add(time.Duration(ms) * time.Millisecond)
	h.End = h.At
	return h
}

const tapRoute = "/phones/{phone}/requests/{uuid}/approve"

// signIn is what the wire has of one: a tap three seconds after the page was opened,
// told 20 ms later, and seen 5 ms after that.
func signIn() []wire.Hop {
	hops := []wire.Hop{
		at(0, wire.Hop{From: wire.Browser, To: wire.Nod, Kind: wire.Request, Method: "POST", Route: "/login", Browser: 1}),
		at(10, wire.Hop{From: wire.Authy, To: wire.Phone, Kind: wire.Frame, Op: "text", UUID: "u", Phone: "7"}),
		at(15, wire.Hop{From: wire.Authy, To: wire.Phone, Kind: wire.Frame, Op: "text", UUID: "u", Phone: "7"}),
		at(100, wire.Hop{From: wire.Nod, To: wire.Browser, Kind: wire.Answer, Method: "GET", Route: "/login/approval", Status: 200, Browser: 1}),
		at(3100, wire.Hop{From: wire.Phone, To: wire.Authy, Kind: wire.Request, Method: "POST", Route: tapRoute, Phone: "7"}),
		at(3110, wire.Hop{From: wire.Authy, To: wire.Nod, Kind: wire.Request, Method: "POST", Route: "/authy/callback", Phone: "7"}),
		at(3120, wire.Hop{From: wire.Nod, To: wire.Browser, Kind: wire.Frame, Op: "text", Route: "/login/events", Body: `{"status":"approved"}`, Browser: 1}),
		at(3122, wire.Hop{From: wire.Browser, To: wire.Nod, Kind: wire.Request, Method: "GET", Route: "/login", Browser: 2}),
		at(3125, wire.Hop{From: wire.Browser, To: wire.Nod, Kind: wire.Frame, Op: "close", Route: "/login/events", Browser: 1}),
	}
	for i := range hops {
		hops[i].ID = int64(i + 1)
	}
	return hops
}

func nameOf(phone string) string { return map[string]string{"7": "Ada"}[phone] }

// The time ends where the person sees it: at the acknowledgement of the browser that
// asked, and no other. The page that polls asks at 2100 and at 4100 ms.
func TestATapIsMeasuredToTheBrowsersAcknowledgement(t *testing.T) {
	got := flips(signIn())
	if want := (Flip{ID: 5, MS: 25, Polling: 1000}); len(got) != 1 || got[0] != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := flips(signIn()[:6]); len(got) != 0 {
		t.Errorf("a tap that no browser has seen is measured: %v", got)
	}
}

func TestTheWireTellsTheLastSignIn(t *testing.T) {
	hops := append(signIn(), signIn()...)
	for i := range hops {
		hops[i].ID = int64(i + 1)
	}
	steps := tell(hops, nameOf)
	var told []string
	for _, step := range steps {
		told = append(told, step.Text)
	}
	want := []string{
		"The browser sends e-mail and password", "Authy shows the request on Ada’s phone", "Nod sends the page", "Ada taps Approve",
		"Authy tells Nod the answer, signed", "Nod tells the browser: approved", "The browser has it, and hangs up",
	}
	if strings.Join(told, "|") != strings.Join(want, "|") {
		t.Fatalf("got  %q\nwant %q", told, want)
	}
	swapped := signIn()
	swapped[4], swapped[5] = swapped[5], swapped[4]
	if got := tell(swapped, nameOf)[3].Text; got != "Ada taps Approve" {
		t.Errorf("what began first is not told first, but %q", got)
	}
	last := steps[len(steps)-1]
	if last.ID != 18 || last.Since != 5 || last.Tap == nil || *last.Tap != 25 || steps[2].Tap != nil {
		t.Errorf("the times are wrong: %+v", last)
	}
}

// What is refused says by which rule, and that it was refused.
func TestARefusedCallbackNamesTheRule(t *testing.T) {
	for note, want := range map[string]string{"unsigned": "not signed", "nonce": "nonce", "signature": "does not match"} {
		text, tone := sentence(wire.Hop{
			From: wire.Nod, To: wire.Authy, Kind: wire.Answer, Method: "POST", Route: "/authy/callback", Status: 401, Note: note,
		}, nameOf)
		if !strings.Contains(text, want) || tone != "no" {
			t.Errorf("%s: got %q, %q", note, text, tone)
		}
	}
}
