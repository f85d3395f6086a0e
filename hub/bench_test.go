package hub_test

import (
	"fmt"
	"io"
	"net"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"nod/hub"
)

// BenchmarkPublish publishes one event to one of a thousand browsers.
func BenchmarkPublish(b *testing.B) {
	for _, kind := range []hub.Kind{hub.WebSocket, hub.Stream} {
		b.Run(kind.String(), func(b *testing.B) {
			h, _ := open(b, hub.Options{})
			keys := make([]string, 1000)
			for i := range keys {
				keys[i] = fmt.Sprint("session-id-of-the-usual-length-", i)
				server, browser := tcpPair(b)
				must(b, reserve(b, h, keys[i]).Join(server, kind, nil))
				go func() { _, _ = io.Copy(io.Discard, browser) }()
			}
			i := 0
			b.ReportAllocs()
			for b.Loop() {
				wantDelivered(b, h.Publish(keys[i%len(keys)], []byte(approved), false), 1)
				i++
			}
		})
	}
}

// BenchmarkJoin connects a socket, joins it, sends it the last event and closes
// it.
func BenchmarkJoin(b *testing.B) {
	h, ends := open(b, hub.Options{})
	listener := listen(b)
	defer func() { _ = listener.Close() }()
	b.ReportAllocs()
	for b.Loop() {
		browser, err := net.Dial("tcp", listener.Addr().String())
		must(b, err)
		server, err := listener.AcceptTCP()
		must(b, err)
		must(b, reserve(b, h, "a").Join(server, hub.WebSocket, nil))
		wantDelivered(b, h.Publish("a", []byte(approved), true), 1)
		must(b, browser.Close())
		wantEnd(b, ends, hub.Delivered)
	}
}

// BenchmarkReserve is the bookkeeping without a connection.
func BenchmarkReserve(b *testing.B) {
	h, _ := open(b, hub.Options{})
	b.ReportAllocs()
	for b.Loop() {
		reserve(b, h, "session-id-of-the-usual-length-000001").Release()
	}
}

// BenchmarkDecision is TestNoDecisionIsLost with as many browsers as -benchtime
// says, such as 10000x: it fails if a decision is lost.
func BenchmarkDecision(b *testing.B) {
	h, _ := open(b, hub.Options{})
	d := &decisions{h: h}
	addr := serve(b, h, d.greet)
	var n atomic.Int64
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			i := n.Add(1)
			d.wait(b, addr, fmt.Sprintf("%d-%d", i%steps, i))
		}
	})
}

// BenchmarkWaiting reports what a waiting browser costs this process in a complete
// Fiber application, with the browsers in another process: bytes per waiter, idle
// and after a pong, and CPU time per ping and pong.
func BenchmarkWaiting(b *testing.B) {
	for _, kind := range []string{"ws", "sse"} {
		b.Run(kind, func(b *testing.B) {
			for b.Loop() {
				measureWaiting(b, kind, 10_000)
			}
		})
	}
}

func measureWaiting(b *testing.B, kind string, n int) {
	const interval = 10 * time.Second
	h, _ := open(b, hub.Options{PingInterval: interval, MissedPongs: 1000})
	c := startClients(b, serve(b, h, greetPending))
	c.do(b, kind+" 100") // so that pools and tables are not counted as theirs
	before := memory()
	start := time.Now()
	c.do(b, fmt.Sprint(kind, " ", n))
	b.ReportMetric(float64(n)/time.Since(start).Seconds(), "joins/s")
	report(b, "idle", before, memory(), n)
	if kind == "ws" {
		c.do(b, "pong") // the pings sent so far
		used := cpu()
		c.do(b, "pong")
		b.ReportMetric(float64(cpu()-used)/float64(n+100)/1e3, "cpu-µs/ping")
		report(b, "after-pong", before, memory(), n)
	}
	shut(b, h)
}

type usage struct{ heap, stack, total float64 }

// memory returns what Go holds after a collection, with free pages returned.
func memory() usage {
	runtime.GC()
	debug.FreeOSMemory()
	samples := []metrics.Sample{
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/stacks:bytes"},
		{Name: "/memory/classes/total:bytes"},
		{Name: "/memory/classes/heap/released:bytes"},
	}
	metrics.Read(samples)
	value := func(i int) float64 { return float64(samples[i].Value.Uint64()) }
	return usage{heap: value(0), stack: value(1), total: value(2) - value(3)}
}

func report(b *testing.B, when string, from, to usage, n int) {
	per := func(from, to float64) float64 { return (to - from) / float64(n) }
	b.ReportMetric(per(from.heap, to.heap), when+"-heap-B/waiter")
	b.ReportMetric(per(from.stack, to.stack), when+"-stack-B/waiter")
	b.ReportMetric(per(from.total, to.total), when+"-total-B/waiter")
}

// cpu returns the processor time of this process, system calls included.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
