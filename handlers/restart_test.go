package handlers_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
	"golang.org/x/sync/errgroup"
)

// A restart is no event for those who wait: they are told to come back, come
// back as the page does, and end right.
func TestAThousandWaitThroughARestart(t *testing.T) {
	const crowd = 1000
	s := newSite(t)
	email := func(i int) string { return fmt.Sprintf("p%d@example.com", i) }
	waiting := make([]*browser, crowd)
	for i := range waiting {
		waiting[i] = s.browser()
	}
	sockets := make([]*socket, crowd)
	s.each(crowd, func(i int) {
		must(t, s.store.ResetLimits(t.Context())) // they all sign up at one address
		s.register(waiting[i], email(i))
		sockets[i] = waiting[i].events()
		sockets[i].want("pending")
	})

	stopped := time.Now()
	s.restart()
	var told atomic.Int64
	s.each(crowd, func(i int) {
		if _, err := sockets[i].next(); websocket.IsCloseError(err, 1012) {
			told.Add(1)
		}
		sockets[i].conn.Close()
		sockets[i] = waiting[i].events()
		sockets[i].want("pending")
	})
	t.Logf("%d browsers were back %v after the stop began", crowd, time.Since(stopped))
	if got := told.Load(); got != crowd {
		t.Errorf("%d of %d were told to come back", got, crowd)
	}
	phones := s.allPhones()
	s.each(crowd, func(i int) {
		phone := phones[email(i)]
		phone.approve(phone.pending())
		sockets[i].want("approved")
		wantRedirect(t, waiting[i].post("/confirm-login"), "/protected")
	})
}

// each does it for 0 to n-1, some at a time, and ends the test if one of them
// was given up.
func (s *site) each(n int, do func(i int)) {
	s.t.Helper()
	var group errgroup.Group
	var done atomic.Int64
	group.SetLimit(8)
	for i := range n {
		group.Go(func() error {
			do(i)
			done.Add(1)
			return nil
		})
	}
	group.Wait() //nolint:errcheck // none returns one
	if got := done.Load(); got < int64(n) {
		s.t.Fatalf("%d of %d got through", got, n)
	}
}
