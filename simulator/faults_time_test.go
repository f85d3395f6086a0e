package simulator_test

import (
	"strings"
	"testing"
	"time"
)

// later makes a call in the background.
func (s *sim) later(method, path, body string) <-chan reply {
	replies := make(chan reply, 1)
	go func() {
		got, err := s.try(method, path, body, key())
		if err != nil {
			got.body = err.Error()
		}
		replies <- got
	}()
	return replies
}

func TestCallsWithoutAReply(t *testing.T) {
	for _, fault := range []string{"drop", "hang"} {
		t.Run(fault, func(t *testing.T) {
			s := newAda(t)
			s.inject(`{"api":"` + fault + `"}`)
			reply := s.later("POST", "/onetouch/json/users/100001/approval_requests", "message=x")
			if _, err := s.WaitRequest(t.Context(), ada); err != nil {
				t.Fatal(err)
			}
			if fault == "hang" {
				for range 20 { // other calls still work
					s.get("/phones").wantStatus(200)
				}
				if len(reply) > 0 {
					t.Error("the call does not hang")
				}
				s.stop() // else it would hang until its client disconnects
			}
			if got := <-reply; got.status != 0 || !strings.HasSuffix(got.body, "EOF") {
				t.Errorf("got %d %q, want no reply", got.status, got.body)
			}
		})
	}
}

// A delay of ten minutes in real time, which Close cuts short.
func TestASlowAPI(t *testing.T) {
	s := newAda(t)
	s.inject(`{"api_delay_ms":600000}`)
	late := s.later("POST", "/onetouch/json/users/100001/approval_requests", "message=x")
	if _, err := s.WaitRequest(t.Context(), ada); err != nil { // it was executed at once
		t.Fatal(err)
	}
	select {
	case got := <-late:
		t.Fatalf("got %d %s without the delay", got.status, got.body)
	default:
	}
	s.stop()
	(<-late).wantStatus(200)
}

// Delays are lower limits, which a slow machine keeps too.
func TestDelays(t *testing.T) {
	s := newAda(t)
	const delay = 30 * time.Millisecond
	s.inject(`{"api_delay_ms":30}`)
	began := time.Now()
	s.call("GET", "/protected/json/users/100001/status", "").wantStatus(200)
	if took := time.Since(began); took < delay {
		t.Errorf("a reply came after %v", took)
	}
	s.inject(`{"api":"error"}`)
	began = time.Now()
	s.call("GET", "/protected/json/users/100001/status", "").wantStatus(500)
	if took := time.Since(began); took < delay {
		t.Errorf("a refusal came after %v", took)
	}
	s.inject(`{"api":"","api_delay_ms":0,"push_delay_ms":30,"callback_delay_ms":30}`)
	began = time.Now()
	uuid := s.ask(ada, "message=x")
	if r, err := s.WaitRequest(t.Context(), ada); err != nil || r.UUID != uuid || time.Since(began) < delay {
		t.Errorf("got %v %v after %v", r, err, time.Since(began))
	}
	began = time.Now()
	s.tap(ada, uuid, "approve").wantStatus(200)
	if s.app.next(); time.Since(began) < delay {
		t.Errorf("the callback came after %v", time.Since(began))
	}
}

func TestADelayedPush(t *testing.T) {
	s := newAda(t)
	s.inject(`{"push_delay_ms":600000}`)
	uuid := s.ask(ada, "message=x")
	s.get("/phones/100001/requests").want(200, "[]\n")
	s.tap(ada, uuid, "approve").want(404, `{"error":"no such request on this phone"}`+"\n")
	s.status(uuid).wantIn(`"status":"pending"`)
	s.restart() // the next start pushes it
	s.tap(ada, uuid, "approve").wantStatus(200)
}

func TestADelayedCallback(t *testing.T) {
	s := newAda(t)
	s.inject(`{"callback_delay_ms":600000}`)
	uuid := s.ask(ada, "message=x")
	s.tap(ada, uuid, "approve").wantStatus(200)
	s.status(uuid).wantIn(`"notified":false`, `"status":"approved"`)
	if n := len(s.app.got); n != 0 {
		t.Error("the callback came at once")
	}
	s.stop() // cuts the delay short
	if answer, err := s.app.next().check(s); err != nil || answer.UUID != uuid {
		t.Errorf("got %v, %v", answer, err)
	}
}
