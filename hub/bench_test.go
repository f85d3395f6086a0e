package hub_test

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"

	"nod/hub"
)

// BenchmarkMemory prints what a waiting browser costs in this process, through
// a whole Fiber application, once it is idle and after it has answered a ping.
func BenchmarkMemory(b *testing.B) {
	for _, kind := range []string{"ws", "sse"} {
		b.Run(kind, func(b *testing.B) { measureMemory(b, kind, 10_000) })
	}
}

func measureMemory(b *testing.B, kind string, n int) {
	for b.Loop() {
		h := hub.New(hub.Options{PingInterval: time.Second, MissedPongs: 1000})
		c := gather(b, serve(b, h, greetPending))
		c.do(b, kind+" 200") // so that pools and tables are not counted
		before := memory()
		c.do(b, fmt.Sprint(kind, " ", n))
		idle := memory()
		report(b, "idle", before, idle, n)
		if kind == "ws" {
			c.do(b, "pong")
			report(b, "ponged", before, memory(), n)
		}
		b.ReportMetric(float64(runtime.NumGoroutine()), "goroutines")
		cut, cancel := context.WithCancel(b.Context())
		cancel()
		_ = h.Shutdown(cut, 1012)
	}
}

type usage struct{ heap, stack, rss float64 }

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
	v := func(i int) float64 { return float64(samples[i].Value.Uint64()) }
	return usage{heap: v(0), stack: v(1), rss: v(2) - v(3)}
}

func report(b *testing.B, when string, from, to usage, n int) {
	per := func(from, to float64) float64 { return (to - from) / float64(n) }
	b.ReportMetric(per(from.heap, to.heap), "heapB/waiter-"+when)
	b.ReportMetric(per(from.stack, to.stack), "stackB/waiter-"+when)
	b.ReportMetric(per(from.heap+from.stack, to.heap+to.stack), "B/waiter-"+when)
	b.ReportMetric(per(from.rss, to.rss), "goB/waiter-"+when)
}
