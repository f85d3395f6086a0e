package hub_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"nod/hub"
)

// masked builds a complete frame as a browser sends it; head is its first byte.
func masked(head byte, payload []byte) []byte {
	mask := []byte{0x1F, 0x2E, 0x3D, 0x4C}
	b := []byte{head}
	switch n := len(payload); {
	case n <= 125:
		b = append(b, 0x80|byte(n))
	case n <= 0xFFFF:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	b = append(b, mask...)
	for i, c := range payload {
		b = append(b, c^mask[i%4])
	}
	return b
}

// closing builds the hub's close frame.
func closing(code uint16, reason string) []byte {
	b := []byte{0x88, byte(2 + len(reason)), byte(code >> 8), byte(code)}
	return append(b, reason...)
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

var conversations = []struct {
	name string
	sent []byte
	want []byte
	end  hub.End
}{
	{"nothing", nil, nil, hub.Gone},
	{"pong", masked(0x8A, nil), nil, hub.Gone},
	{"unsolicited pong with payload", masked(0x8A, []byte("hello")), nil, hub.Gone},
	{"ping", masked(0x89, nil), []byte{0x8A, 0}, hub.Gone},
	{"ping with payload", masked(0x89, []byte("are you there")), append([]byte{0x8A, 13}, "are you there"...), hub.Gone},
	{"ping with 125 bytes", masked(0x89, make([]byte, 125)), append([]byte{0x8A, 125}, make([]byte, 125)...), hub.Gone},
	{"three pings", bytes.Repeat(masked(0x89, []byte("x")), 3), bytes.Repeat([]byte{0x8A, 1, 'x'}, 3), hub.Gone},
	{"incomplete ping", masked(0x89, []byte("never ends"))[:9], nil, hub.Gone},

	{"close 1000", masked(0x88, []byte{0x03, 0xE8}), closing(1000, ""), hub.Gone},
	{"close 1001 with reason", masked(0x88, []byte("\x03\xE9bye")), closing(1001, ""), hub.Gone},
	{"close 4999", masked(0x88, []byte{0x13, 0x87}), closing(4999, ""), hub.Gone},
	{"close without code", masked(0x88, nil), []byte{0x88, 0}, hub.Gone},
	{"close, then more", join(masked(0x88, nil), masked(0x89, nil)), []byte{0x88, 0}, hub.Gone},
	{"close with one byte", masked(0x88, []byte{3}), closing(1002, ""), hub.Refused},
	{"close 999", masked(0x88, []byte{0x03, 0xE7}), closing(1002, ""), hub.Refused},
	{"close 1005", masked(0x88, []byte{0x03, 0xED}), closing(1002, ""), hub.Refused},
	{"close 1006", masked(0x88, []byte{0x03, 0xEE}), closing(1002, ""), hub.Refused},
	{"close 2999", masked(0x88, []byte{0x0B, 0xB7}), closing(1002, ""), hub.Refused},
	{"close 5000", masked(0x88, []byte{0x13, 0x88}), closing(1002, ""), hub.Refused},
	{"close with a reason that is not UTF-8", masked(0x88, []byte{0x03, 0xE8, 0xC3, 0x28}), closing(1007, ""), hub.Refused},

	{"text", masked(0x81, []byte("approve")), closing(1008, ""), hub.Refused},
	{"empty text", masked(0x81, nil), closing(1008, ""), hub.Refused},
	{"text that is not UTF-8", masked(0x81, []byte{0xC3, 0x28}), closing(1008, ""), hub.Refused},
	{"binary", masked(0x82, []byte{1, 2, 3}), closing(1008, ""), hub.Refused},
	{"first fragment of a text", masked(0x01, []byte("app")), closing(1008, ""), hub.Refused},
	{"text in fragments", join(masked(0x01, []byte("app")), masked(0x80, []byte("rove"))), closing(1008, ""), hub.Refused},
	{"text with 126 bytes", masked(0x81, make([]byte, 126)), closing(1009, ""), hub.Refused},
	{"text with 64 KiB", masked(0x81, make([]byte, 65_536)), closing(1009, ""), hub.Refused},
	{"text with 1 TiB", []byte{0x81, 0xFF, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4, 'x'}, closing(1009, ""), hub.Refused},
	{"text with the top bit of its length set", []byte{0x81, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4}, closing(1009, ""), hub.Refused},
	{"ping, then text", join(masked(0x89, nil), masked(0x81, []byte("x"))), join([]byte{0x8A, 0}, closing(1008, "")), hub.Refused},

	{"unmasked pong", []byte{0x8A, 0}, closing(1002, ""), hub.Refused},
	{"unmasked ping", []byte{0x89, 1, 'x'}, closing(1002, ""), hub.Refused},
	{"unmasked text", []byte{0x81, 1, 'x'}, closing(1002, ""), hub.Refused},
	{"continuation without a first fragment", masked(0x80, []byte("x")), closing(1002, ""), hub.Refused},
	{"ping in fragments", masked(0x09, nil), closing(1002, ""), hub.Refused},
	{"close in fragments", masked(0x08, nil), closing(1002, ""), hub.Refused},
	{"ping with 126 bytes", masked(0x89, make([]byte, 126)), closing(1002, ""), hub.Refused},
	{"ping with a 64-bit length", []byte{0x89, 0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4, 'x'}, closing(1002, ""), hub.Refused},
	{"first reserved bit, as compression sets it", masked(0xC1, []byte("x")), closing(1002, ""), hub.Refused},
	{"second reserved bit", masked(0xA9, nil), closing(1002, ""), hub.Refused},
	{"third reserved bit", masked(0x9A, nil), closing(1002, ""), hub.Refused},
	{"reserved data opcode", masked(0x83, nil), closing(1002, ""), hub.Refused},
	{"reserved control opcode", masked(0x8B, nil), closing(1002, ""), hub.Refused},
	{"garbage", []byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), closing(1002, ""), hub.Refused},

	{"the maximum number of frames", bytes.Repeat(masked(0x8A, nil), 32), nil, hub.Gone},
	{"too many pongs", bytes.Repeat(masked(0x8A, nil), 33), closing(1008, ""), hub.Refused},
	{"too many pings", bytes.Repeat(masked(0x89, nil), 500), join(bytes.Repeat([]byte{0x8A, 0}, 32), closing(1008, "")), hub.Refused},
}

// writers send the bytes at once, or one at a time, which splits every frame.
var writers = map[string]func(io.Writer, []byte){
	"whole": func(w io.Writer, b []byte) { _, _ = w.Write(b) },
	"split": func(w io.Writer, b []byte) {
		for i := range b {
			_, _ = w.Write(b[i : i+1])
		}
	},
}

func TestConversations(t *testing.T) {
	for _, c := range conversations {
		for name, write := range writers {
			t.Run(fmt.Sprintf("%s, %s", c.name, name), func(t *testing.T) {
				h, ends := open(t, hub.Options{PingInterval: time.Hour, Grace: time.Hour})
				server, browser := tcpPair(t)
				must(t, reserve(t, h, "a").Join(server, hub.WebSocket, nil))
				write(browser, c.sent)
				_ = browser.CloseWrite() // fails if the hub has closed already
				// A browser that still sends after the close is reset once it has the reply.
				if got, _ := io.ReadAll(browser); !bytes.Equal(got, c.want) {
					t.Errorf("got % x, want % x", got, c.want)
				}
				wantEnd(t, ends, c.end)
			})
		}
	}
}

// The same over a connection without a descriptor, such as TLS in this process.
// The hub gives such a write 20 ms; in the bubble that cannot be too little.
func TestConversationsWithoutADescriptor(t *testing.T) {
	for _, c := range conversations {
		for name, write := range writers {
			t.Run(fmt.Sprintf("%s, %s", c.name, name), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					h, ends := open(t, hub.Options{PingInterval: time.Hour, Grace: time.Nanosecond})
					browser := joinPipe(t, h, "a", hub.WebSocket)
					done := make(chan []byte)
					go func() {
						got := make([]byte, len(c.want))
						_, _ = io.ReadFull(browser, got)
						done <- got
					}()
					write(browser, c.sent)
					if got := <-done; !bytes.Equal(got, c.want) {
						t.Errorf("got % x, want % x", got, c.want)
					}
					must(t, browser.Close())
					wantEnd(t, ends, c.end)
				})
			})
		}
	}
}

