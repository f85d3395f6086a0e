package simulator

import (
	"context"
	"crypto/subtle"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// call is one authorized API call.
type call struct {
	http   *http.Request
	params params
	args   map[string]string // of the path: user, token, uuid
	now    time.Time
	faults Faults
	xml    bool // the reply is XML
	route  string
}

func (c *call) ctx() context.Context { return c.http.Context() }

// action executes a call and returns the body of its 200.
type action func(s *Simulator, c *call) (object, error)

// apiRoute is a path below /protected/json or /onetouch/json, and below xml
// instead of json. Writes need
// POST; reads take GET, and POST from old clients.
type apiRoute struct {
	path   []string // a segment in braces is an argument
	writes bool
	do     action
}

func apiRoutes() map[string][]apiRoute {
	reads := func(path string, do action) apiRoute { return apiRoute{strings.Split(path, "/"), false, do} }
	writes := func(path string, do action) apiRoute { return apiRoute{strings.Split(path, "/"), true, do} }
	return map[string][]apiRoute{
		"protected": {
			writes("users/new", (*Simulator).register),
			writes("users/delete/{user}", (*Simulator).removeUser),
			writes("users/{user}/delete", (*Simulator).removeUser),
			writes("users/{user}/remove", (*Simulator).removeUser),
			writes("users/{user}/register_activity", (*Simulator).registerActivity),
			writes("users/{user}/update", (*Simulator).updateUser),
			writes("users/{user}/secret", (*Simulator).createSecret),
			reads("users/{user}/secret/export", (*Simulator).exportSecret),
			reads("users/{user}/phone_number", (*Simulator).exportPhone),
			reads("users/{user}/status", (*Simulator).userStatus),
			writes("email/{user}", (*Simulator).sendEmail),
			reads("sms/{user}", (*Simulator).sendSMS),
			reads("call/{user}", (*Simulator).startCall),
			reads("verify/{token}/{user}", (*Simulator).verify),
			reads("registrations/status", (*Simulator).registrationStatus),
			reads("app/details", (*Simulator).appDetails),
			reads("app/stats", (*Simulator).appStats),
			writes("phones/verification/start", (*Simulator).startVerification),
			reads("phones/verification/check", (*Simulator).checkVerification),
			reads("phones/verification/status", (*Simulator).verificationStatus),
			reads("phones/info", (*Simulator).phoneInfo),
		},
		"onetouch": {
			writes("users/{user}/approval_requests", (*Simulator).createApproval),
			reads("approval_requests/{uuid}", (*Simulator).approvalStatus),
			writes("approval_requests/{uuid}/withdraw", (*Simulator).withdrawApproval), // not of the service
		},
	}
}

// match returns the route of a path and the arguments in it.
func match(routes []apiRoute, path string) (apiRoute, map[string]string, bool) {
	parts := strings.Split(path, "/")
	for _, route := range routes {
		if args, ok := route.match(parts); ok {
			return route, args, true
		}
	}
	return apiRoute{}, nil, false
}

func (route apiRoute) match(parts []string) (map[string]string, bool) {
	if len(parts) != len(route.path) {
		return nil, false
	}
	args := map[string]string{}
	for i, want := range route.path {
		if name, isArg := strings.CutPrefix(want, "{"); isArg {
			args[strings.TrimSuffix(name, "}")] = parts[i]
		} else if parts[i] != want {
			return nil, false
		}
	}
	return args, true
}

// serveAPI serves the routes of one family, in JSON and in XML.
func (s *Simulator) serveAPI(routes []apiRoute) errHandler {
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Cache-Control", "no-store")
		route, args, ok := match(routes, r.PathValue("rest"))
		if !ok || !route.takes(r.Method) {
			return unknownURL(w)
		}
		format := r.PathValue("format")
		if format != "json" && format != "xml" {
			return unknownURL(w)
		}
		c := &call{http: r, args: args, now: s.now(), xml: format == "xml", route: strings.Join(route.path, "/")}
		return s.serveCall(w, c, route)
	}
}

func (route apiRoute) takes(method string) bool {
	return method == http.MethodPost || (method == http.MethodGet && !route.writes)
}

// serveCall reads the parameters before it checks the key, because some
// clients send the key as a parameter.
func (s *Simulator) serveCall(w http.ResponseWriter, c *call, route apiRoute) (err error) {
	r := c.http
	if c.params, err = readParams(w, r); err != nil {
		return s.refuse(w, c, err)
	}
	if !s.keyValid(r, c.params) {
		return s.refuse(w, c, &apiError{status: http.StatusUnauthorized, code: codeInvalidKey,
			codeFirst: true, message: "Invalid API key"})
	}
	if c.faults, err = s.faultsOfCall(c); err != nil {
		return s.refuse(w, c, err)
	}
	if e := c.faults.refusal(); e != nil {
		s.pause(c.ctx(), millis(c.faults.APIDelayMS))
		return s.refuse(w, c, e)
	}
	s.count(c.ctx(), c.now, "api_calls")
	reply, err := route.do(s, c)
	if corrupted, err := s.corruptReply(w, r, c.faults); corrupted {
		return err
	}
	if err != nil {
		return s.refuse(w, c, err)
	}
	if c.xml {
		return writeXML(w, http.StatusOK, "hash", reply)
	}
	return writeAPI(w, http.StatusOK, reply)
}

// keyValid checks the API key. The header wins over a parameter; which wins at
// the real service is not documented.
func (s *Simulator) keyValid(r *http.Request, p params) bool {
	key := r.Header.Get("X-Authy-API-Key")
	if key == "" {
		key = p.text("api_key")
	}
	return subtle.ConstantTimeCompare([]byte(key), []byte(s.app.key)) == 1
}

// refuse replies with an API error. Any other error is logged and becomes 500.
func (s *Simulator) refuse(w http.ResponseWriter, c *call, err error) error {
	e, known := asAPIError(err)
	if !known {
		// The route, since a path may hold a code.
		s.logger.Error("call failed", "method", c.http.Method, "route", c.route, "error", err)
	}
	if e.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((e.retryAfter+time.Second-1)/time.Second)))
	}
	if c.xml {
		return writeXML(w, e.status, "errors", e.details(member{"error_code", e.code}))
	}
	return writeAPI(w, e.status, e.body())
}

// unknownURL is the service's reply to an unknown path.
func unknownURL(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(http.StatusNotFound)
	_, err := w.Write([]byte("Requested URL was not found. Please check http://docs.authy.com/ to see the valid URLs"))
	return err
}

// parseAuthyID parses the Authy id in a path; ok is false if it is not a
// positive number.
func parseAuthyID(text string) (id int64, ok bool) {
	id, err := strconv.ParseInt(text, 10, 64)
	return id, err == nil && id > 0
}
