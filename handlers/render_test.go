package handlers_test

import (
	"net/http"
	"sync"
	"testing"
)

// The first pages of a fresh process may be asked for at the same moment. It
// is the race detector that judges this.
func TestTheFirstPagesAtOnce(t *testing.T) {
	for range 5 {
		s := newSite(t)
		start := make(chan struct{})
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				<-start
				res, err := http.Get(s.url + "/login")
				if err != nil {
					t.Error(err)
					return
				}
				res.Body.Close()
				if res.StatusCode != http.StatusOK {
					t.Errorf("got status %d, want 200", res.StatusCode)
				}
			})
		}
		close(start)
		group.Wait()
	}
}
