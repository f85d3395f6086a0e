package login

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"nod/authy"
	"nod/simulator"
)

// phones starts a simulator with one registered phone, and a login that asks
// it.
func phones(t *testing.T) (sim *simulator.Simulator, l Login, user int64) {
	t.Helper()
	sim, err := simulator.New(simulator.Config{})
	must(t, err)
	server := httptest.NewServer(sim.Handler())
	t.Cleanup(func() {
		if err := sim.Close(context.Background()); err != nil {
			t.Error(err)
		}
		server.Close()
	})
	client := authy.NewClient(server.URL, sim.APIKey())
	client.Timeout = time.Minute // a busy machine fails no test
	user, err = client.RegisterUser(t.Context(), authy.Registration{
		Email: "ada@example.com", CountryCode: 1, PhoneNumber: "2015550101"})
	must(t, err)
	return sim, Login{client}, user
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestApproveAdmits(t *testing.T) {
	sim, l, user := phones(t)
	uuid, err := l.Ask(t.Context(), user)
	must(t, err)
	if admitted, err := l.Admits(t.Context(), uuid); err != nil || admitted {
		t.Errorf("before the tap: admitted %v, error %v", admitted, err)
	}
	request, err := sim.WaitRequest(t.Context(), user)
	must(t, err)
	if request.UUID != uuid || request.Message != "Sign in?" {
		t.Errorf("the phone shows %+v", request)
	}
	must(t, sim.Approve(t.Context(), user, uuid))
	if admitted, err := l.Admits(t.Context(), uuid); err != nil || !admitted {
		t.Errorf("after Approve: admitted %v, error %v", admitted, err)
	}
}

func TestDenyDoesNotAdmit(t *testing.T) {
	sim, l, user := phones(t)
	uuid, err := l.Ask(t.Context(), user)
	must(t, err)
	must(t, sim.Deny(t.Context(), user, uuid))
	if admitted, err := l.Admits(t.Context(), uuid); err != nil || admitted {
		t.Errorf("after Deny: admitted %v, error %v", admitted, err)
	}
}
