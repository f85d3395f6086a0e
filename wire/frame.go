package wire

import (
	"encoding/binary"
	"fmt"
)

// The kinds of frames of RFC 6455, section 5.2.
var ops = map[byte]string{0x0: "continuation", 0x1: "text", 0x2: "binary", 0x8: "close", 0x9: "ping", 0xA: "pong"}

const opText, opClose = 0x1, 0x8

// takeFrame records the first whole frame of s and returns its length.
func (t *tap) takeFrame(request bool, s *stream) int {
	f, n := readFrame(s.buf)
	if n == 0 {
		return 0
	}
	hop := Hop{Kind: Frame, Op: ops[f.op], Head: fmt.Sprintf("% x", f.head), Size: n}
	switch {
	case f.op == opText:
		b := maskBody("application/json", f.payload, t.point)
		hop.Body, hop.Phone, hop.UUID = b.text, b.phone, b.uuid
	case f.op == opClose && len(f.payload) >= 2:
		hop.Code = int(binary.BigEndian.Uint16(f.payload))
		hop.Body = maskAll(f.payload[2:])
	default:
		hop.Body = maskAll(f.payload)
	}
	t.record(request, s, hop)
	return n
}

// frame is one frame; payload is unmasked.
type frame struct {
	op      byte
	head    []byte
	payload []byte
}

// readFrame reads the frame at the beginning of b. n is its length, 0 if it is
// incomplete.
func readFrame(b []byte) (f frame, n int) {
	if len(b) < 2 {
		return f, 0
	}
	head, size := 2, uint64(b[1]&0x7F)
	switch {
	case size == 126 && len(b) >= 4:
		head, size = 4, uint64(binary.BigEndian.Uint16(b[2:]))
	case size == 127 && len(b) >= 10:
		head, size = 10, binary.BigEndian.Uint64(b[2:])
	case size >= 126:
		return f, 0
	}
	masked := b[1]&0x80 != 0
	if masked {
		head += 4
	}
	if size > maxMessage || len(b) < head+int(size) {
		return f, 0
	}
	f = frame{op: b[0] & 0x0F, head: b[:head], payload: make([]byte, size)}
	copy(f.payload, b[head:])
	if masked {
		for i := range f.payload {
			f.payload[i] ^= b[head-4+i%4]
		}
	}
	return f, head + int(size)
}

// maskAll shows that there was something.
func maskAll(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	return Mask
}