// A refused browser that keeps sending is not drained for ever.
func TestDrainingIsLimited(t *testing.T) {
	h, ends := open(t, hub.Options{PingInterval: time.Hour, Grace: time.Hour})
	server, browser := tcpPair(t)
	must(t, reserve(t, h, "a").Join(server, hub.WebSocket, nil))
	for flood := bytes.Repeat(masked(0x89, nil), 1000); ; {
		if _, err := browser.Write(flood); err != nil {
			break
		}
	}
	wantEnd(t, ends, hub.Refused)
}

// Whatever a browser sends, the replies are complete, unmasked control frames,
// and the waiter ends when the browser hangs up.
func FuzzBrowserBytes(f *testing.F) {
	for _, c := range conversations {
		f.Add(c.sent)
	}
	f.Fuzz(func(t *testing.T, sent []byte) {
		synctest.Test(t, func(t *testing.T) { wantControlFrames(t, sent) })
	})
}

func wantControlFrames(t *testing.T, sent []byte) {
	h, ends := open(t, hub.Options{PingInterval: time.Hour, Grace: time.Millisecond})
	browser := joinPipe(t, h, "a", hub.WebSocket)
	done := make(chan []byte)
	go func() {
		got, _ := io.ReadAll(browser)
		done <- got
	}()
	_, _ = browser.Write(sent)
	must(t, browser.Close())
	<-ends
	if rest := controlFrames(t, <-done); len(rest) > 0 {
		t.Errorf("got % x at the end", rest)
	}
}

// controlFrames checks the complete frames that a browser got and returns what
// follows them.
func controlFrames(t *testing.T, got []byte) (rest []byte) {
	t.Helper()
	for len(got) > 1 && len(got) >= 2+int(got[1]) {
		if got[0]&0xF8 != 0x88 || got[1] > 125 {
			t.Fatalf("got % x", got)
		}
		got = got[2+int(got[1]):]
	}
	return got
}

// The same over a socket, where the bytes arrive in two pieces.
func FuzzBrowserBytesInTwoPieces(f *testing.F) {
	for _, c := range conversations {
		f.Add(c.sent, len(c.sent)/2)
	}
	f.Fuzz(func(t *testing.T, sent []byte, cut int) {
		cut = min(max(cut, 0), len(sent))
		h, ends := open(t, hub.Options{PingInterval: time.Hour, Grace: time.Millisecond})
		server, browser := tcpPair(t)
		must(t, reserve(t, h, "a").Join(server, hub.WebSocket, nil))
		_, _ = browser.Write(sent[:cut])
		_, _ = browser.Write(sent[cut:])
		_ = browser.CloseWrite()
		got, _ := io.ReadAll(browser)
		<-ends
		controlFrames(t, got) // a reset may cut the last one off
	})
}
