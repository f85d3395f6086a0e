package wire

import (
	"slices"
	"strings"
)

// Point is where connections are recorded.
type Point int

const (
	// Application: the clients of Nod, which are browsers, and Authy with its
	// callbacks.
	Application Point = iota
	// Provider: Nod as a client of Authy.
	Provider
	// Phones: the clients of simulated phones. Only taps and what phones are shown
	// are recorded.
	Phones
)

// client says whether our end of the connection sends the requests.
func (p Point) client() bool { return p == Provider }

// parties are who asks and who answers.
func (p Point) parties(route string) (asks, answers Party) {
	switch {
	case p == Provider:
		return Nod, Authy
	case p == Phones:
		return Phone, Authy
	case route == callbackRoute:
		return Authy, Nod
	default:
		return Browser, Nod
	}
}

const callbackRoute = "/authy/callback"

// routes are the paths that may be shown. A {segment} is an argument; {token} is
// never shown.
var routes = map[Point][]string{
	Application: {
		"/", "/signup", "/login", "/logout", "/language", "/.well-known/change-password", "/forgot", "/forgot/password",
		"/login/approval", "/login/events", "/login/stream", "/login/cancel", "/login/resend", "/login/number", "/login/passkey",
		"/openapi.json", "/authy/status", callbackRoute, "/confirm-login", "/verify-token", "/send-token", "/protected",
		"/account/browsers/remove", "/account/browsers/remove-all",
		"/account/phone", "/account/phone/new", "/account/phone/status", "/account/phone/allow", "/account/phone/ask", "/account/phone/stop",
		"/phone", "/phone/state", "/phone/enrol", "/phone/enrol/finish", "/phone/renew", "/phone/poll", "/phone/events", "/phone/stream",
		"/phone/requests", "/phone/requests/{id}", "/phone/requests/{id}/why", "/phone/push", "/phone/worker.js", "/phone/offline",
		"/account/phones", "/account/phones/code", "/account/phones/status", "/account/phones/receipts/{id}", "/account/phones/confirm", "/account/phones/remove", "/account/phones/beside",
		"/account/authenticators", "/account/authenticators/prove", "/account/authenticators/remove",
		"/account/recovery-codes", "/account/recovery-codes/kept", "/account/recovery-codes/remove", "/account/recovery-codes/decline",
		"/account/close", "/account/sessions/end", "/account/sessions/end-others", "/account/password", "/account/history",
		"/account/confirm", "/account/confirm/ask", "/account/confirm/send", "/account/confirm/code", "/account/confirm/status",
		"/notices/read", "/notices/answer", "/account/not-me", "/account/pause/end",
		"/transfers", "/transfers/status", "/transfers/events", "/transfers/{id}/execute", "/transfers/{id}/withdraw",
	},
	Provider: {
		"/protected/json/users/new", "/protected/json/users/{phone}/status", "/protected/json/users/{phone}/remove",
		"/protected/json/users/{phone}/secret", "/protected/json/sms/{phone}", "/protected/json/call/{phone}",
		"/protected/json/verify/{token}/{phone}",
		"/onetouch/json/users/{phone}/approval_requests", "/onetouch/json/approval_requests/{uuid}",
		"/onetouch/json/approval_requests/{uuid}/withdraw",
	},
	Phones: {
		"/phones/{phone}/requests/{uuid}/approve", "/phones/{phone}/requests/{uuid}/deny", "/phones/{phone}/events",
	},
}

// unrecorded are paths of the application that have nothing to tell: files,
// probes.
var unrecorded = []string{"/static/", "/favicon.ico", "/healthz", "/readyz", "/check"}

// records says whether a request is recorded at all.
func (p Point) records(path, route string) bool {
	if p == Phones {
		return route != ""
	}
	return !slices.ContainsFunc(unrecorded, func(prefix string) bool { return strings.HasPrefix(path, prefix) })
}

// match returns the route of a path and its arguments; "" if no list names it.
func (p Point) match(path string) (route string, args map[string]string) {
	parts := strings.Split(path, "/")
	for _, route := range routes[p] {
		if args, ok := matchRoute(strings.Split(route, "/"), parts); ok {
			return route, args
		}
	}
	return "", nil
}

func matchRoute(route, parts []string) (map[string]string, bool) {
	if len(parts) != len(route) {
		return nil, false
	}
	args := map[string]string{}
	for i, want := range route {
		if name, isArg := strings.CutPrefix(want, "{"); isArg {
			args[strings.TrimSuffix(name, "}")] = parts[i]
		} else if parts[i] != want {
			return nil, false
		}
	}
	return args, true
}
