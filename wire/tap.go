package wire

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// tap cuts the bytes of one connection into messages.
type tap struct {
	rec   *Recorder
	point Point
	conn  int64

	mu       sync.Mutex
	mode     mode
	requests stream
	answers  stream
	current  exchange
}

// mode is what the bytes are.
type mode int

const (
	http1  mode = iota
	socket      // frames, after an upgrade
	events      // the body of an answer that ends with the connection
	off         // nobody knows
)

// stream is what has come in one direction and is no whole message yet.
type stream struct {
	buf   []byte
	began time.Time
}

// exchange is the request under way, or the last one.
type exchange struct {
	id      int64
	method  string
	route   string
	skipped bool
	browser int
	phone   string
	uuid    string
	note    string // for the answer
}

// maxMessage bounds what is kept of a message that is not whole.
const maxMessage = 1 << 20

// feed takes the next bytes in one direction.
func (t *tap) feed(request bool, b []byte) {
	if len(b) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.mode == off {
		return
	}
	s := t.stream(request)
	if len(s.buf) == 0 {
		s.began = t.rec.now()
	}
	s.buf = append(s.buf, b...)
	for len(s.buf) > 0 && t.mode != off {
		n := t.take(request, s)
		if n == 0 {
			break
		}
		s.buf = s.buf[n:]
	}
	if len(s.buf) > maxMessage {
		t.giveUp(request, s)
	}
	switch {
	case t.mode == off:
		t.requests.buf, t.answers.buf = nil, nil
	case len(s.buf) == 0:
		s.buf = nil // an idle connection keeps nothing
	}
}

func (t *tap) stream(request bool) *stream {
	if request {
		return &t.requests
	}
	return &t.answers
}

// take records the first whole message of s and returns its length, 0 if there is
// none yet.
func (t *tap) take(request bool, s *stream) int {
	switch {
	case t.mode == socket:
		return t.takeFrame(request, s)
	case t.mode == events && !request:
		t.record(false, s, Hop{Kind: Event, Body: maskEvents(s.buf), Size: len(s.buf)})
		return len(s.buf)
	case !bytes.Contains(s.buf, endOfHead):
		return 0
	case request:
		return t.takeRequest(s)
	default:
		return t.takeAnswer(s)
	}
}

var endOfHead = []byte("\r\n\r\n")

func (t *tap) takeRequest(s *stream) int {
	var req *http.Request
	m, err := cut(s.buf, func(r *bufio.Reader) (body io.Reader, err error) {
		if req, err = http.ReadRequest(r); err != nil {
			return nil, err
		}
		return req.Body, nil
	})
	if err != nil {
		return t.notWhole(true, s, err)
	}
	t.begin(req)
	if t.current.skipped {
		return m.size
	}
	head := maskRequestHead(m.head, t.point)
	body := maskBody(req.Header.Get("Content-Type"), m.body, t.point)
	t.current.learn(body)
	t.record(true, s, Hop{Kind: Request, Head: head, Body: body.text, Size: m.size})
	return m.size
}

// begin starts the exchange of a request.
func (t *tap) begin(req *http.Request) {
	route, args := t.point.match(req.URL.Path)
	t.current = exchange{method: req.Method, route: route, phone: args["phone"], uuid: args["uuid"]}
	if t.current.skipped = !t.point.records(req.URL.Path, route); t.current.skipped {
		return
	}
	t.current.id = t.rec.nextExchange()
	if t.point == Application && route != callbackRoute {
		t.current.browser = t.rec.browser(req.Cookies())
	}
}

// learn keeps what a body says of the request that it is about.
func (e *exchange) learn(b body) {
	if e.phone == "" {
		e.phone = b.phone
	}
	if e.uuid == "" {
		e.uuid = b.uuid
	}
}

