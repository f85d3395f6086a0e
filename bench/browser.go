package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// userAgent and the headers below are what Chromium 156 sends, written down
// from one.
const userAgent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"

const (
	socketHeaders = "Connection: Upgrade\r\nPragma: no-cache\r\nCache-Control: no-cache\r\nUser-Agent: " + userAgent + "\r\n" +
		"Upgrade: websocket\r\nOrigin: http://%[1]s\r\nSec-WebSocket-Version: 13\r\n" +
		"Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-US,en;q=0.9\r\nCookie: %[2]s\r\n" +
		"Sec-WebSocket-Key: ct56nlNUBtQM62MzF+i+MA==\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"
	fetchHeaders = "Connection: keep-alive\r\nsec-ch-ua-platform: \"Linux\"\r\nUser-Agent: " + userAgent + "\r\n" +
		"sec-ch-ua: \"Not:A-Brand\";v=\"8\", \"Chromium\";v=\"156\"\r\nsec-ch-ua-mobile: ?0\r\n" +
		"Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\nReferer: http://%[1]s/login/approval\r\n" +
		"Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-US,en;q=0.9\r\nCookie: %[2]s\r\n"
	streamHeaders = "Pragma: no-cache\r\nCache-Control: no-cache\r\nAccept: text/event-stream\r\n" + fetchHeaders + "\r\n"
	pageHeaders   = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n" + fetchHeaders + "\r\n"
	pollHeaders   = "Content-Length: 0\r\nAccept: application/json\r\nOrigin: http://%[1]s\r\n" + fetchHeaders + "\r\n"
)

// request is what the page of a seat sends to hear the news.
func request(way, host string, s seat) string {
	line, headers := "GET /login/events", socketHeaders
	switch way {
	case byStream:
		line, headers = "GET /login/stream", streamHeaders
	case byPage:
		line, headers = "GET /login", pageHeaders
	case byPolling:
		line, headers = "POST /authy/status", pollHeaders
	}
	cookies := "nod_csrf=AAAAAAAAAAAAAAAAAAAAAAAAAA; " + cookieName + "=" + s.Cookie
	return line + " HTTP/1.1\r\nHost: " + host + "\r\n" + fmt.Sprintf(headers, host, cookies)
}

// The ways to wait, and the page before it.
const (
	byPage    = "page"
	bySocket  = "socket"
	byStream  = "stream"
	byPolling = "polling"
)

// sourceAddress gives every browser an address of its own, of 127.0.0.0/8:
// ports do not run out, and servers that count by address have to.
func sourceAddress(i int) string {
	return fmt.Sprintf("127.%d.%d.%d", 1+i/40_000, 1+i/200%200, 1+i%200)
}

func dialFrom(i int, addr string) (net.Conn, error) {
	d := net.Dialer{Timeout: 10 * time.Second, LocalAddr: &net.TCPAddr{IP: net.ParseIP(sourceAddress(i))}}
	return d.Dial("tcp", addr)
}

// browser is a page that waits.
type browser struct {
	seat
	conn net.Conn
	in   *bufio.Reader

	events atomic.Int32
	told   atomic.Int64 // when the last event came, see clock
}

// clock is the time since the process began, in nanoseconds: a difference of two
// is exact whatever happens to the wall clock.
var began = time.Now()

func clock() int64 { return int64(time.Since(began)) }

func (b *browser) hear() {
	b.told.Store(clock())
	b.events.Add(1)
}

// visit opens the connection and asks; the answer's head is read, no more.
func (b *browser) visit(way, addr string, i int) (status int, err error) {
	if b.conn, err = dialFrom(i, addr); err != nil {
		return 0, err
	}
	b.in = bufio.NewReaderSize(b.conn, 1024)
	if way == byPolling {
		return http.StatusOK, nil // it asks when its time comes
	}
	if _, err = io.WriteString(b.conn, request(way, addr, b.seat)); err != nil {
		return 0, err
	}
	status, _, err = readHead(b.in)
	return status, err
}

// readHead reads the head of a response.
func readHead(in *bufio.Reader) (status, length int, err error) {
	for first := true; ; first = false {
		line, err := in.ReadSlice('\n')
		switch {
		case err != nil:
			return 0, 0, err
		case first && len(line) > len("HTTP/1.1 200"):
			status, err = strconv.Atoi(string(line[9:12]))
		case first:
			err = fmt.Errorf("not a response: %q", line)
		case len(line) <= 2:
			return status, length, nil
		case len(line) > 16 && bytes.EqualFold(line[:16], []byte("Content-Length: ")):
			length, err = strconv.Atoi(strings.TrimSpace(string(line[16:])))
		}
		if err != nil {
			return 0, 0, err
		}
	}
}

