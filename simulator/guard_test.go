package simulator_test

import (
	"net"
	"net/http"
	"strings"
	"testing"

	"nod/simulator"
)

// DNS rebinding: another site's page must not count as same-origin.
func TestForeignHosts(t *testing.T) {
	s := newAda(t, func(c *simulator.Config) { c.AllowedHosts = []string{"phones.test", "both.test:3001"} })
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(s.url, "http://"))
	for _, host := range []string{"evil.example", "evil.example:" + port, "127.0.0.1.evil.example", "10.0.0.1", "0.0.0.0", "[::]", "localhost.evil.example",
		"sub.phones.test", "phones.test.evil.example"} {
		for _, path := range []string{"GET /phones", "GET /", "POST /faults", "POST /language"} {
			method, path, _ := strings.Cut(path, " ")
			s.do(method, path, "", http.Header{"Host": {host}, "X-Authy-Api-Key": {testKey}}).
				wantStatus(421).wantIn("host not allowed", "to SIMULATOR_HOSTS")
		}
		s.do("GET", "/protected/json/app/details", "", http.Header{"Host": {host}, "X-Authy-Api-Key": {testKey}}).wantStatus(200)
		s.do("GET", "/protected/json/app/details", "", http.Header{"Host": {host}}).wantStatus(401)
		s.do("GET", "/static/phone.css", "", http.Header{"Host": {host}}).wantStatus(200) // of the page that says so
	}
	for _, host := range []string{"localhost", "localhost:" + port, "LOCALHOST", "localhost.", "phones.localhost", "127.0.0.1", "127.8.9.1", "[::1]", "[::1]:" + port,
		"phones.test", "phones.test:" + port, "PHONES.test", "both.test", "both.test:3001"} {
		if got := s.do("GET", "/phones", "", http.Header{"Host": {host}}); got.status != 200 {
			t.Errorf("%s: got %d %s", host, got.status, got.body)
		}
	}
}

// The names that clients have for the simulator: that of a container, of the
// machine around it, of the real service by a hosts file. The QR code is under
// the name that the client used.
func TestClientsWithTheirOwnNames(t *testing.T) {
	s := newAda(t)
	for _, host := range []string{"authy:3001", "host.docker.internal:3001", "api.authy.com"} {
		header := http.Header{"Host": {host}, "X-Authy-Api-Key": {testKey}, "Content-Type": {"application/x-www-form-urlencoded"}}
		s.do("GET", "/protected/json/users/100001/status", "", header).wantStatus(200)
		s.do("POST", "/onetouch/json/users/100001/approval_requests", "message=x", header).wantStatus(200)
		var got struct {
			QRCode string `json:"qr_code"`
		}
		s.do("POST", "/protected/json/users/100001/secret", "", header).wantStatus(200).json(&got)
		path, ok := strings.CutPrefix(got.QRCode, "http://"+host)
		if !ok {
			t.Errorf("got %s, want it under %s", got.QRCode, host)
		}
		s.do("GET", path, "", http.Header{"Host": {host}}).wantStatus(200)
	}
	s.do("GET", "/phones", "", http.Header{"Host": {"authy:3001"}}).
		want(421, `{"error":"host not allowed: use localhost or the simulator's address, or add authy to SIMULATOR_HOSTS"}`+"\n")
}

// A base address that ends in a slash, as the vendor's README writes it.
func TestSlashesAreNotRedirected(t *testing.T) {
	s := newAda(t)
	for _, path := range []string{"//protected/json/users/100001/status", "/protected//json/users/100001/status",
		"/protected/json/users/100001/status/", "//protected/json//users/100001/status//?user_ip=10.1.1.1"} {
		s.call("GET", path, "").wantStatus(200).wantIn(`"authy_id":100001`)
	}
	s.call("POST", "//protected/json/users/new/", "user[email]=b@example.com&user[cellphone]=317-338-9303&user[country_code]=57").wantStatus(200)
	s.call("POST", "//onetouch/json/users/100001/approval_requests", "message=x").wantStatus(200)
	for _, path := range []string{"//", "//phones", "/phones/", "/phones//100001", "//phones/100001/requests/"} {
		s.get(path).wantStatus(200)
	}
}

// Changes of a phone need no key, so they are not accepted from other origins.
func TestCrossOriginPosts(t *testing.T) {
	s := newAda(t)
	uuid := s.ask(ada, "message=x")
	foreign := []http.Header{
		{"Origin": {"https://evil.example"}},
		{"Origin": {"null"}},
		{"Sec-Fetch-Site": {"cross-site"}},
		{"Sec-Fetch-Site": {"same-site"}},
		{"Origin": {"http://127.0.0.1:1"}}, // another program on this machine
	}
	for _, header := range foreign {
		for _, path := range []string{"POST /phones/100001/requests/" + uuid + "/approve", "POST /phones/100001/requests/" + uuid + "/deny",
			"POST /phones", "POST /phones/100001", "POST /phones/100001/call/answer", "POST /phones/100001/call/hangup", "POST /faults", "DELETE /faults", "POST /callback/ping"} {
			method, path, _ := strings.Cut(path, " ")
			if got := s.do(method, path, "", header); got.status != 403 {
				t.Errorf("%s from %v: got %d %s", path, header, got.status, got.body)
			}
		}
	}
	s.status(uuid).wantIn(`"status":"pending"`)
	for _, header := range []http.Header{{"Origin": {s.url}}, {"Origin": {s.url}, "Sec-Fetch-Site": {"same-origin"}}, {"Sec-Fetch-Site": {"none"}}, nil} {
		s.do("POST", "/phones/100001/call/hangup", "", header).wantStatus(200)
	}
}

func TestCrossOriginSockets(t *testing.T) {
	s := newAda(t)
	for _, header := range []http.Header{{"Origin": {"https://evil.example"}}, {"Origin": {"null"}}, {"Origin": {"http://127.0.0.1:1"}}} {
		if _, response, err := s.dial("/phones/100001/events", header); err == nil || response.StatusCode != 403 {
			t.Errorf("a socket with %v was accepted", header)
		}
	}
	conn, _, err := s.dial("/phones/100001/events", http.Header{"Origin": {s.url}})
	must(t, err)
	must(t, conn.Close())
	s.get("/phones/100001/events").wantStatus(400) // not a handshake
}

func TestHeadersOfPages(t *testing.T) {
	got := newAda(t).get("/phones/100001").header
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cache-Control": "no-store"} {
		if got.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, got.Get(name), want)
		}
	}
	policy := got.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self';", "frame-ancestors 'none'", "form-action 'self'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("got %q, want %q in it", policy, want)
		}
	}
}
