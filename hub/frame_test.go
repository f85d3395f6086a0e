package hub_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"nod/hub"
)

// masked is a whole frame as a browser sends it: head is its first byte.
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

// closing is the close frame of the hub with a code.
func closing(code uint16, reason string) []byte {
	b := []byte{0x88, byte(2 + len(reason)), byte(code >> 8), byte(code)}
	return append(b, reason...)
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

var conversations = []struct {
	name string
	says []byte
	want []byte
	end  hub.End
}{
	{"nothing", nil, nil, hub.Gone},
	{"pong", masked(0x8A, nil), nil, hub.Gone},
	{"pong with payload nobody asked for", masked(0x8A, []byte("hello")), nil, hub.Gone},
	{"ping", masked(0x89, nil), []byte{0x8A, 0}, hub.Gone},
	{"ping with payload", masked(0x89, []byte("are you there")), append([]byte{0x8A, 13}, "are you there"...), hub.Gone},
	{"ping of 125", masked(0x89, make([]byte, 125)), append([]byte{0x8A, 125}, make([]byte, 125)...), hub.Gone},
	{"three pings", bytes.Repeat(masked(0x89, []byte("x")), 3), bytes.Repeat([]byte{0x8A, 1, 'x'}, 3), hub.Gone},
	{"half a ping", masked(0x89, []byte("never ends"))[:9], nil, hub.Gone},

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
	{"close with a reason that is no text", masked(0x88, []byte{0x03, 0xE8, 0xC3, 0x28}), closing(1007, ""), hub.Refused},

	{"text", masked(0x81, []byte("approve")), closing(1008, ""), hub.Refused},
	{"empty text", masked(0x81, nil), closing(1008, ""), hub.Refused},
	{"text that is not UTF-8", masked(0x81, []byte{0xC3, 0x28}), closing(1008, ""), hub.Refused},
	{"binary", masked(0x82, []byte{1, 2, 3}), closing(1008, ""), hub.Refused},
	{"beginning of a text", masked(0x01, []byte("app")), closing(1008, ""), hub.Refused},
	{"text in fragments", join(masked(0x01, []byte("app")), masked(0x80, []byte("rove"))), closing(1008, ""), hub.Refused},
	{"text of 126", masked(0x81, make([]byte, 126)), closing(1009, ""), hub.Refused},
	{"text of 64 KiB", masked(0x81, make([]byte, 65_536)), closing(1009, ""), hub.Refused},
	{"text of 1 TiB", []byte{0x81, 0xFF, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4, 'x'}, closing(1009, ""), hub.Refused},
	{"text with the top bit of its length", []byte{0x81, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4}, closing(1009, ""), hub.Refused},
	{"ping, then text", join(masked(0x89, nil), masked(0x81, []byte("x"))), join([]byte{0x8A, 0}, closing(1008, "")), hub.Refused},

	{"unmasked pong", []byte{0x8A, 0}, closing(1002, ""), hub.Refused},
	{"unmasked ping", []byte{0x89, 1, 'x'}, closing(1002, ""), hub.Refused},
	{"unmasked text", []byte{0x81, 1, 'x'}, closing(1002, ""), hub.Refused},
	{"continuation of nothing", masked(0x80, []byte("x")), closing(1002, ""), hub.Refused},
	{"ping in fragments", masked(0x09, nil), closing(1002, ""), hub.Refused},
	{"close in fragments", masked(0x08, nil), closing(1002, ""), hub.Refused},
	{"ping of 126", masked(0x89, make([]byte, 126)), closing(1002, ""), hub.Refused},
	{"ping with a 64-bit length", []byte{0x89, 0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4, 'x'}, closing(1002, ""), hub.Refused},
	{"first reserved bit, as compression sets it", masked(0xC1, []byte("x")), closing(1002, ""), hub.Refused},
	{"second reserved bit", masked(0xA9, nil), closing(1002, ""), hub.Refused},
	{"third reserved bit", masked(0x9A, nil), closing(1002, ""), hub.Refused},
	{"reserved data opcode", masked(0x83, nil), closing(1002, ""), hub.Refused},
	{"reserved control opcode", masked(0x8B, nil), closing(1002, ""), hub.Refused},
	{"garbage", []byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), closing(1002, ""), hub.Refused},

	{"as many frames as are allowed", bytes.Repeat(masked(0x8A, nil), 32), nil, hub.Gone},
	{"a flood of pongs", bytes.Repeat(masked(0x8A, nil), 33), closing(1008, ""), hub.Refused},
	{"a flood of pings", bytes.Repeat(masked(0x89, nil), 500), join(bytes.Repeat([]byte{0x8A, 0}, 32), closing(1008, "")), hub.Refused},
}

