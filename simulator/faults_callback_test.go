package simulator_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"nod/authy"
)

func TestFaultsOfCallbacks(t *testing.T) {
	tests := []struct {
		fault string
		n     int
		check func(*testing.T, *sim, []callback)
	}{
		{"", 1, verified},
		{"twice", 2, verified},
		{"never", 0, nil},
		{"old_nonce", 1, func(t *testing.T, s *sim, got []callback) {
			verified(t, s, got)
			if want := strconv.FormatInt(s.clock.Now().Add(-time.Hour).Unix(), 10); got[0].nonce != want {
				t.Errorf("got nonce %s, want %s", got[0].nonce, want)
			}
		}},
		{"bad_signature", 1, func(t *testing.T, s *sim, got []callback) {
			if _, err := got[0].check(s); !errors.Is(err, authy.ErrBadSignature) {
				t.Errorf("got %v", err)
			}
		}},
		{"get", 1, func(t *testing.T, s *sim, got []callback) {
			verified(t, s, got)
			if got[0].method != "GET" || got[0].query == "" || len(got[0].body) != 0 {
				t.Errorf("got %+v", got[0])
			}
		}},
	}
	for _, test := range tests {
		for _, whose := range []string{"", `"authy_id":100001,`} {
			t.Run(test.fault+whose, func(t *testing.T) {
				s := newAda(t)
				s.inject(`{` + whose + `"callback":"` + test.fault + `"}`)
				uuid := s.ask(ada, "message=x")
				s.tap(ada, uuid, "approve").wantStatus(200)
				s.restart() // and clears the fault
				if len(s.app.got) != test.n {
					t.Fatalf("got %d callbacks, want %d", len(s.app.got), test.n)
				}
				if test.n > 0 {
					test.check(t, s, s.app.all())
				}
				s.status(uuid).wantIn(fmt.Sprintf(`"notified":%v`, test.n > 0), `"status":"approved"`)
			})
		}
	}
}

// verified checks that the callbacks are identical and correctly signed.
func verified(t *testing.T, s *sim, got []callback) {
	t.Helper()
	for _, c := range got {
		if answer, err := c.check(s); err != nil || answer.Status != authy.StatusApproved {
			t.Errorf("got %+v, %v", answer, err)
		}
		if c.nonce != got[0].nonce || c.signature != got[0].signature || string(c.body) != string(got[0].body) {
			t.Errorf("got %+v after %+v", c, got[0])
		}
	}
}

// The callback arrives before the reply from which the application learns the
// request's id.
func TestACallbackBeforeTheReply(t *testing.T) {
	s := newAda(t)
	s.inject(`{"authy_id":100001,"callback":"before_reply"}`)
	uuid := s.ask(ada, "message=x")
	if len(s.app.got) != 1 {
		t.Fatalf("got %d callbacks before the reply, want one", len(s.app.got))
	}
	if answer, err := s.app.next().check(s); err != nil || answer.UUID != uuid {
		t.Errorf("got %+v, %v", answer, err)
	}
	s.status(uuid).wantIn(`"notified":true`, `"status":"approved"`)
	s.tap(ada, uuid, "deny").wantStatus(409)

	other := s.user("other@example.com") // without a fault
	uuid = s.ask(other, "message=x")
	s.status(uuid).wantIn(`"status":"pending"`)
	if len(s.app.got) != 0 {
		t.Error("another phone's request was answered")
	}
}

func TestALegacyDeviceUUID(t *testing.T) {
	s := newAda(t)
	s.inject(`{"legacy_device_uuid":true}`)
	s.tap(ada, s.ask(ada, "message=x"), "deny").wantStatus(200)
	got := s.app.next()
	if _, err := got.check(s); err != nil || !strings.Contains(string(got.body), `"device_uuid":"2100001",`) {
		t.Errorf("got %v, %s", err, got.body)
	}
}

func TestAPhoneWithAWrongClock(t *testing.T) {
	for _, test := range []struct{ seconds, status int }{{30, 200}, {-30, 200}, {60, 401}, {-60, 401}, {86400, 401}} {
		t.Run(fmt.Sprint(test.seconds), func(t *testing.T) {
			s := newAda(t)
			right := s.token()
			s.inject(fmt.Sprintf(`{"authy_id":100001,"clock_skew_s":%d}`, test.seconds))
			if s.token() == right {
				t.Error("the phone's token ignores its clock")
			}
			s.verify(s.token()).wantStatus(test.status)
			s.tap(ada, s.ask(ada, "message=x"), "approve").wantStatus(200)
			signed := fmt.Sprintf(`"device_signing_time":%d,`, s.clock.Now().Unix()+int64(test.seconds))
			if got := s.app.next(); !strings.Contains(string(got.body), signed) {
				t.Errorf("got %s, want %s in it", got.body, signed)
			}
		})
	}
}
