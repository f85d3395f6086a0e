package signin_test

import (
	"errors"
	"testing"

	"nod/signin"
	"nod/store"
)

func TestAnAttemptIsOverOnceItsEndIsChosen(t *testing.T) {
	for _, test := range []struct {
		request store.Approval
		over    bool
	}{
		{store.Approval{Status: store.Pending}, false},
		{store.Approval{Status: store.Approved}, false},
		{store.Approval{Status: store.Expired}, false},
		{store.Approval{Status: store.Denied}, true},
		{store.Approval{Status: store.Cancelled, Reason: store.ReasonByUser}, true},
		{store.Approval{Status: store.Cancelled, Reason: store.ReasonSuperseded}, true},
		{store.Approval{Status: store.Cancelled, Reason: store.ReasonSignedOut}, true},
		{store.Approval{Status: store.Cancelled, Reason: store.ReasonNoDevice}, false},
		{store.Approval{Status: store.Cancelled, Reason: store.ReasonUnavailable}, false},
		{store.Approval{Status: store.Cancelled, Reason: store.ReasonPushPaused}, false},
	} {
		if got := signin.AttemptOver(test.request); got != test.over {
			t.Errorf("%s %s: over is %v, want %v", test.request.Status, test.request.Reason, got, test.over)
		}
	}
}

func TestOtherTabsHearOfTheSignIn(t *testing.T) {
	w := newWorld(t)
	_, before := w.signIn(w.signUp("ada@example.com"))
	if got := w.browsers.last(before); got.Status != signin.StatusSignedIn || !got.Last {
		t.Errorf("the tabs that wait were last told %+v, want signed_in and that nothing follows", got)
	}
}

// A page of an account that has been closed cannot close the one that has its
// e-mail now, not even where the passwords are the same.
func TestOnlyTheOwnPasswordClosesAnAccount(t *testing.T) {
	w := newWorld(t)
	before := w.signUp("ada@example.com")
	page, _ := w.signIn(before)
	must(t, w.flow.CloseAccount(t.Context(), page, password, client))
	now := w.signUp("ada@example.com")
	if err := w.flow.CloseAccount(t.Context(), page, password, client); !errors.Is(err, store.ErrInvalidCredentials) {
		t.Errorf("got %v, want that the password is wrong", err)
	}
	got, err := w.flow.Authenticate(t.Context(), now.Email, password, client)
	must(t, err)
	if got.ID != now.ID {
		t.Errorf("got user %d, want %d", got.ID, now.ID)
	}
}
