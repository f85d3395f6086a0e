package store_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"nod/store"
)

// BenchmarkDecide is the commit of a callback: what stands between the tap and
// the browser. Each round has a request of its own.
func BenchmarkDecide(b *testing.B) {
	w := newWorld(b)
	decisions := w.decisions(b.N)
	b.ResetTimer()
	for _, d := range decisions {
		if _, applied, err := w.store.Decide(b.Context(), d); err != nil || !applied {
			b.Fatalf("got %v, %v", applied, err)
		}
	}
}

// BenchmarkDecideAt200PerSecond is the same at the pace the design asks for,
// and says how long one waits for it.
func BenchmarkDecideAt200PerSecond(b *testing.B) {
	w := newWorld(b)
	decisions := w.decisions(b.N)
	took := make([]time.Duration, 0, b.N)
	pace := time.NewTicker(time.Second / 200)
	defer pace.Stop()
	b.ResetTimer()
	for _, d := range decisions {
		<-pace.C
		start := time.Now()
		if _, applied, err := w.store.Decide(b.Context(), d); err != nil || !applied {
			b.Fatalf("got %v, %v", applied, err)
		}
		took = append(took, time.Since(start))
	}
	b.StopTimer()
	slices.Sort(took)
	for _, p := range []int{50, 99} {
		b.ReportMetric(float64(took[(len(took)-1)*p/100].Microseconds())/1000, fmt.Sprintf("p%d-ms", p))
	}
}

// decisions begins n requests, each of a user of its own, and approves none.
func (w *world) decisions(n int) []store.Decision {
	w.t.Helper()
	all := make([]store.Decision, n)
	for i := range all {
		user := w.user(fmt.Sprintf("bench%d@example.com", i))
		a := w.begin(w.start(user))
		all[i] = store.Decision{
			ApprovalID: a.ID, UUID: a.UUID, Handle: a.Handle,
			Status: store.Approved, Via: "callback",
		}
	}
	return all
}

// BenchmarkSession is what every request of a signed-in browser costs.
func BenchmarkSession(b *testing.B) {
	w := newWorld(b)
	sess := w.start(w.user("ada@example.com"))
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, _, err := w.store.Session(b.Context(), sess.ID); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// BenchmarkWait is what a waiting browser costs on joining.
func BenchmarkWait(b *testing.B) {
	w := newWorld(b)
	sess := w.start(w.user("ada@example.com"))
	w.begin(sess)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := w.store.Wait(b.Context(), sess.ID); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// BenchmarkPrune prunes 600,000 sessions and 1.8 million lines of the audit
// trail, while another writes every few milliseconds. It says for how long a
// batch held the writer at most, how many held it longer than 50 ms, how long the
// other waited at most, and how long it waits at most without pruning, in the same
// time: what the disk and the other processes of the machine do to it.
func BenchmarkPrune(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		w := newWorld(b)
		ada := w.user("ada@example.com")
		w.backlog(ada, 600_000)
		w.clock.Advance(400 * 24 * time.Hour)
		ctx, cancel := context.WithCancel(b.Context())
		longest := make(chan time.Duration)
		go func() { longest <- w.longestWrite(ctx) }()
		began := time.Now()
		b.StartTimer()
		var held time.Duration
		parts, long := 0, 0
		must(b, w.store.PruneEach(b.Context(), func(_ int, hold time.Duration) {
			held, parts = max(held, hold), parts+1
			if hold > 50*time.Millisecond {
				long++
			}
		}))
		b.StopTimer()
		cancel()
		b.ReportMetric(float64(held.Microseconds())/1000, "longest-hold-ms")
		b.ReportMetric(float64((<-longest).Microseconds())/1000, "longest-wait-ms")
		b.ReportMetric(float64(parts), "transactions")
		b.ReportMetric(float64(long), "over-50-ms")
		alone, ended := context.WithTimeout(b.Context(), time.Since(began))
		b.ReportMetric(float64(w.longestWrite(alone).Microseconds())/1000, "longest-wait-without-ms")
		ended()
		b.StartTimer()
	}
}

// longestWrite writes until ctx ends.
func (w *world) longestWrite(ctx context.Context) (longest time.Duration) {
	pace := time.NewTicker(3 * time.Millisecond)
	defer pace.Stop()
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return longest
		case <-pace.C:
		}
		began := time.Now()
		if _, err := w.store.SpendPasswordTry(w.t.Context(), fmt.Sprint(i, mail), store.Client{IP: fmt.Sprint("client ", i)}); err != nil {
			w.t.Error(err)
		}
		longest = max(longest, time.Since(began))
	}
}

// BenchmarkSubscription keeps where a phone is woken: a row each, with an endpoint as
// long as Chrome's are. It also reports what a row takes in the file.
func BenchmarkSubscription(b *testing.B) {
	const users, each = 100, 5
	w := newWorld(b)
	endpoint := "https://fcm.googleapis.com/fcm/send/" + strings.Repeat("x", 152)
	var all []store.PushSubscription
	for i := range users {
		u := w.user(fmt.Sprintf("bench%d@example.com", i))
		for range each {
			all = append(all, store.PushSubscription{PhoneID: w.own(u, "Pixel").ID, Endpoint: endpoint, P256dh: make([]byte, 65), Auth: make([]byte, 16)})
		}
	}
	before := w.number(`SELECT page_count * page_size FROM pragma_page_count, pragma_page_size`)
	for _, sub := range all {
		must(b, w.store.KeepPushSubscription(b.Context(), sub))
	}
	after := w.number(`SELECT page_count * page_size FROM pragma_page_count, pragma_page_size`)
	for i := 0; b.Loop(); i++ {
		must(b, w.store.KeepPushSubscription(b.Context(), all[i%len(all)]))
	}
	b.ReportMetric(float64(after-before)/float64(len(all)), "B/subscription")
}
