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

// userAgent and the headers below are what Chromium 156 sends.
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

// request is what an attempt's page sends.
func request(transport, host string, s attempt) string {
	line, headers := "GET /login/events", socketHeaders
	switch transport {
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

// The transports of a waiting browser, and a page.
const (
	byPage    = "page"
	bySocket  = "socket"
	byStream  = "stream"
	byPolling = "polling"
)

// sourceAddress gives every browser its own address in 127.0.0.0/8, so that ports
// do not run out and servers that count by address have to do so.
func sourceAddress(i int) string {
	return fmt.Sprintf("127.%d.%d.%d", 1+i/40_000, 1+i/200%200, 1+i%200)
}

func dialFrom(i int, addr string) (net.Conn, error) {
	d := net.Dialer{Timeout: 10 * time.Second, LocalAddr: &net.TCPAddr{IP: net.ParseIP(sourceAddress(i))}}
	return d.Dial("tcp", addr)
}

// browser is a waiting page.
type browser struct {
	attempt
	conn net.Conn
	in   *bufio.Reader

	events     atomic.Int32
	receivedAt atomic.Int64 // when the last event was received, see clock
}

// clock returns the nanoseconds since the process started. It is monotonic: changes
// of the wall clock do not affect it.
var began = time.Now()

func clock() int64 { return int64(time.Since(began)) }

func (b *browser) receive() {
	b.receivedAt.Store(clock())
	b.events.Add(1)
}

// visit connects, sends the request, and reads the head of the response.
func (b *browser) visit(transport, addr string, i int) (status int, err error) {
	if b.conn, err = dialFrom(i, addr); err != nil {
		return 0, err
	}
	b.in = bufio.NewReaderSize(b.conn, 1024)
	if transport == byPolling {
		return http.StatusOK, nil // the first poll comes later
	}
	if _, err = io.WriteString(b.conn, request(transport, addr, b.attempt)); err != nil {
		return 0, err
	}
	status, _, err = readHead(b.in)
	return status, err
}

// readHead reads the head of a response; length is its Content-Length.
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

// The opcodes of RFC 6455 that the servers here send.
const (
	opText  = 0x1
	opClose = 0x8
	opPing  = 0x9
	opPong  = 0xA
)

// readFrame returns a frame. Its payload is valid until the next call.
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

// maskedFrame is a frame as browsers send it, with a mask of zeros.
func maskedFrame(op byte, payload []byte) []byte {
	return append([]byte{0x80 | op, 0x80 | byte(len(payload)), 0, 0, 0, 0}, payload...)
}

// protocol is what a design sends over its sockets besides the events.
type protocol struct {
	// hello is what the page sends first.
	hello string
	// serverFirst means that the server sends a first message.
	serverFirst bool
	// ping is a text message that is a ping and its own answer.
	ping string
}

var protocols = map[string]protocol{
	designNod:        {serverFirst: true}, // with the stored state
	designCentrifuge: {hello: `{"id":1,"connect":{}}`, serverFirst: true, ping: "{}"},
}

// greet exchanges the first messages.
func (b *browser) greet(d protocol) error {
	if d.hello != "" {
		if _, err := b.conn.Write(maskedFrame(opText, []byte(d.hello))); err != nil {
			return err
		}
	}
	if !d.serverFirst {
		return nil
	}
	for {
		op, payload, err := readFrame(b.in)
		switch {
		case err != nil || op == opText:
			return err
		case op != opPing: // may come before the first message
			return fmt.Errorf("the first message is frame %d: %q", op, payload)
		}
		if _, err := b.conn.Write(maskedFrame(opPong, nil)); err != nil {
			return err
		}
	}
}

// listen reads events from a socket until the connection ends.
func (b *browser) listen(d protocol, pongs *atomic.Int64) {
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
			b.receive()
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

// follow reads events from a stream until the connection ends.
func (b *browser) follow() {
	defer b.conn.Close()
	for {
		line, err := b.in.ReadSlice('\n')
		if err != nil {
			return
		}
		if bytes.HasPrefix(line, []byte("data: ")) {
			b.receive()
		}
	}
}

// poll polls as the tutorial's page does.
func (b *browser) poll(addr string, first time.Duration) {
	defer b.conn.Close()
	ticker := time.NewTicker(max(first, time.Millisecond))
	defer ticker.Stop()
	for request := []byte(request(byPolling, addr, b.attempt)); ; {
		<-ticker.C
		ticker.Reset(pollEvery)
		if _, err := b.conn.Write(request); err != nil {
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
			b.receive()
		}
		if _, err := b.in.Discard(length); err != nil {
			return
		}
	}
}

const pollEvery = 2 * time.Second
