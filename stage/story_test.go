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
		at(3100, wire.Hop{From: wire.Phone, To: wire.Authy, Kind: wire.Request, Method: "POST", Route: tapRoute, Phone: "7", UUID: "u"}),
		at(3110, wire.Hop{From: wire.Authy, To: wire.Nod, Kind: wire.Request, Method: "POST", Route: "/authy/callback", Phone: "7"}),
		at(3120, wire.Hop{From: wire.Nod, To: wire.Browser, Kind: wire.Frame, Op: "text", Route: "/login/events", Body: `{"status":"approved"}`, Browser: 1, Exchange: 9, UUID: "u"}),
		at(3122, wire.Hop{From: wire.Browser, To: wire.Nod, Kind: wire.Request, Method: "GET", Route: "/login", Browser: 2}),
		at(3125, wire.Hop{From: wire.Browser, To: wire.Nod, Kind: wire.Frame, Op: "close", Route: "/login/events", Browser: 1, Exchange: 9}),
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
	if want := (Flip{ID: 5, Seen: 9, MS: 25, Polling: 1000}); len(got) != 1 || got[0] != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

// A page may go on before its socket is closed: then it has been seen by then.
func TestAPageThatWantsInHasSeenTheTap(t *testing.T) {
	hops := signIn()
	hops[8] = at(3130, wire.Hop{ID: 9, From: wire.Browser, To: wire.Nod, Kind: wire.Request, Method: "POST", Route: "/confirm-login", Browser: 1})
	if got := flips(hops); len(got) != 1 || got[0].MS != 30 {
		t.Errorf("got %v", got)
	}
}

// Where no socket opens, a page is told by a stream or by the answer to its question.
func TestAPageIsToldInOtherWaysAsWell(t *testing.T) {
	for name, h := range map[string]wire.Hop{
		"an event":  {Kind: wire.Event, Route: "/login/stream", UUID: "u", Body: "retry: 2000\n\ndata: {\"status\":\"pending\"}\n\ndata: {\"status\":\"approved\"}\n\n"},
		"an answer": {Kind: wire.Answer, Method: "GET", Route: "/authy/status", Status: 200, UUID: "u", Body: `{"status":"approved"}`},
	} {
		hops := signIn()
		h.ID, h.From, h.To, h.Browser = 7, wire.Nod, wire.Browser, 1
		hops[6] = at(3120, h)
		hops[8] = at(3130, wire.Hop{ID: 9, From: wire.Browser, To: wire.Nod, Kind: wire.Request, Method: "POST", Route: "/confirm-login", Browser: 1})
		steps := tell(hops, nameOf)
		if step := steps[len(steps)-2]; step.Text != "Nod tells the browser: approved" || step.Tone != "yes" {
			t.Errorf("%s: the wire tells %q", name, step.Text)
		}
		if got := flips(hops); len(got) != 1 || got[0].MS != 30 {
			t.Errorf("%s: the tap is measured as %v", name, got)
		}
		if s := browserScreen(hops[6]); s == nil || s.Title != "Approved" {
			t.Errorf("%s: the browser shows %+v", name, s)
		}
	}
}

// A tap counts where a browser waited for it, was told of it and has said so: neither
// one that came before its page, nor one of a request that ended otherwise.
func TestATapThatNoBrowserHasSeenIsNotMeasured(t *testing.T) {
	early := signIn()
	early[3], early[4] = early[4], early[3]
	early[3].At, early[4].End = early[4].At, early[3].At
	other := signIn()
	other[6].UUID = "another request"
	unseen := signIn()[:8]
	for name, hops := range map[string][]wire.Hop{"before its page": early, "of another request": other, "not acknowledged": unseen} {
		if got := flips(hops); len(got) != 0 {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

// What comes long after a tap is not timed by it.
func TestATapTimesWhatFollowsIt(t *testing.T) {
	hops := append(signIn(), at(371_000, wire.Hop{ID: 20, From: wire.Browser, To: wire.Nod, Kind: wire.Request, Method: "POST", Route: "/transfers", Browser: 1}))
	steps := tell(hops, nameOf)
	if last := steps[len(steps)-1]; last.Tap != nil {
		t.Errorf("got %v ms after the tap", *last.Tap)
	}
}

// What another browser does is told as of another one.
func TestTheOtherBrowserIsToldApart(t *testing.T) {
	hops := signIn()
	hops = append(hops,
		at(3200, wire.Hop{ID: 20, From: wire.Browser, To: wire.Nod, Kind: wire.Request, Method: "POST", Route: "/confirm-login", Browser: 3, Head: "POST /confirm-login HTTP/1.1\r\nUser-Agent: " + rivalAgent + "\r\n"}),
		at(3210, wire.Hop{ID: 21, From: wire.Nod, To: wire.Browser, Kind: wire.Answer, Method: "POST", Route: "/confirm-login", Status: 409, Browser: 3}),
		at(3220, wire.Hop{ID: 22, From: wire.Nod, To: wire.Browser, Kind: wire.Answer, Method: "POST", Route: "/confirm-login", Status: 303, Browser: 1, Head: "HTTP/1.1 303 See Other\r\nLocation: /protected\r\n"}),
		at(3230, wire.Hop{ID: 23, From: wire.Nod, To: wire.Browser, Kind: wire.Answer, Method: "POST", Route: "/confirm-login", Status: 303, Browser: 3, Head: "HTTP/1.1 303 See Other\r\nLocation: /login?notice=start\r\n"}),
	)
	steps := tell(hops, nameOf)
	want := []string{"The other browser wants in", "Nod keeps the other browser out", "Nod lets this browser in: a new session", "Nod keeps the other browser out"}
	for i, step := range steps[len(steps)-len(want):] {
		if step.Text != want[i] {
			t.Errorf("got %q, want %q", step.Text, want[i])
		}
	}
	if got := outlook(hops); got != (other{"is kept out", "no"}) {
		t.Errorf("it is shown as %+v", got)
	}
	if got := outlook(signIn()); got.Text != "" {
		t.Errorf("without another browser: %+v", got)
	}
}

func TestTheWireTellsTheLastSignIn(t *testing.T) {
	hops := append(signIn(), signIn()...)
	for i := range hops {
		hops[i].ID = int64(i + 1)
	}
	hops[10].UUID, hops[11].UUID = "v", "v"
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
	hops[10].UUID = "u"
	if got := tell(hops[:11], nameOf); len(got) != 1 {
		t.Errorf("what the phone has shown since before is told anew: %+v", got)
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
