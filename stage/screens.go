package stage

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"nod/wire"
)

// Screen is what a browser or a phone shows from a hop on, as far as the hop says it:
// pages themselves are masked.
type Screen struct {
	Title  string   `json:"title"`
	Number string   `json:"number,omitempty"`
	Lines  []string `json:"lines,omitempty"`
	Tone   string   `json:"tone,omitempty"` // yes, no
}

// browserScreen is what the browser shows from a hop on; nil where it stays as it is.
func browserScreen(h wire.Hop) *Screen {
	switch {
	case h.Kind == wire.Request && h.Method == http.MethodPost && h.Route == "/login":
		return &Screen{Title: "Sign in", Lines: signInLines(h)}
	case toldBy(h).Status != "":
		return waitScreen(toldBy(h))
	case h.Kind == wire.Answer && h.To == wire.Browser:
		return answerScreen(h)
	}
	return nil
}

func signInLines(h wire.Hop) []string {
	form, _ := url.ParseQuery(h.Body) // what cannot be read is not shown
	return []string{form.Get("email"), "••••••••"}
}

func waitScreen(t told) *Screen {
	switch t.Status {
	case "pending":
		return &Screen{Title: "Approve on your phone", Number: t.Number}
	case "approved", "signed_in":
		return &Screen{Title: "Approved", Tone: "yes"}
	}
	text := cmp.Or(ends[t.Reason], strings.ReplaceAll(t.Status, "_", " "))
	return &Screen{Title: strings.ToUpper(text[:1]) + text[1:], Tone: "no"}
}

func answerScreen(h wire.Hop) *Screen {
	switch {
	case h.Route == "/confirm-login" && letsIn(h):
		return &Screen{Title: "You are in", Tone: "yes"}
	case h.Status >= http.StatusBadRequest:
		return &Screen{Title: http.StatusText(h.Status), Tone: "no"}
	case h.Route == "/verify-token" && h.Status == http.StatusOK:
		return &Screen{Title: "Enter the code"}
	case h.Route == "/protected" && h.Status == http.StatusOK:
		return &Screen{Title: "You are in", Lines: []string{"The account page"}, Tone: "yes"}
	}
	return nil
}

// phoneScreen is what the phone shows from a hop on; nil where it stays as it is.
func phoneScreen(h wire.Hop) *Screen {
	switch {
	case isTap(h) && strings.HasSuffix(h.Route, "/approve"):
		return &Screen{Title: "Approved", Tone: "yes"}
	case isTap(h):
		return &Screen{Title: "Denied", Tone: "no"}
	case h.Kind == wire.Answer && h.Route == "/protected/json/sms/{phone}" && h.Status == http.StatusOK:
		return &Screen{Title: "A code by SMS", Lines: []string{"What it says is no part of a recording."}}
	case h.Kind != wire.Frame || h.To != wire.Phone:
		return nil
	}
	var shown struct {
		Requests []struct {
			Message string `json:"message"`
			Status  string `json:"status"`
			Details []struct {
				Label string `json:"label"`
				Value string `json:"value"`
			} `json:"details_list"`
		} `json:"requests"`
	}
	if json.Unmarshal([]byte(h.Body), &shown) != nil || len(shown.Requests) == 0 || shown.Requests[0].Status != "pending" {
		return nil
	}
	newest := shown.Requests[0]
	s := &Screen{Title: newest.Message}
	for i, detail := range newest.Details {
		if i == 0 && twoDigits.MatchString(detail.Value) {
			s.Number = detail.Value
		} else {
			s.Lines = append(s.Lines, detail.Label+": "+detail.Value)
		}
	}
	return s
}

// twoDigits is the number to compare, which comes first in any language.
var twoDigits = regexp.MustCompile(`^[0-9]{2}$`)
