package handlers_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// raw opens a connection to the site and sends text as it is.
func (s *site) raw(text string) net.Conn {
	s.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	must(s.t, err)
	s.t.Cleanup(func() { conn.Close() })
	_, err = io.WriteString(conn, text)
	must(s.t, err)
	return conn
}

// head is the head of a form of this many bytes.
func (s *site) head(length int) string {
	return fmt.Sprintf("POST /login HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n",
		strings.TrimPrefix(s.url, "http://"), length)
}

// A body that is too large is refused by its announced length: nothing of it
// has to be sent.
func TestALargeBodyIsRefusedUnread(t *testing.T) {
	const largest = 64 << 10
	s := newSite(t)
	for _, test := range []struct {
		name, request string
		want          int
	}{
		{"one byte too many", s.head(largest + 1), http.StatusRequestEntityTooLarge},
		{"the largest", s.head(largest) + strings.Repeat("x", largest), http.StatusForbidden}, // read, and no form of ours
	} {
		t.Run(test.name, func(t *testing.T) {
			res, err := http.ReadResponse(bufio.NewReader(s.raw(test.request)), nil)
			must(t, err)
			defer res.Body.Close()
			if res.StatusCode != test.want {
				t.Errorf("got status %d, want %d", res.StatusCode, test.want)
			}
		})
	}
}
