package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/fasthttp/websocket"
)

// socket is the WebSocket of a page.
type socket struct{ conn *websocket.Conn }

// told is what a waiting page is told.
type told struct {
	Status, Reason, Number string
	Revision               int64
}

// dialSocket tries to open one with headers as name and value, which win.
func (b *browser) dialSocket(path string, headers ...string) (*websocket.Conn, *http.Response, error) {
	header := http.Header{"Origin": {b.s.origin.String()}}
	if cookies := b.cookieHeader(); cookies != "" {
		header.Set("Cookie", cookies)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		header.Set(headers[i], headers[i+1])
		if headers[i+1] == "" {
			header.Del(headers[i])
		}
	}
	d := websocket.Dialer{
		NetDial:          func(string, string) (net.Conn, error) { return b.s.dial(b.s.ctx) },
		HandshakeTimeout: patience,
	}
	return d.DialContext(b.s.ctx, strings.Replace(b.s.origin.String(), "http", "ws", 1)+path, header)
}

// refusal is the status with which a socket is refused, 101 if it is not.
func (b *browser) refusal(path string, headers ...string) int {
	conn, res, err := b.dialSocket(path, headers...)
	if err == nil {
		conn.Close()
		return http.StatusSwitchingProtocols
	}
	if res == nil {
		must(err)
	}
	return res.StatusCode
}

// events is the socket of the waiting page.
func (b *browser) events() *socket {
	conn, _, err := b.dialSocket("/login/events")
	must(err)
	return &socket{conn}
}

func (s *socket) close() { s.conn.Close() }

// next is what the page is told next.
func (s *socket) next() (m told) {
	must(s.conn.SetReadDeadline(time.Now().Add(patience)))
	_, body, err := s.conn.ReadMessage()
	must(err)
	must(json.Unmarshal(body, &m))
	return m
}

// silent says whether nothing more comes for a moment, or ever.
func (s *socket) silent() (is bool, frame string) {
	must(s.conn.SetReadDeadline(time.Now().Add(300 * time.Millisecond)))
	_, body, err := s.conn.ReadMessage()
	return err != nil, string(body)
}

// closed waits for the end of a socket, and gives its code: 0 without one.
func (s *socket) closed() int {
	must(s.conn.SetReadDeadline(time.Now().Add(patience)))
	for {
		_, _, err := s.conn.ReadMessage()
		var end *websocket.CloseError
		switch {
		case err == nil:
		case errors.As(err, &end):
			return end.Code
		case errors.Is(err, os.ErrDeadlineExceeded):
			return -1
		default:
			return 0
		}
	}
}

// raw sends bytes as they are.
func (s *site) raw(text string) net.Conn {
	conn, err := s.dial(s.ctx)
	must(err)
	must(conn.SetDeadline(time.Now().Add(patience)))
	_, err = io.WriteString(conn, text)
	must(err)
	return conn
}

// statusOf sends bytes and reads the status of what comes back: 0 if the
// connection is closed without an answer.
func (s *site) statusOf(text string) int {
	conn := s.raw(text)
	defer conn.Close()
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0
	}
	res.Body.Close()
	return res.StatusCode
}
