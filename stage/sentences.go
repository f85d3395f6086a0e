package stage

import (
	"cmp"
	"net/http"
	"strings"

	"nod/wire"
)

// sentence says in plain words what a hop does; "" for one that is no part of the
// story. tone is yes for what lets somebody in, and no for what keeps somebody out.
func sentence(h wire.Hop, name namer) (text, tone string) {
	who := name(h.Phone)
	if who == "" {
		who = "somebody"
	}
	switch h.Kind {
	case wire.Request:
		return strings.ReplaceAll(requests[h.Method+" "+h.Route], "WHO", who), toneOf(h)
	case wire.Answer:
		return answer(h)
	case wire.Frame, wire.Event:
		return frame(h, who)
	case wire.Lost:
		return "That did not get out", "no"
	}
	return "", ""
}

// requests are the sentences of what is asked.
var requests = map[string]string{
	"POST /login":             "The browser sends e-mail and password",
	"GET /login/approval":     "The browser opens the waiting page",
	"GET /login/events":       "The browser opens a WebSocket and waits",
	"GET /login/stream":       "The browser opens an event stream and waits",
	"GET /authy/status":       "The browser asks how things stand",
	"POST /authy/status":      "The browser asks how things stand",
	"POST /login/cancel":      "The browser cancels the sign-in",
	"POST /login/resend":      "The browser asks for a new request",
	"POST /confirm-login":     "The browser that asked wants in",
	"GET /protected":          "The browser opens the protected page",
	"GET /verify-token":       "The browser opens the page for a code",
	"POST /verify-token":      "The browser sends the code",
	"POST /send-token":        "The browser asks for a code",
	"POST /logout":            "The browser signs out",
	"POST /transfers":         "The browser asks for a transfer",
	"GET /transfers/events":   "The account page opens a WebSocket",
	"POST /authy/callback":    "Authy tells Nod the answer, signed",
	"GET /authy/callback":     "Authy tells Nod the answer, signed",
	"POST /notices/answer":    "The browser says whether it was them",
	"POST /account/pause/end": "The browser ends the pause",

	"POST /transfers/{id}/execute": "The browser carries the transfer out",

	"GET /protected/json/users/{phone}/status":              "Nod asks Authy whether WHO has the app",
	"POST /protected/json/users/new":                        "Nod makes the phone known to Authy",
	"GET /protected/json/sms/{phone}":                       "Nod asks Authy to send WHO a code by SMS",
	"GET /protected/json/call/{phone}":                      "Nod asks Authy to call WHO with a code",
	"GET /protected/json/verify/{token}/{phone}":            "Nod asks Authy whether the code is right",
	"POST /onetouch/json/users/{phone}/approval_requests":   "Nod asks Authy to ask WHO’s phone",
	"GET /onetouch/json/approval_requests/{uuid}":           "Nod asks Authy what the phone has said",
	"POST /onetouch/json/approval_requests/{uuid}/withdraw": "Nod tells Authy that nobody waits any more",

	"POST /phones/{phone}/requests/{uuid}/approve": "WHO taps Approve",
	"POST /phones/{phone}/requests/{uuid}/deny":    "WHO taps Deny",
}

func toneOf(h wire.Hop) string {
	switch {
	case strings.HasSuffix(h.Route, "/approve"):
		return "yes"
	case strings.HasSuffix(h.Route, "/deny"):
		return "no"
	}
	return ""
}

