package hub

import (
	"encoding/binary"
	"strings"
	"unicode/utf8"
)

// Frames of RFC 6455, section 5.2, and events of the HTML standard, section
// 9.2.6. Only what a waiting browser needs: it is sent unmasked text and
// control frames, and may send masked control frames.

const (
	opContinuation = 0x0
	opText         = 0x1
	opBinary       = 0x2
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xA

	final    = 0x80
	masked   = 0x80
	reserve  = 0x70 // bits of extensions; none is ever agreed on
	maxShort = 125  // the longest payload of a control frame
	headLen  = 6    // of a masked frame with a short payload
)

// Close codes of RFC 6455, section 7.4.1.
const (
	codeNormal   = 1000
	codeProtocol = 1002
	codeNotUTF8  = 1007
	codePolicy   = 1008
	codeTooBig   = 1009
)

// frames is one thing to say, in the bytes of each kind; nil says nothing.
type frames [kinds][]byte

var (
	// A stream ignores comments, and its browser answers none: what they find
	// out is whether the connection still takes bytes.
	pings   = frames{WebSocket: {final | opPing, 0}, Stream: []byte(":\n\n")}
	goodbye = closeFrame(codeNormal, "")
)

// event builds what one write sends: the data, and with last the close frame of
// a WebSocket in the same slice. A stream ends with its connection.
func event(data []byte, last bool) frames {
	b := appendFrame(make([]byte, 0, len(data)+10+len(goodbye)), opText, data)
	if last {
		b = append(b, goodbye...)
	}
	return frames{WebSocket: b, Stream: streamEvent(data)}
}

// streamEvent begins every line of data anew, so that no data can end the event
// or forge a field of the stream.
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

// parse takes the frame at the start of b, unmasking it in place. n is how long
// it is, 0 if it has not all come; at most 130 bytes are ever left to wait for
// more. code, if not 0, is the close code for a frame that may not come.
func parse(b []byte) (f frame, n int, code int) {
	if len(b) < 2 {
		return f, 0, 0
	}
	if code := judge(b[0], b[1]); code != 0 {
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

// judge looks at the first two bytes of a frame: they say all there is to
// refuse, before anything more is read.
func judge(first, second byte) (code int) {
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
	default: // reserved, or a continuation of nothing
		return codeProtocol
	}
}

// closeAnswer answers a close frame with its own code, if it is well made, and
// an empty one with an empty one.
func closeAnswer(payload []byte) (answer []byte, end End) {
	if len(payload) == 0 {
		return appendFrame(nil, opClose, nil), Gone
	}
	if len(payload) == 1 {
		return closeFrame(codeProtocol, ""), Refused
	}
	code := int(binary.BigEndian.Uint16(payload))
	switch {
	case !mayClose(code):
		return closeFrame(codeProtocol, ""), Refused
	case !utf8.Valid(payload[2:]):
		return closeFrame(codeNotUTF8, ""), Refused
	}
	return closeFrame(code, ""), Gone
}

// mayClose: RFC 6455, section 7.4.2, with the codes registered since.
func mayClose(code int) bool {
	switch code {
	case 1004, 1005, 1006:
		return false
	}
	return 1000 <= code && code <= 1014 || 3000 <= code && code <= 4999
}
