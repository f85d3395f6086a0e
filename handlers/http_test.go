package handlers_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"nod/hub"
)

// request sends a request without the token and headers of our pages.
func (s *site) request(method, path string, headers ...string) page {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, nil)
	must(s.t, err)
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	return s.browser().do(req)
}

// No guard answers in the place of a path or method that there is not.
func TestMissingPathsAndMethods(t *testing.T) {
	s := newSite(t)
	for _, test := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"POST", "/nowhere", 404, ""},
		{"DELETE", "/nowhere", 404, ""},
		{"POST", "/", 405, "GET, HEAD"},
		{"TRACE", "/logout", 405, "POST"},
		{"PUT", "/login", 405, "GET, HEAD, POST"},
		{"OPTIONS", "/login", 405, "GET, HEAD, POST"},
		{"DELETE", "/protected", 405, "GET, HEAD"},
		{"PATCH", "/transfers/7/execute", 405, "POST"},
		{"POST", "/static/app.css", 405, "GET, HEAD"},
		{"PUT", "/authy/callback", 405, "GET, POST"},
		{"HEAD", "/authy/callback", 405, "GET, POST"},
		{"PUT", "/authy/status", 405, "GET, HEAD, POST"},
		{"POST", "/healthz", 405, "GET, HEAD"},
		{"BREW", "/login", 501, ""},
	} {
		got := s.request(test.method, test.path)
		if allow := got.Header.Get("Allow"); got.Status != test.status || allow != test.allow {
			t.Errorf("%s %s: got %d, Allow %q, want %d, %q", test.method, test.path, got.Status, allow, test.status, test.allow)
		}
	}
}

func TestWhatAStatusDemands(t *testing.T) {
	s := newSite(t)
	for _, test := range []struct {
		method, path string
		status       int
		header, want string
	}{
		{"GET", "/authy/status", 401, "WWW-Authenticate", `Cookie realm="Nod"`},
		{"GET", "/transfers/status", 401, "WWW-Authenticate", `Cookie realm="Nod"`},
		{"GET", "/login/events", 401, "WWW-Authenticate", `Cookie realm="Nod"`},
		{"GET", "/login/stream", 401, "WWW-Authenticate", `Cookie realm="Nod"`},
		{"GET", "/authy/callback", 401, "WWW-Authenticate", `Authy-Signature realm="Nod"`},
		{"GET", "/check/events", 426, "Upgrade", "websocket"},
		{"GET", "/check/events", 426, "Connection", "Upgrade"},
		{"GET", "/check/events", 426, "Sec-WebSocket-Version", "13"},
	} {
		got := s.request(test.method, test.path)
		if value := got.Header.Get(test.header); got.Status != test.status || value != test.want {
			t.Errorf("%s %s: got %d, %s %q, want %d, %q", test.method, test.path, got.Status, test.header, value, test.status, test.want)
		}
	}
}

// Errors are of the kind that the answer would have been.
func TestScriptsGetErrorsAsJSON(t *testing.T) {
	s := newSite(t)
	for _, test := range [][]string{
		{"GET", "/authy/status"}, {"PUT", "/authy/status"}, {"GET", "/authy/nowhere"},
		{"GET", "/transfers/status"}, {"POST", "/transfers/status"}, {"GET", "/transfers/events"},
		{"GET", "/login/events"}, {"GET", "/login/stream"}, {"GET", "/check/events"}, {"POST", "/healthz"},
		{"GET", "/nowhere", "Accept", "application/json"},
	} {
		got := s.request(test[0], test[1], test[2:]...)
		var body struct{ Error string }
		if err := json.Unmarshal([]byte(got.Body), &body); err != nil || body.Error == "" || !strings.HasPrefix(got.Header.Get("Content-Type"), "application/json") {
			t.Errorf("%s: got %d %s: %s", test, got.Status, got.Header.Get("Content-Type"), got.Body)
		}
	}
	if got := s.request("GET", "/nowhere", "Accept", "text/html,application/json;q=0.9"); !strings.HasPrefix(got.Header.Get("Content-Type"), "text/html") {
		t.Errorf("a browser got %s", got.Header.Get("Content-Type"))
	}
}

// raw sends bytes on a connection of its own and returns all that comes back.
func (s *site) rawAnswer(request string) string {
	s.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	must(s.t, err)
	defer conn.Close()
	must(s.t, conn.SetDeadline(time.Now().Add(hung)))
	_, err = fmt.Fprint(conn, request)
	must(s.t, err)
	var all strings.Builder
	_, err = bufio.NewReader(conn).WriteTo(&all)
	must(s.t, err)
	return all.String()
}

