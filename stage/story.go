package stage

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"nod/wire"
)

// Step is one arrow of the sequence diagram: a hop, in words.
type Step struct {
	ID    int64      `json:"id"` // of the hop
	From  wire.Party `json:"from"`
	To    wire.Party `json:"to"`
	Text  string     `json:"text"`
	Tone  string     `json:"tone,omitempty"` // yes, no
	Since float64    `json:"since"`          // milliseconds after the step before
	Tap   *float64   `json:"tap,omitempty"`  // milliseconds after the last tap before it
}

// Flip is one tap, and when the person saw what came of it.
type Flip struct {
	ID      int64   `json:"id"`   // of the hop that is the tap
	Seen    int64   `json:"seen"` // of the browser's own acknowledgement
	MS      float64 `json:"ms"`   // from the one to the other
	Polling float64 `json:"polling"`
}

const (
	// pollEvery is how often the page of the tutorial asks.
	pollEvery = 2 * time.Second
	// tapCounts is how long what happens is still timed by the tap before it.
	tapCounts = 10 * time.Second
)

// namer says whose phone has an id: "Ada"; "" if nobody knows.
type namer func(phone string) string

// tell makes the steps of the last sign-in from the hops since it began.
func tell(hops []wire.Hop, name namer) (steps []Step) {
	var before, tap time.Time
	others := otherBrowsers(hops)
	story := slices.Clone(lastStory(hops))
	shown := map[string]bool{} // requests that a phone shows
	for _, h := range hops[:len(hops)-len(story)] {
		isRepeat(h, shown)
	}
	// Hops are numbered when they are whole, and told by when they began.
	slices.SortStableFunc(story, func(a, b wire.Hop) int { return a.At.Compare(b.At) })
	for _, h := range story {
		text, tone := sentence(h, name)
		if text == "" || isRepeat(h, shown) {
			continue
		}
		if others[h.Browser] {
			text = ofTheOther.Replace(text)
		}
		step := Step{ID: h.ID, From: h.From, To: h.To, Text: text, Tone: tone}
		if !before.IsZero() {
			step.Since = ms(h.At.Sub(before))
		}
		if isTap(h) {
			tap = h.At
		}
		if since := ms(h.At.Sub(tap)); !tap.IsZero() && h.At.Sub(tap) < tapCounts {
			step.Tap = &since
		}
		before = h.At
		steps = append(steps, step)
	}
	return steps
}

// lastStory are the hops since the last password was sent.
func lastStory(hops []wire.Hop) []wire.Hop {
	for i := len(hops) - 1; i >= 0; i-- {
		if h := hops[i]; h.Kind == wire.Request && h.Method == http.MethodPost && h.Route == "/login" {
			return hops[i:]
		}
	}
	return nil
}

// isRepeat says whether a frame tells a phone of nothing new: each carries all that
// the phone shows.
func isRepeat(h wire.Hop, shown map[string]bool) bool {
	if h.Kind != wire.Frame || h.To != wire.Phone {
		return false
	}
	again := shown[h.UUID]
	shown[h.UUID] = true
	return again
}

func isTap(h wire.Hop) bool {
	return h.Kind == wire.Request && h.From == wire.Phone && (strings.HasSuffix(h.Route, "/approve") || strings.HasSuffix(h.Route, "/deny"))
}

// flips measures each tap that a browser has seen: one whose page was open at the tap,
// that was told of this very request, and that has acknowledged it.
func flips(hops []wire.Hop) (all []Flip) {
	opened := map[int]time.Time{} // when a browser had its waiting page
	var tap, answer wire.Hop      // answer is the frame that tells of it
	for _, h := range hops {
		switch {
		case h.Kind == wire.Answer && h.Route == "/login/approval" && h.Status == http.StatusOK:
			opened[h.Browser] = h.End
		case isTap(h):
			tap, answer = h, wire.Hop{}
		case tap.ID != 0 && h.UUID == tap.UUID && isEnd(h):
			answer = h
		case answer.ID != 0 && acknowledges(h, answer):
			if page := opened[h.Browser]; !page.IsZero() && page.Before(tap.At) {
				all = append(all, Flip{ID: tap.ID, Seen: h.ID, MS: ms(h.At.Sub(tap.At)), Polling: polled(page, tap.At, answer.At)})
			}
			tap, answer = wire.Hop{}, wire.Hop{}
		}
	}
	return all
}

// acknowledges says whether a browser has shown that it was told: on the same socket,
// or, where its page goes on before that is closed, by wanting in.
func acknowledges(h, answer wire.Hop) bool {
	wantsIn := h.Kind == wire.Request && h.Route == "/confirm-login"
	return h.From == wire.Browser && h.Browser == answer.Browser && (h.Exchange == answer.Exchange || wantsIn)
}

// polled is when a page that asks every two seconds since it was opened would have
// known, in milliseconds after the tap.
func polled(opened, tap, known time.Time) float64 {
	asks := opened.Add((known.Sub(opened)/pollEvery + 1) * pollEvery)
	return ms(asks.Sub(tap))
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// told is what a waiting page is told: by its socket, by a stream where that does not
// open, or by the answer to its question.
type told struct {
	Status string `json:"status"`
	Reason string `json:"reason"`
	Number string `json:"number"`
}

func toldBy(h wire.Hop) (t told) {
	text := h.Body
	switch {
	case h.To != wire.Browser:
		return told{}
	case h.Kind == wire.Event:
		for line := range strings.Lines(h.Body) {
			if data, is := strings.CutPrefix(line, "data: "); is {
				text = data // the last one counts
			}
		}
	case h.Kind == wire.Answer && h.Route != "/authy/status":
		return told{}
	}
	if json.Unmarshal([]byte(text), &t) != nil {
		return told{}
	}
	return t
}

// isEnd says whether a hop tells how a wait has ended.
func isEnd(h wire.Hop) bool {
	status := toldBy(h).Status
	return status != "" && status != "pending"
}
