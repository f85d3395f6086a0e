package signin_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"

	"nod/signin"
	"nod/simulator"
	"nod/store"
)

// shown is what the phone of a visitor shows, newest first: the status of each
// request, and why one was withdrawn.
func (w *world) shown(v signin.Visitor) (all []string) {
	w.t.Helper()
	w.flow.Settle()
	phone, err := w.flow.PhoneOf(w.t.Context(), v.User.ID)
	must(w.t, err)
	id, err := strconv.ParseInt(phone.Handle, 10, 64)
	must(w.t, err)
	requests, err := w.sim.Requests(id)
	must(w.t, err)
	for _, r := range requests {
		all = append(all, r.Status+" "+r.Why)
	}
	return all
}

func (w *world) wantShown(v signin.Visitor, want ...string) {
	w.t.Helper()
	got := w.shown(v)
	if len(got) != len(want) {
		w.t.Fatalf("the phone shows %q, want %q", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			w.t.Errorf("the phone shows %q, want %q", got, want)
		}
	}
}

// A phone shows that nobody waits for its answer any more, and why.
func TestAPhoneIsToldThatNobodyWaits(t *testing.T) {
	for _, test := range []struct {
		name string
		ends func(*world, signin.Visitor)
		want []string
	}{
		{"cancelled in the browser", func(w *world, v signin.Visitor) {
			must(t, w.flow.Cancel(t.Context(), v.Session.ID))
		}, []string{simulator.Withdrawn + " cancelled"}},
		{"asked again", func(w *world, v signin.Visitor) {
			_, err := w.flow.Resend(t.Context(), v, "")
			must(t, err)
		}, []string{simulator.Pending + " ", simulator.Withdrawn + " replaced"}},
		{"asked by another browser", func(w *world, v signin.Visitor) {
			w.begin(v.User)
		}, []string{simulator.Pending + " ", simulator.Withdrawn + " replaced"}},
		{"signed in by a code", func(w *world, v signin.Visitor) {
			sess, err := w.flow.CheckCode(t.Context(), v, w.appCode(v.User), client)
			must(t, err)
			w.flow.SignedIn(t.Context(), v.Session.ID, sess)
		}, []string{simulator.Withdrawn + " elsewhere"}},
		{"signed out", func(w *world, v signin.Visitor) {
			must(t, w.flow.End(t.Context(), v.Session.ID, "signed_out"))
		}, []string{simulator.Withdrawn + " withdrawn"}},
		{"nothing", func(*world, signin.Visitor) {}, []string{simulator.Pending + " "}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			v := w.begin(w.signUp("ada@example.com"))
			test.ends(w, v)
			w.wantShown(v, test.want...)
		})
	}
}

// provider is one that takes its time to withdraw requests.
type provider struct {
	begun chan string // requests
	goOn  chan struct{}
}

func (p provider) Withdraw(_ context.Context, requestID string, _ store.Reason) error {
	p.begun <- requestID
	<-p.goOn
	return nil
}

// Of a crowd whose sign-ins end together, eight phones are told at a time, and each in
// the end.
func TestEightPhonesAreToldAtATime(t *testing.T) {
	w := newWorld(t)
	p := provider{make(chan string, 20), make(chan struct{})}
	w.flow.Withdrawals = p
	end := func(i int) {
		v := w.begin(w.signUp(fmt.Sprintf("%d@example.com", i)))
		must(t, w.flow.End(t.Context(), v.Session.ID, store.ReasonSignedOut))
	}
	for i := range 11 {
		end(i)
	}
	told := map[string]bool{}
	for range 8 {
		told[<-p.begun] = true
	}
	end(11)
	if n := len(p.begun); n != 0 {
		t.Errorf("%d more are told", n)
	}
	for range 4 {
		p.goOn <- struct{}{}
		told[<-p.begun] = true
	}
	close(p.goOn)
	w.flow.Settle()
	if len(told) != 12 {
		t.Errorf("%d phones are told, want 12", len(told))
	}
}