// ways of giving the bytes: whole, and one at a time, which splits every frame.
var ways = map[string]func(io.Writer, []byte){
	"whole": func(w io.Writer, b []byte) { _, _ = w.Write(b) },
	"split": func(w io.Writer, b []byte) {
		for i := range b {
			_, _ = w.Write(b[i : i+1])
		}
	},
}

func TestConversations(t *testing.T) {
	for _, c := range conversations {
		for way, say := range ways {
			t.Run(fmt.Sprintf("%s, %s", c.name, way), func(t *testing.T) {
				h, ends := open(t, hub.Options{PingInterval: time.Hour})
				server, browser := tcpPair(t)
				must(t, reserve(t, h, "a").Join(server, hub.WebSocket, nil))
				say(browser, c.says)
				_ = browser.CloseWrite() // fails if the hub has hung up already
				// One that goes on after the end may be reset once it has the answer.
				if got, _ := io.ReadAll(browser); !bytes.Equal(got, c.want) {
					t.Errorf("got % x, want % x", got, c.want)
				}
				wantEnd(t, ends, c.end)
			})
		}
	}
}

// The same over a connection without a descriptor, as TLS in this process is.
func TestConversationsWithoutADescriptor(t *testing.T) {
	for _, c := range conversations {
		for way, say := range ways {
			t.Run(fmt.Sprintf("%s, %s", c.name, way), func(t *testing.T) {
				h, ends := open(t, hub.Options{PingInterval: time.Hour, Grace: time.Nanosecond})
				server, browser := net.Pipe()
				must(t, reserve(t, h, "a").Join(server, hub.WebSocket, nil))
				done := make(chan []byte)
				go func() {
					got := make([]byte, len(c.want))
					_, _ = io.ReadFull(browser, got)
					done <- got
				}()
				say(browser, c.says)
				if got := <-done; !bytes.Equal(got, c.want) {
					t.Errorf("got % x, want % x", got, c.want)
				}
				must(t, browser.Close())
				wantEnd(t, ends, c.end)
			})
		}
	}
}

// One that does not stop after it was refused is not read to its end.
func TestEndlessFloodIsCut(t *testing.T) {
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

// Whatever a browser sends, it is answered with whole, unmasked control frames,
// and the hub is rid of it when it goes.
func FuzzBrowserBytes(f *testing.F) {
	for _, c := range conversations {
		f.Add(c.says)
	}
	f.Fuzz(func(t *testing.T, says []byte) {
		h, ends := open(t, hub.Options{PingInterval: time.Hour, Grace: time.Millisecond})
		server, browser := net.Pipe()
		must(t, reserve(t, h, "a").Join(server, hub.WebSocket, nil))
		done := make(chan []byte)
		go func() {
			got, _ := io.ReadAll(browser)
			done <- got
		}()
		_, _ = browser.Write(says)
		must(t, browser.Close())
		<-ends
		for got := <-done; len(got) > 0; {
			if len(got) < 2 || got[0]&0xF8 != 0x88 || got[1] > 125 || len(got) < 2+int(got[1]) {
				t.Fatalf("got % x", got)
			}
			got = got[2+int(got[1]):]
		}
	})
}
