package hub

import (
	"encoding/binary"
	"strings"
	"unicode/utf8"
)

// Frames of RFC 6455, section 5.2, and events of the HTML standard, section
// 9.2.6: only what a waiting browser needs. The hub sends unmasked text and
// control frames; the browser may send masked control frames.

const (
	opContinuation = 0x0
	opText         = 0x1
	opBinary       = 0x2
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xA

	final    = 0x80
	masked   = 0x80
	reserve  = 0x70 // the RSV bits; no extension is ever negotiated
	maxShort = 125  // max payload of a control frame
	headLen  = 6    // header of a masked frame with a short payload
)

// Close codes of RFC 6455, section 7.4.1.
const (
	codeNormal   = 1000
	codeProtocol = 1002
	codeNotUTF8  = 1007
	codePolicy   = 1008
	codeTooBig   = 1009
)

// message is one message encoded for each kind of connection; nil sends nothing.
type message [kinds][]byte

var (
	// An event stream has no pings. A comment, which its browser ignores, shows
	// whether the connection still takes bytes.
	ping        = message{WebSocket: {final | opPing, 0}, Stream: []byte(":\n\n")}
	normalClose = closeFrame(codeNormal, "")
)

// event encodes data for one write. If last is set, a WebSocket's close frame
// follows in the same slice; a stream needs none.
func event(data []byte, last bool) message {
	b := appendFrame(make([]byte, 0, len(data)+10+len(normalClose)), opText, data)
	if last {
		b = append(b, normalClose...)
	}
	return message{WebSocket: b, Stream: streamEvent(data)}
}

// streamEvent puts every line of data into a field of its own, so that no data
// can end the event or forge another field.
func streamEvent(data []byte) []byte {
	b := append(make([]byte, 0, len(data)+8), "data: "...)
	for _, c := range data {
		switch c {
		case '\r':
		case '\n':
			b = append(b, "\ndata: "...)
		default:
			b = append(b, c)
		}
	}
	return append(b, "\n\n"...)
}

func appendFrame(b []byte, op byte, payload []byte) []byte {
	b = append(b, final|op)
	switch n := len(payload); {
	case n <= maxShort:
		b = append(b, byte(n))
	case n <= 0xFFFF:
		b = binary.BigEndian.AppendUint16(append(b, 126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 127), uint64(n))
	}
	return append(b, payload...)
}

func closeFrame(code int, reason string) []byte {
	if len(reason) > maxShort-2 {
		reason = strings.ToValidUTF8(reason[:maxShort-2], "")
	}
	payload := binary.BigEndian.AppendUint16(nil, uint16(code))
	return appendFrame(nil, opClose, append(payload, reason...))
}

// frame is a control frame from a browser; payload is unmasked.
type frame struct {
	op      byte
	payload []byte
}

// parse decodes the frame at the start of b, unmasking it in place. n is its
// length in bytes, 0 if it is incomplete; an incomplete frame has at most 130
// bytes. code, if not 0, is the close code for a frame that is not allowed.
func parse(b []byte) (f frame, n int, code int) {
	if len(b) < 2 {
		return f, 0, 0
	}
	if code := checkHeader(b[0], b[1]); code != 0 {
		return f, 0, code
	}
	n = headLen + int(b[1]&^masked)
	if len(b) < n {
		return f, 0, 0
	}
	f = frame{op: b[0] & 0x0F, payload: b[headLen:n]}
	for i := range f.payload {
		f.payload[i] ^= b[2+i%4]
	}
	return f, n, 0
}

// checkHeader checks the first two bytes of a frame. They are enough to refuse it
// before its payload arrives. 0 means that the frame is allowed.
func checkHeader(first, second byte) (code int) {
	short := second&^masked <= maxShort
	if first&reserve != 0 || second&masked == 0 {
		return codeProtocol
	}
	switch first & 0x0F {
	case opClose, opPing, opPong:
		if first&final == 0 || !short {
			return codeProtocol
		}
		return 0
	case opText, opBinary:
		if !short {
			return codeTooBig
		}
		return codePolicy
	default: // reserved, or a continuation without a first frame
		return codeProtocol
	}
}

// closeReply echoes the code of a valid close frame; an empty one gets an empty
// reply.
func closeReply(payload []byte) (reply []byte, end End) {
	if len(payload) == 0 {
		return appendFrame(nil, opClose, nil), Gone
	}
	if len(payload) == 1 {
		return closeFrame(codeProtocol, ""), Refused
	}
	code := int(binary.BigEndian.Uint16(payload))
	switch {
	case !validCloseCode(code):
		return closeFrame(codeProtocol, ""), Refused
	case !utf8.Valid(payload[2:]):
		return closeFrame(codeNotUTF8, ""), Refused
	}
	return closeFrame(code, ""), Gone
}

// validCloseCode follows RFC 6455, section 7.4.2, and the codes registered with
// IANA since.
func validCloseCode(code int) bool {
	switch code {
	case 1004, 1005, 1006:
		return false
	}
	return 1000 <= code && code <= 1014 || 3000 <= code && code <= 4999
}
