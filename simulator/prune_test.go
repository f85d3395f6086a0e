package simulator_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"nod/simulator"
)

// What ended long ago goes; what can still be used, and every phone, stays.
func TestPruning(t *testing.T) {
	s := newAda(t, func(c *simulator.Config) { c.Keep = 24 * time.Hour })
	ended := []string{s.ask(ada, "message=x"), s.ask(ada, "message=x&seconds_to_expire=60")} // one answered, one expired
	s.tap(ada, ended[0], "approve").wantStatus(200)
	s.DeliveriesEnd()
	forever := s.ask(ada, "message=x&seconds_to_expire=0")
	long := s.ask(ada, "message=x&seconds_to_expire=400000")
	s.verify(s.sms("")).wantStatus(200)
	s.verify(s.token()).wantStatus(200)
	s.call("POST", startPath, number).wantStatus(200)
	s.call("POST", "/protected/json/users/100001/register_activity", "type=banned").wantStatus(200)
	for range 1200 { // more than two batches
		must(t, s.InsertMessage(t.Context(), s.clock.Now()))
	}

	s.clock.Advance(23 * time.Hour)
	must(t, s.Prune(t.Context()))
	if n := s.Rows(t.Context()); n["requests"] != 4 || n["messages"] != 1202 || n["verifications"] != 1 || n["spent_tokens"] != 1 || n["activities"] != 1 {
		t.Errorf("after 23 hours: got %v", n)
	}
	s.clock.Advance(2 * time.Hour)
	fresh := s.ask(ada, "message=x")
	s.sms("")
	must(t, s.Prune(t.Context()))
	if n := s.Rows(t.Context()); n["requests"] != 3 || n["messages"] != 1 || n["verifications"] != 0 || n["spent_tokens"] != 0 || n["activities"] != 0 || n["users"] != 1 {
		t.Errorf("after 25 hours: got %v", n)
	}
	for _, uuid := range ended {
		s.status(uuid).wantStatus(404)
	}
	for _, uuid := range []string{forever, long, fresh} {
		s.status(uuid).wantStatus(200)
	}
}

// A start prunes, so that a simulator that is used for an hour a day stays small.
func TestAStartPrunes(t *testing.T) {
	s := newAda(t)
	s.sms("")
	s.stop()
	s.clock.Advance(8 * 24 * time.Hour)
	s.open()
	for deadline := time.Now().Add(hangLimit); s.Rows(t.Context())["messages"] > 0; {
		if time.Now().After(deadline) {
			t.Fatal("the message remains")
		}
		runtime.Gosched()
	}
}

// No statement that runs often, or that prunes, reads a whole table.
func TestFrequentStatementsUseAnIndex(t *testing.T) {
	s := newAda(t)
	for statement, plan := range s.Plans(t.Context()) {
		if strings.Contains(plan, "SCAN requests") && !strings.Contains(plan, "USING") || strings.Contains(plan, "SCAN messages") && !strings.Contains(plan, "USING") {
			t.Errorf("%s\n%s", statement, plan)
		}
	}
}