// Frames of RFC 6455, as far as servers here send them.
const (
	opText  = 0x1
	opClose = 0x8
	opPing  = 0x9
	opPong  = 0xA
)

// readFrame returns a frame whose payload is good until the next one.
func readFrame(in *bufio.Reader) (op byte, payload []byte, err error) {
	head, err := in.Peek(2)
	if err != nil {
		return 0, nil, err
	}
	op, n, skip := head[0]&0x0F, int(head[1]), 2
	if n == 126 {
		if head, err = in.Peek(4); err != nil {
			return 0, nil, err
		}
		n, skip = int(binary.BigEndian.Uint16(head[2:])), 4
	}
	b, err := in.Peek(skip + n)
	if err != nil {
		return 0, nil, err
	}
	_, err = in.Discard(skip + n)
	return op, b[skip:], err
}

// maskedFrame is a frame as browsers send it; a mask of zeros is one too.
func maskedFrame(op byte, payload []byte) []byte {
	return append([]byte{0x80 | op, 0x80 | byte(len(payload)), 0, 0, 0, 0}, payload...)
}

// dialect is what a server says over its sockets beyond the events.
type dialect struct {
	// hello is sent by the page when the socket is open.
	hello string
	// greeted says that the server speaks first.
	greeted bool
	// ping is a text that is a ping, and its own answer.
	ping string
}

var dialects = map[string]dialect{
	designNod:        {greeted: true}, // with the stored state
	designCentrifuge: {hello: `{"id":1,"connect":{}}`, greeted: true, ping: "{}"},
}

// greet does what comes before the wait.
func (b *browser) greet(d dialect) error {
	if d.hello != "" {
		if _, err := b.conn.Write(maskedFrame(opText, []byte(d.hello))); err != nil {
			return err
		}
	}
	if !d.greeted {
		return nil
	}
	for {
		op, payload, err := readFrame(b.in)
		switch {
		case err != nil || op == opText:
			return err
		case op != opPing: // one may come between the upgrade and the greeting
			return fmt.Errorf("greeted with frame %d: %q", op, payload)
		}
		if _, err := b.conn.Write(maskedFrame(opPong, nil)); err != nil {
			return err
		}
	}
}

// listen is the wait on a socket; it ends with the connection.
func (b *browser) listen(d dialect, pongs *atomic.Int64) {
	defer b.conn.Close()
	for {
		op, payload, err := readFrame(b.in)
		if err != nil {
			return
		}
		answer := maskedFrame(opPong, nil)
		switch {
		case op == opText && d.ping != "" && string(payload) == d.ping:
			answer = maskedFrame(opText, payload)
		case op == opText:
			b.hear()
			continue
		case op == opClose:
			answer = maskedFrame(opClose, payload)
		}
		if _, err := b.conn.Write(answer); err != nil || op == opClose {
			return
		}
		pongs.Add(1)
	}
}

// follow is the wait on a stream; how the events are cut does not matter here.
func (b *browser) follow() {
	defer b.conn.Close()
	for {
		line, err := b.in.ReadSlice('\n')
		if err != nil {
			return
		}
		if bytes.HasPrefix(line, []byte("data: ")) {
			b.hear()
		}
	}
}

// ask is the wait by polling, as the tutorial does it.
func (b *browser) ask(addr string, first time.Duration) {
	defer b.conn.Close()
	ticker := time.NewTicker(max(first, time.Millisecond))
	defer ticker.Stop()
	for question := []byte(request(byPolling, addr, b.seat)); ; {
		<-ticker.C
		ticker.Reset(pollEvery)
		if _, err := b.conn.Write(question); err != nil {
			return
		}
		_, length, err := readHead(b.in)
		if err != nil {
			return
		}
		answer, err := b.in.Peek(length)
		if err != nil {
			return
		}
		if bytes.Contains(answer, []byte("approved")) && b.events.Load() == 0 {
			b.hear()
		}
		if _, err := b.in.Discard(length); err != nil {
			return
		}
	}
}

const pollEvery = 2 * time.Second