// HEAD has the head of GET and nothing else, and waits for nothing.
func TestHeadHasNoBodyAndTakesNoSlot(t *testing.T) {
	s := newSite(t, withHub(hub.Options{Total: 1}))
	ada := s.account("ada@example.com")
	b := s.browser()
	events := b.waits(ada) // it has the only slot
	defer events.conn.Close()
	for _, path := range []string{"/login/stream", "/check/stream", "/login", "/authy/status", "/nowhere", "/static/app.css", "/login/events", "/check/events"} {
		got := s.rawAnswer(fmt.Sprintf("HEAD %s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\nConnection: close\r\n\r\n",
			path, strings.TrimPrefix(s.url, "http://"), b.cookieHeader()))
		head, body, whole := strings.Cut(got, "\r\n\r\n")
		if !whole || body != "" {
			t.Errorf("HEAD %s: got the body %q after\n%s", path, body, head)
		}
		if strings.Contains(head, " 503 ") || strings.Contains(head, " 429 ") {
			t.Errorf("HEAD %s wants a slot:\n%s", path, head)
		}
		if strings.HasSuffix(path, "/stream") && !strings.Contains(head, "Content-Type: text/event-stream") {
			t.Errorf("HEAD %s: got\n%s", path, head)
		}
	}
}

func TestAFileThatTheBrowserHasIsNotSentAgain(t *testing.T) {
	s := newSite(t)
	got := s.request("GET", "/static/app.css")
	etag := got.Header.Get("ETag")
	if etag == "" || got.Header.Get("Content-Type") != "text/css; charset=utf-8" {
		t.Fatalf("got the headers %v", got.Header)
	}
	for _, test := range []struct {
		name   string
		lines  []string
		status int
	}{
		{"this version", []string{etag}, 304},
		{"as a weak tag", []string{"W/" + etag}, 304},
		{"in a list", []string{`"another", W/` + etag + `,"a third"`}, 304},
		{"in a second line", []string{`"another"`, etag}, 304},
		{"any", []string{"*"}, 304},
		{"another version", []string{`"another"`}, 200},
		{"a part of the tag", []string{etag[:len(etag)-2] + `"`}, 200},
		{"without quotes", []string{strings.Trim(etag, `"`)}, 200},
	} {
		var headers []string
		for _, line := range test.lines {
			headers = append(headers, "If-None-Match", line)
		}
		got := s.request("GET", "/static/app.css", headers...)
		if got.Status != test.status || got.Header.Get("ETag") != etag || (got.Status == 304 && got.Body != "") {
			t.Errorf("%s: got %d, want %d", test.name, got.Status, test.status)
		}
	}
}

// What stands in a query is kept by logs, histories and proxies.
func TestNothingOfAFormComesFromTheQuery(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	token := b.formToken()
	query := url.Values{"email": {ada.Email}, "password": {goodPassword}}
	wantStatus(t, b.postForm("/login?"+url.Values{"_csrf": {token}}.Encode(), query), http.StatusForbidden)
	wantStatus(t, b.postForm("/login?"+query.Encode(), url.Values{"_csrf": {token}}), http.StatusUnprocessableEntity)
	query.Set("_csrf", token)
	wantRedirect(t, b.postForm("/login?password=wrong", query), "/login/approval")
}

// A redirect leads to the configured address, whatever the request line says.
func TestARedirectIsMadeOfThePathAlone(t *testing.T) {
	s := newSite(t)
	for target, want := range map[string]string{
		"@evil.example/":            "/@evil.example/",
		".evil.example/":            "/.evil.example/",
		":80@evil.example/":         "/:80@evil.example/",
		"//evil.example/":           "/evil.example/",
		"http://evil.example/login": "/login",
		"/login?next=@evil.example": "/login?next=@evil.example",
		"/login%0d%0aX-Evil:%201":   "/login%0D%0AX-Evil:%201",
	} {
		got := s.rawAnswer("GET " + target + " HTTP/1.1\r\nHost: 127.0.0.9\r\nConnection: close\r\n\r\n")
		_, rest, _ := strings.Cut(got, "\r\nLocation: ")
		location, _, _ := strings.Cut(rest, "\r\n")
		if !strings.HasPrefix(got, "HTTP/1.1 302 ") || location != s.url+want {
			t.Errorf("%s: got %q, want %q", target, location, s.url+want)
		}
	}
}
