package simulator_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"nod/simulator"
)

// With Config.Wait a test sees each delay begin, and decides when it ends.
func TestWaitTakesThePlaceOfRealTime(t *testing.T) {
	began := make(chan time.Duration)
	over := make(chan struct{})
	s := newSim(t, func(c *simulator.Config) {
		c.Wait = func(ctx context.Context, d time.Duration) {
			began <- d
			select {
			case <-over:
			case <-ctx.Done():
			}
		}
	})
	s.call("POST", "/protected/json/users/new", "user[email]=ada@example.com&user[cellphone]=2015550101&user[country_code]=1").wantStatus(200)
	const ask = "/onetouch/json/users/100001/approval_requests"

	s.inject(`{"api_delay_ms": 600000}`)
	late := s.later("POST", ask, "message=x")
	if got := <-began; got != 10*time.Minute {
		t.Errorf("a delay of ten minutes: got %v", got)
	}
	over <- struct{}{}
	(<-late).wantStatus(200)

	s.inject(`{"api_delay_ms": 0, "api": "hang"}`)
	ctx, giveUp := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/protected/json/app/details?api_key="+s.APIKey(), nil)
	must(t, err)
	failed := make(chan error, 1)
	go func() {
		_, err := http.DefaultClient.Do(req)
		failed <- err
	}()
	if got := <-began; got != simulator.Forever {
		t.Errorf("a hanging call: got %v, want Forever", got)
	}
	giveUp() // which ends the wait too, or the simulator could not close
	if err := <-failed; err == nil {
		t.Error("a hanging call was answered")
	}
}
