package handlers_test

import (
	"net/http"
	"net/url"
	"regexp"
	"testing"
	"time"
)

// tapWithoutCallback returns a browser that waits for a tap which was given, and whose
// callback was lost.
func (s *site) tapWithoutCallback() *browser {
	s.t.Helper()
	ada := s.account("ada@example.com")
	s.loseCallbacks()
	b := s.browser()
	b.passPassword(ada)
	ada.phone.approve(ada.phone.pending())
	return b
}

// A tap whose callback was lost is found when the process starts again, without
// anybody asking.
func TestAStartCatchesUpWithWhatWasMissed(t *testing.T) {
	s := newSite(t)
	b := s.tapWithoutCallback()
	s.restart()
	events := b.events()
	events.want("pending")
	must(t, s.flow.CatchUp(t.Context()))
	events.want("approved")
	wantRedirect(t, b.post("/confirm-login"), "/protected")
}

// So is one whose request has passed its deadline by then: the page goes on where it was.
func TestAStartCatchesUpWithWhatHasPassedItsDeadline(t *testing.T) {
	s := newSite(t)
	b := s.tapWithoutCallback()
	s.stop()
	s.clock.Advance(125 * time.Second)
	s.startAgain()
	must(t, s.flow.CatchUpFirst(t.Context()))
	b.events().want("approved")
	wantRedirect(t, b.post("/confirm-login"), "/protected")
}

// And when a page connects again: what it has missed may have been missed here
// too. The provider is asked about a request once for all who connect.
func TestAPageThatConnectsHearsWhatWasMissed(t *testing.T) {
	s := newSite(t)
	b := s.tapWithoutCallback()
	s.clock.Advance(4 * time.Second)
	first, second := b.events(), b.events()
	for _, events := range []*socket{first, second} {
		if m, err := events.next(); err != nil || m.Status == "pending" {
			must(t, err)
			events.want("approved")
		}
	}
	wantRedirect(t, b.post("/confirm-login"), "/protected")
}

// A request is over on the phone a little before it is over here: the provider is asked for
// the answer of the last moment when it takes none any more.
func TestATapInTheLastMomentIsNotLost(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	s.loseCallbacks()
	b := s.browser()
	events := b.waits(ada)
	request := ada.phone.pending()
	s.clock.Advance(114 * time.Second)
	must(t, s.flow.Sweep(t.Context())) // nobody is asked yet
	ada.phone.approve(request)
	s.clock.Advance(time.Second)
	must(t, s.flow.Sweep(t.Context()))
	events.want("approved")
	wantRedirect(t, b.post("/confirm-login"), "/protected")
	b.post("/logout")

	s.clock.Advance(sendPause)
	b.waits(ada)
	request = ada.phone.pending()
	s.clock.Advance(115 * time.Second)
	if got := ada.phone.answer(request, "approve"); got != http.StatusConflict {
		t.Errorf("a tap five seconds before the end: got %d, want 409", got)
	}
	wantBody(t, b.get("/authy/status"), `"status":"pending"`)
}

// A page of transfers that asks again and again finds a lost callback too.
func TestAPageOfTransfersFindsALostCallback(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada)
	s.loseCallbacks()
	id, _ := b.startTransfer()
	ada.phone.approve(ada.phone.pending())
	s.clock.Advance(4 * time.Second)
	wantBody(t, b.get("/transfers/status"), `"id":"`+id+`","status":"approved"`)
}

// Of two tabs that send a request again at once, one asks the phone.
func TestTwoTabsReplaceARequestOnce(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.passPassword(ada)
	shown := requestField.FindStringSubmatch(b.get("/login/approval").Body)
	if shown == nil {
		t.Fatal("the page does not say which request it would replace")
	}
	before := len(ada.phone.requests())
	b.atOnce(8, "/login/resend", url.Values{"request": {shown[1]}}, func(res *http.Response) {
		if res.StatusCode != http.StatusSeeOther {
			t.Errorf("got %d", res.StatusCode)
		}
	})
	if got := len(ada.phone.requests()) - before; got != 1 {
		t.Errorf("the phone was asked %d times, want once", got)
	}
}

// A transfer is carried out by the session that asked for it; the other browsers
// of the person hear of it and offer nothing that would fail.
func TestOtherBrowsersHearOfATransfer(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	here, there := s.browser(), s.browser()
	here.signIn(ada)
	there.signIn(ada)
	heard := there.transferEvents()
	id, _ := here.startTransfer()
	if got := nextLedger(t, heard, "awaiting"); got != id {
		t.Fatalf("the other browser hears of %s, want %s", got, id)
	}
	wantBody(t, here.get("/protected"), "/transfers/"+id+"/execute")
	wantNoBody(t, there.get("/protected"), "/transfers/"+id+"/execute")
	ada.phone.approve(ada.phone.pending())
	nextLedger(t, heard, "approved")
	wantRedirect(t, here.execute(id), "/protected#transfers")
	nextLedger(t, heard, "executed")

	second, _ := here.startTransfer()
	here.post("/logout")
	if got := nextLedger(t, heard, "withdrawn"); got != second {
		t.Errorf("the other browser hears of %s, want %s", got, second)
	}
	wantBody(t, there.get("/protected"), "withdrawn, not sent")
}

var requestField = regexp.MustCompile(`name="request" value="([^"]+)"`)