// answer is the sentence of an answer to a request that has one.
func answer(h wire.Hop) (text, tone string) {
	if requests[h.Method+" "+h.Route] == "" {
		return "", ""
	}
	switch {
	case h.Route == "/authy/callback":
		return callbackAnswer(h)
	case h.Status == http.StatusSwitchingProtocols:
		return "The WebSocket is open", ""
	case h.Route == "/confirm-login" && letsIn(h):
		return "Nod lets this browser in: a new session", "yes"
	case h.Route == "/confirm-login" && h.Status < http.StatusInternalServerError:
		return "Nod keeps this browser out", "no"
	case h.Status >= http.StatusInternalServerError:
		return speaker(h) + " fails: " + http.StatusText(h.Status), "no"
	case h.Status >= http.StatusBadRequest:
		return speaker(h) + " refuses: " + http.StatusText(h.Status), "no"
	case h.Status == http.StatusSeeOther:
		return "Nod sends the browser on", ""
	case toldBy(h).Status != "":
		return news(toldBy(h))
	case h.To == wire.Browser:
		return "Nod sends the page", ""
	case h.To == wire.Phone:
		return "Authy has the answer", ""
	}
	return cmp.Or(answers[h.Route], "Authy answers"), ""
}

// letsIn says whether the answer to a browser that wants in leads it in.
func letsIn(h wire.Hop) bool {
	return h.Status == http.StatusSeeOther && !strings.Contains(h.Head, "\r\nLocation: /login")
}

// answers are those of Authy to what has gone well.
var answers = map[string]string{
	"/onetouch/json/users/{phone}/approval_requests": "Authy has passed it on",
	"/protected/json/users/{phone}/status":           "Authy knows the phone",
	"/protected/json/sms/{phone}":                    "Authy has sent it",
	"/protected/json/call/{phone}":                   "Authy is calling",
	"/protected/json/verify/{token}/{phone}":         "Authy: the code is right",
}

func speaker(h wire.Hop) string {
	if h.From == wire.Authy {
		return "Authy"
	}
	return "Nod"
}

// verdicts are what became of an answer that was taken.
var verdicts = map[string]string{
	"applied":  "Nod has it stored: it counts",
	"repeated": "Nod: decided already, nothing changes",
	"unknown":  "Nod knows no such request",
	"ping":     "Nod answers the test",
}

// callbackAnswer says what became of a callback. Whoever sent it learns no more than
// the status.
func callbackAnswer(h wire.Hop) (text, tone string) {
	if h.Status == http.StatusUnauthorized {
		return "Nod refuses it: " + refusals[h.Note], "no"
	}
	if text := verdicts[h.Note]; text != "" {
		return text, ""
	}
	return "Nod answers " + http.StatusText(h.Status), ""
}

// refusals are the rules that refuse a callback.
var refusals = map[string]string{
	"unsigned":  "it is not signed",
	"nonce":     "its nonce is not of now",
	"signature": "the signature does not match",
}

// frame is the sentence of what a socket or a stream carries.
func frame(h wire.Hop, who string) (text, tone string) {
	switch {
	case h.Op == "close" && h.From == wire.Browser && h.Route == "/login/events":
		return "The browser has it, and hangs up", ""
	case h.Op == "ping", h.Op == "pong", h.Op == "close":
		return "", ""
	case h.To == wire.Phone && h.UUID != "":
		return "Authy shows the request on " + who + "’s phone", ""
	case h.From == wire.Browser:
		return "The browser has it", ""
	case h.To != wire.Browser:
		return "", ""
	}
	return news(toldBy(h))
}

// news is the sentence of what a waiting page is told.
func news(state told) (text, tone string) {
	switch state.Status {
	case "":
		return "", ""
	case "pending":
		return "Nod: wait", ""
	case "approved":
		return "Nod tells the browser: approved", "yes"
	case "signed_in":
		return "Nod tells the browser: signed in", "yes"
	default:
		if state.Reason == "no_device" {
			return "Nod tells the browser: the phone has no app", ""
		}
		return "Nod tells the browser: " + cmp.Or(ends[state.Reason], strings.ReplaceAll(state.Status, "_", " ")), "no"
	}
}

// ends are the reasons that say more than the status does.
var ends = map[string]string{
	"superseded":   "another one asks now",
	"under_way":    "another browser has the phone",
	"push_paused":  "the phone is left in peace",
	"unavailable":  "the phone cannot be asked",
	"rate_limited": "Authy takes no more requests",
}
