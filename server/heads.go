package server

import (
	"bytes"
	"errors"
	"io"
	"strings"
)

// heads reads along what a client sends and stops it at a head that two readers
// could take for different ones. fasthttp is lenient: it takes a length beside
// chunks, two Hosts, bare line feeds, folded lines and versions that do not exist;
// net/http takes the first, the third and the fourth. A proxy in front may have
// taken the same bytes for another request. So heads has no opinion of its own
// either: what is not plain HTTP/1.0 or 1.1 is refused.
//
// It must know where a body ends to find the next head, and so it knows both ways
// to say that, in their strict form alone.
type heads struct {
	at   place
	line []byte // the beginning of a line that came in pieces
	head head
	left int64 // bytes of the body, or of its chunk
	err  error // for good: what follows has no certain beginning
}

// place is what the next byte belongs to.
type place int

const (
	inHead     place = iota
	inBody           // of known length
	inChunk          // its bytes
	afterChunk       // the line end that closes it
	inChunkSize
	afterChunks // the empty line
)

// head is what counts of one head for how it is read.
type head struct {
	started bool // the request line was read
	old     bool // HTTP/1.0
	hosts   int
	chunked bool
	length  int64 // -1: not given
}

// maxLine bounds what is kept of a line. A longer one does not fit into the
// server's buffer, which refuses it in its own words.
const maxLine = 16 << 10

// pass says how many bytes of b may be passed on. The rest, if there is any, is
// never to be, and err says why. Of a refused head the server gets no whole one,
// so it cannot act on it.
func (h *heads) pass(b []byte) (n int, err error) {
	for n < len(b) && h.err == nil {
		rest := b[n:]
		if h.at == inBody || h.at == inChunk {
			taken := min(int64(len(rest)), h.left)
			n, h.left = n+int(taken), h.left-taken
			if h.left == 0 {
				h.at = h.at.next()
			}
			continue
		}
		end := bytes.IndexByte(rest, '\n')
		if end < 0 {
			h.keep(rest)
			return len(b), nil
		}
		line := rest[:end]
		if len(h.line) > 0 {
			line = append(h.line, line...)
		}
		h.line = nil // an idle connection keeps nothing
		if h.err = h.readLine(line); h.err != nil {
			return n + end, h.err
		}
		n += end + 1
	}
	return n, h.err
}

// keep remembers the beginning of a line. Of one that is too long it keeps the last
// byte too, which may be half of the line's end.
func (h *heads) keep(piece []byte) {
	h.line = append(h.line, piece...)
	if last := len(h.line) - 1; last >= maxLine {
		h.line = append(h.line[:maxLine-1], h.line[last])
	}
}

// next is what follows a place that has an end of its own.
func (p place) next() place {
	switch p {
	case inChunk:
		return afterChunk
	case afterChunk:
		return inChunkSize
	default: // a body, or the last of its chunks
		return inHead
	}
}

// The ways to write a head that not every reader understands alike.
var (
	errLineEnd     = errors.New("a line of the request does not end in CR LF")
	errRequestLine = errors.New("the request line is not: method, path, HTTP/1.0 or HTTP/1.1")
	errHeaderLine  = errors.New("a header of the request is not: name, colon, value on one line")
	errHost        = errors.New("the request does not have one Host header")
	errLength      = errors.New("the length of the request is given twice, or not as a number")
	errEncoding    = errors.New("the transfer encoding of the request is not chunked, given once and without a length")
	errChunk       = errors.New("a chunk of the request is malformed")
)

// readLine reads one line without its line feed.
func (h *heads) readLine(line []byte) error {
	text, ok := bytes.CutSuffix(line, []byte("\r"))
	if !ok {
		return errLineEnd // a bare carriage return is no part of anything below
	}
	switch h.at {
	case inChunkSize:
		return h.readChunkSize(text)
	case afterChunk, afterChunks:
		if len(text) > 0 {
			return errChunk // trailers too: nobody here reads them
		}
		h.at = h.at.next()
		return nil
	}
	switch {
	case !h.head.started && len(text) == 0:
		return nil // what some clients send after a body; RFC 9112, 2.2
	case !h.head.started:
		return h.readRequestLine(text)
	case len(text) == 0:
		return h.endHead()
	}
	return h.readHeader(text)
}

