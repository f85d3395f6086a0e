package handlers_test

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/fasthttp/websocket"

	"nod/hub"
)

// The phone shows where a sign-in comes from: only a proxy that is named may
// say so.
func TestOnlyATrustedProxyNamesTheVisitor(t *testing.T) {
	const visitor = "203.0.113.9"
	tests := []struct {
		name    string
		trusted []string
		want    string
	}{
		{"no proxy is trusted", nil, "127.0.0.1"},
		{"another proxy is trusted", []string{"192.0.2.1"}, "127.0.0.1"},
		{"this proxy is trusted", []string{"192.0.2.1", "127.0.0.0/8"}, visitor},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, func(c *config) { c.TrustedProxies = test.trusted })
			ada := s.account("ada@example.com")
			b := s.browser()
			form := url.Values{"_csrf": {b.formToken()}, "email": {ada.Email}, "password": {goodPassword}}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/login", strings.NewReader(form.Encode()))
			must(t, err)
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.Header.Set("X-Forwarded-For", visitor)
			wantRedirect(t, b.do(req), "/login/approval")
			if got := ada.phone.requests()[0].Details["Address"]; got != test.want {
				t.Errorf("the phone shows address %q, want %q", got, test.want)
			}
		})
	}
}

// The usual proxy appends: what a visitor wrote under that name stands in front
// and counts for nothing.
func TestTheLastAddressThatIsNoProxyIsTheVisitor(t *testing.T) {
	s := newSite(t, func(c *config) {
		c.TrustedProxies = []string{"127.0.0.1", "10.0.0.0/8", "2001:db8:f::/48", "::ffff:192.0.2.1"}
	})
	for _, test := range []struct {
		name string
		want string // "" for 203.0.113.9
		list []string
	}{
		{"one address", "", []string{"203.0.113.9"}},
		{"a forged one in front", "", []string{"192.0.2.200, 203.0.113.9"}},
		{"a forged line in front", "", []string{"192.0.2.200", "203.0.113.9"}},
		{"a forged proxy in front", "", []string{"10.0.0.1, 203.0.113.9"}},
		{"two proxies", "", []string{"192.0.2.200, 203.0.113.9, 10.1.2.3"}},
		{"two proxies, two lines", "", []string{"192.0.2.200, 203.0.113.9", "10.1.2.3"}},
		{"a proxy by IPv6", "", []string{"203.0.113.9, 2001:db8:f::1"}},
		{"a proxy that is named as IPv6", "", []string{"203.0.113.9,192.0.2.1"}},
		{"with a port", "", []string{"203.0.113.9:4711"}},
		{"IPv4 as IPv6", "", []string{"::ffff:203.0.113.9"}},
		{"IPv6", "2001:db8::9", []string{"2001:db8:0:0::9"}},
		{"IPv6 in brackets", "2001:db8::9", []string{"[2001:db8::9]"}},
		{"IPv6 with a port", "2001:db8::9", []string{"[2001:DB8::9]:4711"}},
		{"in quotes, with a port", "2001:db8::9", []string{`"[2001:db8::9]:4711"`}},
		{"empty entries", "", []string{" , 203.0.113.9, ,"}},
		{"only proxies", "10.0.0.2", []string{"10.0.0.2, 10.0.0.1"}},
		{"unknown", "10.0.0.1", []string{"203.0.113.9, unknown, 10.0.0.1"}},
		{"no address", "127.0.0.1", []string{"203.0.113.9, <script>"}},
		{"nothing", "127.0.0.1", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/check", nil)
			must(t, err)
			req.Header["X-Forwarded-For"] = test.list
			var seen struct{ IP string }
			must(t, json.Unmarshal([]byte(s.browser().do(req).Body), &seen))
			if want := cmp.Or(test.want, "203.0.113.9"); seen.IP != want {
				t.Errorf("%q: got %s, want %s", test.list, seen.IP, want)
			}
		})
	}
}

func TestAllAddressesOfAHostShareItsSlots(t *testing.T) {
	s := newSite(t, withHub(hub.Options{PerAddr: 1}), func(c *config) { c.TrustedProxies = []string{"127.0.0.1"} })
	open := func(from string) int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/check/events", nil)
		must(t, err)
		conn, res, err := websocket.DefaultDialer.DialContext(t.Context(), strings.Replace(req.URL.String(), "http", "ws", 1),
			http.Header{"Origin": {s.url}, "X-Forwarded-For": {from}})
		if err == nil {
			t.Cleanup(func() { conn.Close() })
		}
		return res.StatusCode
	}
	for _, visit := range []struct {
		from string
		want int
	}{{"2001:db8:1:2::1", http.StatusSwitchingProtocols}, {"2001:db8:1:2::2", http.StatusTooManyRequests}, {"2001:db8:1:3::1", http.StatusSwitchingProtocols}} {
		if got := open(visit.from); got != visit.want {
			t.Errorf("from %s: got %d, want %d", visit.from, got, visit.want)
		}
	}
}
