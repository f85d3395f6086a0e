package hub

import (
	"net"
	"testing"

	"golang.org/x/sys/unix"
)

// BenchmarkTurn is what the loop does for one pong: to find its waiter, to read and to
// parse. 100,000 browsers send 3,333 of them a second.
func BenchmarkTurn(b *testing.B) {
	const browsers = 64
	h := stillHub(b, Options{PerKey: browsers})
	var ends [browsers]*net.TCPConn
	var events [browsers]unix.EpollEvent
	for i := range ends {
		_, ends[i] = join(b, h, "a", WebSocket)
	}
	pong := []byte{final | opPong, masked, 0, 0, 0, 0}
	var buf chunk
	for range b.N {
		b.StopTimer()
		for _, browser := range ends {
			_, err := browser.Write(pong)
			must(b, err)
		}
		h.all(func(w *Waiter) { w.received.Store(0) })
		for n := 0; n < browsers; {
			var err error
			n, err = unix.EpollWait(int(h.watch.epoll), events[:], -1)
			must(b, err)
		}
		b.StartTimer()
		h.watch.turn(events[:], &buf)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/browsers, "ns/pong")
}
