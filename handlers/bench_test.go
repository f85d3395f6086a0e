package handlers_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"
)

// BenchmarkTapToBrowser is the time from the tap on a simulated phone to the event in
// the waiting browser: the simulator's signed callback, its check, the durable
// commit and the WebSocket, all over TCP in one process.
func BenchmarkTapToBrowser(b *testing.B) {
	s := newSite(b)
	ada := s.account("ada@example.com")
	tapToBrowser(b, s, ada, func(*browser) (tap func()) {
		request := ada.phone.pending()
		return func() { ada.phone.approve(request) }
	})
}

// BenchmarkOwnPhoneToBrowser is the same by a phone of one's own, from the moment its
// owner has unlocked it: the signatures of its two keys, their check, the durable commit
// with the receipt, and the WebSocket.
func BenchmarkOwnPhoneToBrowser(b *testing.B) {
	s := newOwnSite(b)
	ada := s.account("ada@example.com")
	in := s.browser()
	in.signIn(ada)
	pixel := in.addsPhone("Pixel")
	tapToBrowser(b, s, ada, func(waits *browser) (tap func()) {
		number := waits.numberShown()
		pixel.renews()
		asked := pixel.pending()
		return func() {
			if status, said := pixel.answers(asked, "approved", number); status != http.StatusOK || !said.Applied {
				b.Errorf("got %d %+v", status, said)
			}
		}
	})
}

// tapToBrowser reports the median and the 99th percentile. asked looks at the request of
// a waiting browser, and returns what approves it.
func tapToBrowser(b *testing.B, s *site, ada person, asked func(waits *browser) (tap func())) {
	var took []time.Duration
	for b.Loop() {
		b.StopTimer()
		s.clock.Advance(time.Hour) // or the limit on pushes is met
		browser := s.browser()
		events := browser.waits(ada)
		tap := asked(browser)
		tapped := make(chan struct{})
		b.StartTimer()
		start := time.Now()
		go func() { tap(); close(tapped) }()
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