func (t *tap) takeAnswer(s *stream) int {
	var res *http.Response
	endless := false
	m, err := cut(s.buf, func(r *bufio.Reader) (body io.Reader, err error) {
		if res, err = http.ReadResponse(r, &http.Request{Method: t.current.method}); err != nil {
			return nil, err
		}
		if endless = res.ContentLength < 0 && len(res.TransferEncoding) == 0; endless {
			return http.NoBody, nil
		}
		return res.Body, nil
	})
	if err != nil {
		return t.notWhole(false, s, err)
	}
	t.follow(res, endless)
	if t.current.skipped {
		return m.size
	}
	if t.current.browser == 0 && t.point == Application && t.current.route != callbackRoute {
		t.current.browser = t.rec.browser(res.Cookies())
	} else {
		t.rec.knowBrowser(t.current.browser, res.Cookies())
	}
	body := maskBody(res.Header.Get("Content-Type"), m.body, t.point)
	t.current.learn(body)
	hop := Hop{Kind: Answer, Status: res.StatusCode, Head: maskAnswerHead(m.head, t.point), Body: body.text, Size: m.size}
	if res.StatusCode >= http.StatusOK || res.StatusCode == http.StatusSwitchingProtocols {
		hop.Note, t.current.note = t.current.note, ""
	}
	t.record(false, s, hop)
	return m.size
}

// follow changes the mode where the head of an answer says so.
func (t *tap) follow(res *http.Response, endless bool) {
	switch {
	case res.StatusCode == http.StatusSwitchingProtocols:
		t.mode = socket
	case endless:
		t.mode = events
	}
	if t.mode != http1 && t.current.skipped {
		t.mode = off
	}
}

// message is one whole message of HTTP.
type message struct {
	head []byte
	body []byte // without the transfer coding
	size int
}

// cut reads the message at the beginning of buf.
func cut(buf []byte, read func(*bufio.Reader) (io.Reader, error)) (message, error) {
	blank := len(buf) - len(bytes.TrimLeft(buf, "\r\n")) // what some clients send after a body
	left := bytes.NewReader(buf[blank:])
	r := bufio.NewReader(left)
	content, err := read(r)
	if err != nil {
		return message{}, err
	}
	body, err := io.ReadAll(content)
	if err != nil {
		return message{}, err
	}
	head := buf[blank:]
	head = head[:bytes.Index(head, endOfHead)+len(endOfHead)]
	return message{head, body, len(buf) - left.Len() - r.Buffered()}, nil
}

// notWhole tells a message that has not come yet from one that nobody can read.
func (t *tap) notWhole(request bool, s *stream, err error) int {
	if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.giveUp(request, s)
	}
	return 0
}

// giveUp records that there was something, and nothing more of this connection.
func (t *tap) giveUp(request bool, s *stream) {
	t.record(request, s, Hop{Kind: Unreadable, Body: Mask, Size: len(s.buf)})
	t.mode = off
}

// record completes a hop by what the connection knows.
func (t *tap) record(request bool, s *stream, h Hop) {
	if t.current.skipped {
		return
	}
	h.Exchange, h.Conn, h.At, h.End = t.current.id, t.conn, s.began, t.rec.now()
	h.Method, h.Route, h.Browser = t.current.method, t.current.route, t.current.browser
	if h.Phone == "" {
		h.Phone = t.current.phone
	}
	if h.UUID == "" {
		h.UUID = t.current.uuid
	}
	h.From, h.To = t.point.parties(h.Route)
	if !request {
		h.From, h.To = h.To, h.From
	}
	t.rec.add(h)
	s.began = h.End // of the next message in the same bytes
}

// lost records that the last message did not get out.
func (t *tap) lost() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.mode == off || t.current.id == 0 {
		return
	}
	t.record(t.point.client(), &stream{began: t.rec.now()}, Hop{Kind: Lost})
}

func (t *tap) note(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.current.note = strings.Clone(text)
}

func (t *tap) about(uuid string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.current.uuid = strings.Clone(uuid)
}
