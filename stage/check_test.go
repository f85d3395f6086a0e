package stage

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

// asked is a question of the page.
func asked(fields ...string) *http.Request {
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	r := httptest.NewRequest(http.MethodPost, "/stage/check", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// wants says whether a check went as it should, and that a red one says what to do.
func (got tried) wants(t *testing.T, ok bool, part string) {
	t.Helper()
	if got.OK != ok || !strings.Contains(got.Said, part) || ok == (got.Do != "") {
		t.Errorf("got %+v, want %v and %q", got, ok, part)
	}
}

func TestClocksThatDisagreeAreFound(t *testing.T) {
	at := func(app, browser time.Duration) tried {
		h := &House{Now: func() time.Time { return time.Now().Add(app) }}
		return checkClock(t.Context(), h, asked("now", strconv.FormatInt(time.Now().Add(browser).UnixMilli(), 10)))
	}
	at(0, 0).wants(t, true, "agree")
	at(-time.Hour, 0).wants(t, false, "Nod is 1h0m0s away")
	at(0, time.Minute).wants(t, false, "The browser is 1m0s away")
	checkClock(t.Context(), &House{Now: time.Now}, asked()).wants(t, false, "has not said")
}

// localhost may lead to an address that another program has.
func TestAnotherProgramAtThePortIsFound(t *testing.T) {
	before := lookup
	defer func() { lookup = before }()
	lookup = func(context.Context, string) ([]string, error) { return []string{"127.0.0.1", "127.0.0.2"}, nil }
	listen := func(addr string) string {
		ln, err := net.Listen("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { ln.Close() })
		return ln.Addr().String()
	}
	own := listen("127.0.0.1:0")
	_, port, _ := net.SplitHostPort(own)
	site := "http://localhost:" + port
	h := &House{AppURL: site, Origin: site, Listens: []string{own}}
	checkPorts(t.Context(), h, asked()).wants(t, true, own)
	other := listen("127.0.0.2:" + port)
	checkPorts(t.Context(), h, asked()).wants(t, false, "Another program has "+other)
}

func TestTheNetworkIsTriedFromAnotherAddress(t *testing.T) {
	try := func(hosts ...string) tried {
		return checkNetwork(t.Context(), &House{Hosts: func() []string { return hosts }}, asked())
	}
	try("127.0.0.3", "127.0.0.4").wants(t, true, "127.0.0.3 can be opened from 127.0.0.4")
	try().wants(t, false, "in no network")
	try("192.0.2.1").wants(t, false, "Nothing can listen on 192.0.2.1")
}

// Where there is a room, it is what is opened.
func TestTheRoomIsTriedFromAnotherAddress(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.3:0")
	if err != nil {
		t.Fatal(err)
	}
	room := &http.Server{Handler: http.NotFoundHandler()}
	go room.Serve(ln)
	h := &House{LAN: "http://" + ln.Addr().String(), Hosts: func() []string { return []string{"127.0.0.3", "127.0.0.4"} }}
	checkNetwork(t.Context(), h, asked()).wants(t, true, h.LAN+" can be opened from 127.0.0.4")
	room.Close()
	checkNetwork(t.Context(), h, asked()).wants(t, false, "The room at "+h.LAN+" cannot be opened")
}

// A stage whose application is gone says so, line by line.
func TestAnApplicationThatDoesNotAnswerIsFound(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	site := "http://" + ln.Addr().String()
	ln.Close()
	checkSocket(t.Context(), &House{AppURL: site}, asked()).wants(t, false, "does not open at "+site)
}
