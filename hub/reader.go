package hub

// maxFrames is how many frames a browser may send between two pings. One pong is
// expected; the limit keeps a flood from costing processor time.
const maxFrames = 32

// A chunk is the buffer of one read. It is much larger than the longest allowed
// frame, 131 bytes, so that a refused browser's data is drained in few reads.
type chunk [4096]byte

// drainLimit is how many bytes of a refused browser are read and discarded.
// Closing with unread bytes would reset the connection and lose the close frame.
const drainLimit = 256 << 10

// receive handles the frames in b and returns the incomplete one at its end. more
// is false if nothing more is to be read.
func (w *Waiter) receive(b []byte) (rest []byte, more bool) {
	if w.kind == Stream {
		return nil, false // a stream client sends nothing after its request
	}
	for len(b) > 0 {
		f, n, code := parse(b)
		if n == 0 && code == 0 {
			return b, true
		}
		if w.received.Add(1) > maxFrames {
			code = codePolicy
		}
		if code != 0 {
			w.refuse(code)
			return nil, w.received.Add(int32(len(b))) < drainLimit
		}
		if !w.handle(f) {
			return nil, false
		}
		b = b[n:]
	}
	return nil, true
}

// handle answers a control frame; after a close frame, more is false. A reply can
// only fail on a waiter that has ended, so its error does not matter.
func (w *Waiter) handle(f frame) (more bool) {
	switch f.op {
	case opPong:
		w.answered()
	case opPing:
		_ = w.write(message{WebSocket: appendFrame(nil, opPong, f.payload)}, writeTimeout, noEnd)
	case opClose:
		reply, end := closeReply(f.payload)
		_ = w.write(message{WebSocket: reply}, writeTimeout, end)
		return false
	}
	return true
}

// refuse sends a close frame to a browser that broke the protocol. Its reader
// goes on draining for the grace period, so that the close frame arrives.
func (w *Waiter) refuse(code int) {
	_ = w.write(message{WebSocket: closeFrame(code, "")}, writeTimeout, Refused)
}
