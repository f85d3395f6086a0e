package command

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
)

// A connection that was opened ahead and asks nothing makes no stop fail.
func TestAStopDoesNotWaitForWhoAsksNothing(t *testing.T) {
	p := start(t, lastWords, nil)
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	must(t, err)
	defer conn.Close()
	// An answer to somebody else: by then the silent one was accepted.
	get(t, p.url+"/healthz")
	p.end()
}

// signUp signs Ada up with a client that keeps cookies; she is then waiting.
func signUp(t *testing.T, client *http.Client, site string) {
	t.Helper()
	form, err := client.Get(site + "/signup")
	must(t, err)
	page, err := io.ReadAll(form.Body)
	must(t, errors.Join(err, form.Body.Close()))
	token := regexp.MustCompile(`name="_csrf" value="([^"]+)"`).FindSubmatch(page)
	waiting, err := client.PostForm(site+"/signup", url.Values{
		"_csrf": {string(token[1])}, "name": {"Ada"}, "email": {"ada@example.com"}, "password": {"correct horse battery staple"},
		"country_code": {"1"}, "phone_number": {"2015550101"},
	})
	must(t, errors.Join(err, waiting.Body.Close()))
}

// A stop tells the sockets that wait, and lets no one wait for it.
func TestAStopTellsWhoWaits(t *testing.T) {
	p := start(t, lastWords, nil)
	jar, err := cookiejar.New(nil)
	must(t, err)
	client := &http.Client{Jar: jar}
	signUp(t, client, p.url)
	dialer := websocket.Dialer{Jar: jar}
	conn, _, err := dialer.DialContext(t.Context(), strings.Replace(p.url, "http", "ws", 1)+"/login/events", http.Header{"Origin": {p.url}})
	must(t, err)
	defer conn.Close()
	if _, _, err := conn.ReadMessage(); err != nil {
		t.Fatalf("no first word: %v", err)
	}
	p.stop()
	must(t, conn.SetReadDeadline(time.Now().Add(stopDeadline)))
	if _, _, err = conn.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseServiceRestart) {
		t.Errorf("got %v, want close %d", err, websocket.CloseServiceRestart)
	}
	p.end()
}
