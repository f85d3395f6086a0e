package handlers_test

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// BenchmarkTapToBrowser is the time from the tap on the phone to the event in
// the waiting browser: the simulator's signed callback, its check, the durable
// commit and the WebSocket, all over TCP in one process.
func BenchmarkTapToBrowser(b *testing.B) {
	s := newSite(b)
	ada := s.account("ada@example.com")
	var took []time.Duration
	for b.Loop() {
		b.StopTimer()
		s.clock.Advance(time.Hour) // or the limit on pushes is met
		browser := s.browser()
		events := browser.waits(ada)
		request := ada.phone.pending()
		tapped := make(chan struct{})
		b.StartTimer()
		start := time.Now()
		go func() { ada.phone.approve(request); close(tapped) }()
		events.want("approved")
		took = append(took, time.Since(start))
		b.StopTimer()
		<-tapped
		events.conn.Close()
		wantRedirect(b, browser.post("/confirm-login"), "/protected")
		b.StartTimer()
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

// BenchmarkHandshake is a waiting page's socket from the dial to the stored
// state; the dialling stands in the same process.
func BenchmarkHandshake(b *testing.B) {
	s := newSite(b)
	waiting := make([]*browser, 100)
	for i := range waiting {
		waiting[i] = s.browser()
		s.register(waiting[i], fmt.Sprintf("p%d@example.com", i))
	}
	i := 0
	for b.Loop() {
		events := waiting[i%len(waiting)].events()
		events.want("pending")
		events.conn.Close()
		i++
	}
}
