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
	ID      int64   `json:"id"` // of the hop that is the tap
	MS      float64 `json:"ms"` // from the tap to the browser's own acknowledgement
	Polling float64 `json:"polling"`
}

// pollEvery is how often the page of the tutorial asks.
const pollEvery = 2 * time.Second

// namer says whose phone has an id: "Ada"; "" if nobody knows.
type namer func(phone string) string

// tell makes the steps of the last sign-in from the hops since it began.
func tell(hops []wire.Hop, name namer) (steps []Step) {
	var before, tap time.Time
	shown := map[string]bool{} // requests that a phone shows
	story := slices.Clone(lastStory(hops))
	// Hops are numbered when they are whole, and told by when they began.
	slices.SortStableFunc(story, func(a, b wire.Hop) int { return a.At.Compare(b.At) })
	for _, h := range story {
		text, tone := sentence(h, name)
		if text == "" || isRepeat(h, shown) {
			continue
		}
		step := Step{ID: h.ID, From: h.From, To: h.To, Text: text, Tone: tone}
		if !before.IsZero() {
			step.Since = ms(h.At.Sub(before))
		}
		if isTap(h) {
			tap = h.At
		}
		if !tap.IsZero() {
			since := ms(h.At.Sub(tap))
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

// flips measures each tap that a browser has seen.
func flips(hops []wire.Hop) (all []Flip) {
	opened := map[int]time.Time{} // when a browser had its waiting page
	var tap wire.Hop
	var told wire.Hop // the frame that tells of it
	for _, h := range hops {
		switch {
		case h.Kind == wire.Answer && h.Route == "/login/approval" && h.Status == http.StatusOK:
			opened[h.Browser] = h.End
		case isTap(h):
			tap, told = h, wire.Hop{}
		case tap.ID != 0 && h.Kind == wire.Frame && h.From == wire.Nod && status(h) != "" && status(h) != "pending":
			told = h
		case told.ID != 0 && h.From == wire.Browser && h.Browser == told.Browser:
			all = append(all, Flip{ID: tap.ID, MS: ms(h.At.Sub(tap.At)), Polling: polled(opened[h.Browser], tap.At, told.At)})
			tap, told = wire.Hop{}, wire.Hop{}
		}
	}
	return all
}

// polled is when a page that asks every two seconds since it was opened would have
// known, in milliseconds after the tap.
func polled(opened, tap, known time.Time) float64 {
	if opened.IsZero() || known.Before(opened) {
		return 0
	}
	asks := opened.Add((known.Sub(opened)/pollEvery + 1) * pollEvery)
	return ms(asks.Sub(tap))
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// status is what a frame of the waiting page says.
func status(h wire.Hop) string {
	var state struct {
		Status string `json:"status"`
	}
	if json.Unmarshal([]byte(h.Body), &state) != nil {
		return ""
	}
	return state.Status
}
