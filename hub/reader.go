package hub

// chatter is how many frames a browser may send between two pings. It owes us
// one pong; a flood of them costs more than it can be worth.
const chatter = 32

// A chunk is what one read brings. It is large against the 131 bytes of the
// longest legal frame so that what a refused browser still sends is soon read.
type chunk [4096]byte

// deafness is how many bytes of a refused browser are read and thrown away.
// Closing with bytes unread would reset the connection and lose the close frame.
const deafness = 256 << 10

// hear takes what a browser sent and answers what is left of it, the beginning
// of a frame; more is false when there is nothing to wait for any more.
func (w *Waiter) hear(b []byte) (rest []byte, more bool) {
	if w.kind == Stream {
		return nil, false // its request was all it had to say
	}
	for len(b) > 0 {
		f, n, code := parse(b)
		if n == 0 && code == 0 {
			return b, true
		}
		if w.heard.Add(1) > chatter {
			code = codePolicy
		}
		if code != 0 {
			w.refuse(code)
			return nil, w.heard.Add(int32(len(b))) < deafness
		}
		if !w.handle(f) {
			return nil, false
		}
		b = b[n:]
	}
	return nil, true
}

// handle does what a control frame asks for; a close frame ends the reading.
// Answers fail only on waiters that have ended, which are owed none.
func (w *Waiter) handle(f frame) (more bool) {
	switch f.op {
	case opPong:
		w.missed.Store(0)
	case opPing:
		_ = w.write(frames{WebSocket: appendFrame(nil, opPong, f.payload)}, patience, stays)
	case opClose:
		answer, end := closeAnswer(f.payload)
		_ = w.write(frames{WebSocket: answer}, patience, end)
		return false
	}
	return true
}

// refuse closes a browser that sent what it may not. Its reader goes on for the
// time of the grace, so that the close frame arrives.
func (w *Waiter) refuse(code int) {
	_ = w.write(frames{WebSocket: closeFrame(code, "")}, patience, Refused)
}
