package handlers_test

import (
	"testing"
	"time"
)

// The tap may come at any moment while a socket opens: before its state is
// read, between the reading and the joining, after. The page hears it always.
func TestATapWhileTheSocketOpens(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	for range 200 {
		s.clock.Advance(time.Hour) // or the limit on pushes is met
		b := s.browser()
		b.passPassword(ada)
		request := ada.phone.pending()
		tapped := make(chan struct{})
		go func() {
			defer close(tapped)
			ada.phone.approve(request)
		}()
		events := b.events()
		told, err := events.next()
		must(t, err)
		if told.Status == "pending" {
			events.want("approved")
		}
		<-tapped
		events.conn.Close()
		wantRedirect(t, b.post("/confirm-login"), "/protected")
	}
}