func (h *heads) readRequestLine(text []byte) error {
	parts := bytes.Split(text, []byte(" "))
	if len(parts) != 3 || !isToken(parts[0]) || !isTarget(parts[1]) {
		return errRequestLine
	}
	h.head = head{started: true, length: -1}
	switch string(parts[2]) {
	case "HTTP/1.1":
	case "HTTP/1.0":
		h.head.old = true
	default:
		return errRequestLine
	}
	return nil
}

// isTarget is true for a path. Whole URLs are for proxies, and of "@host/" no
// link may ever be made.
func isTarget(target []byte) bool {
	if len(target) == 0 || (target[0] != '/' && string(target) != "*") {
		return false
	}
	return !bytes.ContainsFunc(target, func(r rune) bool { return r <= ' ' || r == 0x7f })
}

// isToken is the rule for names: RFC 9110, 5.6.2.
func isToken(name []byte) bool {
	return len(name) > 0 && !bytes.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
}

func (h *heads) readHeader(text []byte) error {
	// A line that begins with a blank once continued the one before.
	name, value, found := bytes.Cut(text, []byte(":"))
	if !found || !isToken(name) || bytes.ContainsFunc(value, func(r rune) bool { return (r < ' ' && r != '\t') || r == 0x7f }) {
		return errHeaderLine
	}
	value = bytes.Trim(value, " \t")
	switch {
	case bytes.EqualFold(name, []byte("Host")):
		if h.head.hosts++; h.head.hosts > 1 || len(value) == 0 {
			return errHost
		}
	case bytes.EqualFold(name, []byte("Content-Length")):
		length, ok := number(value, 10)
		if !ok || h.head.length >= 0 {
			return errLength
		}
		h.head.length = length
	case bytes.EqualFold(name, []byte("Transfer-Encoding")):
		if h.head.chunked || h.head.old || !bytes.EqualFold(value, []byte("chunked")) {
			return errEncoding
		}
		h.head.chunked = true
	}
	return nil
}

// endHead judges the head as a whole, and says what comes next.
func (h *heads) endHead() error {
	switch {
	case h.head.hosts == 0 && !h.head.old: // HTTP/1.0 has none; old health checks are sent so
		return errHost
	case h.head.chunked && h.head.length >= 0:
		return errEncoding
	case h.head.chunked:
		h.at = inChunkSize
	case h.head.length > 0:
		h.at, h.left = inBody, h.head.length
	}
	h.head = head{}
	return nil
}

// readChunkSize takes no extensions: nothing here would read them, and what
// stands in them is read differently.
func (h *heads) readChunkSize(text []byte) error {
	size, ok := number(text, 16)
	switch {
	case !ok:
		return errChunk
	case size == 0:
		h.at = afterChunks
	default:
		h.at, h.left = inChunk, size
	}
	return nil
}

// number reads digits and nothing else: no sign, no blanks, no list.
func number(text []byte, base int64) (int64, bool) {
	const maxDigits = 12 // far more than any body of ours, and no overflow
	if len(text) == 0 || len(text) > maxDigits {
		return 0, false
	}
	var n int64
	for _, c := range bytes.ToLower(text) {
		digit := int64(strings.IndexByte("0123456789abcdef", c))
		if digit < 0 || digit >= base {
			return 0, false
		}
		n = n*base + digit
	}
	return n, true
}

// read reads from a client as io.Reader does, and no further than pass allows.
func (h *heads) read(from io.Reader, b []byte) (int, error) {
	if h.err != nil {
		return 0, h.err
	}
	n, err := from.Read(b)
	passed, refused := h.pass(b[:n])
	switch {
	case refused == nil:
		return n, err
	case passed > 0:
		return passed, nil // the next read says why there is no more
	}
	return 0, refused
}
