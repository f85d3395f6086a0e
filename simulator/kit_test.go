package simulator_test

import (
	"context"
	"errors"
	"testing"

	"nod/simulator"
)

func TestTheKitsErrors(t *testing.T) {
	s := newAda(t)
	ctx := t.Context()
	uuid := s.ask(ada, "message=x")
	unknown := []error{s.Approve(ctx, 12, uuid), s.Deny(ctx, 12, uuid), s.InstallApp(ctx, 12, false), second(s.Messages(12)),
		second(s.Token(12)), second(s.Requests(12)), second(s.WaitRequest(ctx, 12))}
	for i, err := range unknown {
		if !errors.Is(err, simulator.ErrNoPhone) {
			t.Errorf("%d: got %v, want ErrNoPhone", i, err)
		}
	}
	if err := s.Approve(ctx, ada, "no-such"); !errors.Is(err, simulator.ErrNoRequest) {
		t.Errorf("got %v", err)
	}
	must(t, s.Deny(ctx, ada, uuid))
	must(t, s.Deny(ctx, ada, uuid))
	if err := s.Approve(ctx, ada, uuid); !errors.Is(err, simulator.ErrNotPending) {
		t.Errorf("got %v", err)
	}
	uuid = s.ask(ada, "message=x")
	must(t, s.InstallApp(ctx, ada, false))
	if err := s.Approve(ctx, ada, uuid); !errors.Is(err, simulator.ErrNoApp) {
		t.Errorf("got %v", err)
	}
	if err := second(s.Token(ada)); !errors.Is(err, simulator.ErrNoApp) {
		t.Errorf("got %v", err)
	}
	if err := s.Inject(0, simulator.Faults{Callback: "thrice"}); err == nil {
		t.Error("an invalid fault was accepted")
	}
}

func second[T any](_ T, err error) error { return err }

// The kit does the same as the phones' JSON.
func TestTheKit(t *testing.T) {
	s := newAda(t)
	uuid := s.ask(ada, `{"message":"x","details":{"a":"b"}}`)
	phones, err := s.Phones()
	must(t, err)
	if len(phones) != 1 || phones[0].AuthyID != ada || phones[0].Devices[0] != "iphone" {
		t.Errorf("got %+v", phones)
	}
	requests, err := s.Requests(ada)
	must(t, err)
	if len(requests) != 1 || requests[0].UUID != uuid || requests[0].Details["a"] != "b" || requests[0].Status != simulator.Pending {
		t.Errorf("got %+v", requests)
	}
	token, err := s.Token(ada)
	must(t, err)
	if token.Token != s.token() || token.ExpiresIn != 10 {
		t.Errorf("got %+v", token)
	}
	code := s.sms("")
	messages, err := s.MessagesTo(57, "317-338-9302")
	must(t, err)
	if len(messages) != 1 || messages[0].Code != code || !messages[0].At.Equal(s.clock.Now()) {
		t.Errorf("got %+v", messages)
	}
	must(t, s.Inject(ada, simulator.Faults{API: simulator.APIError}))
	s.call("GET", "/protected/json/users/100001/status", "").wantStatus(500)
	must(t, s.Inject(ada, simulator.Faults{}))
	s.call("GET", "/protected/json/users/100001/status", "").wantStatus(200)
	must(t, s.InstallApp(t.Context(), ada, false))
	s.get("/phones").wantIn(`"app_installed":false`)
}

func TestWaitingForARequest(t *testing.T) {
	s := newAda(t)
	s.tap(ada, s.ask(ada, "message=old"), "deny").wantStatus(200)
	found := make(chan simulator.Request, 1)
	go func() {
		r, err := s.WaitRequest(t.Context(), ada)
		if err != nil {
			t.Error(err)
		}
		found <- r
	}()
	uuid := s.ask(ada, "message=new")
	if got := <-found; got.UUID != uuid {
		t.Errorf("got %+v", got)
	}
	must(t, s.Approve(t.Context(), ada, uuid))

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.WaitRequest(ctx, ada); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
