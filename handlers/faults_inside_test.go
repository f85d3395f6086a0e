package handlers_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
)

var carol = []string{"payee", "Carol Müller", "amount", "1250.50", "currency", "EUR"}

func (b *browser) execute(id string) page {
	b.t.Helper()
	return b.post("/transfers/"+id+"/execute", carol...)
}

// wantUnsent says of the newest transfer that it is over and nothing was sent.
func (b *browser) wantUnsent(id, status, sentence string) {
	b.t.Helper()
	got := b.execute(id)
	wantStatus(b.t, got, http.StatusConflict)
	wantBody(b.t, got, words("error.transfer_not_approved.title"), "Nothing was sent.")
	wantBody(b.t, b.get("/protected"), `data-transfer="`+id+`" data-status="`+status+`"`, sentence)
	told := b.get("/transfers/status")
	wantBody(b.t, told, `"status":"`+status+`"`)
	wantNoBody(b.t, told, "executed")
}

// sendsOnce goes the whole way of a transfer.
func (b *browser) sendsOnce(p person, events *websocket.Conn) {
	b.t.Helper()
	wantRedirect(b.t, b.post("/transfers", carol...), "/protected#transfers")
	id := nextLedger(b.t, events, "awaiting")
	p.phone.approve(p.phone.pending())
	nextLedger(b.t, events, "approved")
	wantRedirect(b.t, b.execute(id), "/protected#transfers")
	nextLedger(b.t, events, "executed")
	wantRedirect(b.t, b.execute(id), "/protected#transfers") // a lost reply: it is done
}

// mayRing is what the page says of a transfer of which nobody knows whether the
// phone was asked.
const mayRing = `data-reason="unconfirmed"><svg`

// wantTransferUnconfirmed wants all who wait for the newest transfer to be told that
// its request may still arrive.
func (b *browser) wantTransferUnconfirmed(events *websocket.Conn) {
	b.t.Helper()
	must(b.t, events.SetReadDeadline(time.Now().Add(hung)))
	var told ledger
	for len(told.Transfers) == 0 || told.Transfers[0].Reason != "unconfirmed" {
		must(b.t, events.ReadJSON(&told))
	}
	if told.Transfers[0].Status != "awaiting" {
		b.t.Errorf("the page was told %+v", told.Transfers[0])
	}
	wantBody(b.t, b.get("/transfers/status"), `"status":"awaiting","reason":"unconfirmed"`)
	wantBody(b.t, b.get("/protected"), mayRing, words("transfers.unconfirmed"))
}

// The phone cannot be asked about a transfer, or rings and nobody is told.
func TestFaultsWhenAskingForATransfer(t *testing.T) {
	eachAPIFault(t, func(t *testing.T, s *faulty) {
		ada := s.account("ada@example.com")
		b := s.browser()
		b.signIn(ada)
		events := b.transferEvents()
		old := ada.phone.requests()[1].UUID // of the sign-up; it still shows

		s.breaks()
		wantRedirect(t, b.post("/transfers", carol...), "/protected#transfers")
		id := nextLedger(t, events, "cancelled")
		b.wantUnsent(id, "cancelled", words("transfers.cancelled"))
		s.mends()

		s.calls.atPush.Store(true)
		wantRedirect(t, b.post("/transfers", carol...), "/protected#transfers")
		if s.fault.refused {
			id = nextLedger(t, events, "cancelled")
			b.wantUnsent(id, "cancelled", words("transfers.cancelled"))
		} else {
			// It may have been sent, and it was: the page says so, and the tap counts.
			b.wantTransferUnconfirmed(events)
			ada.phone.approve(ada.phone.arrives(old))
			id = nextLedger(t, events, "approved")
			wantRedirect(t, b.execute(id), "/protected#transfers")
			nextLedger(t, events, "executed")
		}
		s.mends()
		b.sendsOnce(ada, events)
		wantNoBody(t, b.get("/transfers/status"), "unconfirmed")

		// Nobody taps, and the time runs out: then it is not awaited any more.
		s.calls.atPush.Store(true)
		wantRedirect(t, b.post("/transfers", carol...), "/protected#transfers")
		if !s.fault.refused {
			b.wantTransferUnconfirmed(events)
			s.clock.Advance(2*time.Minute + time.Second)
			wantBody(t, b.get("/transfers/status"), `"status":"expired","reason":""`)
			wantNoBody(t, b.get("/protected"), words("approval.unconfirmed"))
		}
	})
}

// Approved, and nobody here is told, nor can ask: nothing is sent until it is
// known, and it is sent once.
func TestFaultsWhenAskingAboutATransfer(t *testing.T) {
	eachAPIFault(t, func(t *testing.T, s *faulty) {
		ada := s.account("ada@example.com")
		b := s.browser()
		b.signIn(ada)
		s.loseCallbacks()
		id, events := b.startTransfer()
		ada.phone.approve(ada.phone.pending())
		s.breaks()
		got := b.execute(id)
		wantStatus(t, got, http.StatusConflict)
		wantBody(t, got, words("notice.not_yet"), `data-status="awaiting"`)
		wantNoBody(t, b.get("/transfers/status"), "executed")
		s.mends()
		s.clock.Advance(2 * time.Second)
		wantRedirect(t, b.execute(id), "/protected#transfers")
		nextLedger(t, events, "executed")
		wantRedirect(t, b.execute(id), "/protected#transfers") // it is done

		// The fault outlasts the request.
		wantRedirect(t, b.post("/transfers", carol...), "/protected#transfers")
		id = nextLedger(t, events, "awaiting")
		ada.phone.approve(ada.phone.pending())
		s.breaks()
		s.clock.Advance(2*time.Minute + time.Second)
		must(t, s.flow.Sweep(t.Context()))
		nextLedger(t, events, "expired")
		s.mends()
		wantStatus(t, b.execute(id), http.StatusConflict)
		wantBody(t, b.get("/protected"), `data-transfer="`+id+`" data-status="expired"`, words("transfers.expired"))
	})
}

func TestCallbackFaultsOfATransfer(t *testing.T) {
	eachCallbackFault(t, func(t *testing.T, s *site, f callbackFault, ada person) {
		old := ada.phone.requests()[0].UUID
		b := s.browser()
		b.signIn(ada)
		s.order(f.order)
		id, events := b.startTransfer()
		told := func(status string) {
			if f.lost {
				if f.verdict != "" {
					s.heard(f.verdict)
				}
				wantBody(t, b.get("/protected"), `data-transfer="`+id+`" data-status="awaiting"`)
				s.clock.Advance(115 * time.Second)
				must(t, s.flow.Sweep(t.Context()))
			}
			nextLedger(t, events, status)
		}
		ada.phone.approve(ada.phone.arrives(old))
		told("approved")
		wantRedirect(t, b.execute(id), "/protected#transfers")
		nextLedger(t, events, "executed")
		wantRedirect(t, b.execute(id), "/protected#transfers") // it is done

		wantRedirect(t, b.post("/transfers", "payee", "Dan", "amount", "3", "currency", "JPY"), "/protected#transfers")
		id = nextLedger(t, events, "awaiting")
		ada.phone.deny(ada.phone.arrives(old))
		told("denied")
		wantStatus(t, b.post("/transfers/"+id+"/execute", "payee", "Dan", "amount", "3", "currency", "JPY"), http.StatusConflict)
		wantBody(t, b.get("/protected"), `data-transfer="`+id+`" data-status="denied"`, words("transfers.denied"))
		if got := strings.Count(b.get("/transfers/status").Body, `"executed"`); got != 1 {
			t.Errorf("%d transfers were sent, want 1", got)
		}
	})
}

// The provider cannot be told of the end: the account goes on here, also where
// it has forgotten the phone all the same, and closing it again ends it.
func TestFaultsWhenClosingAnAccount(t *testing.T) {
	eachAPIFault(t, func(t *testing.T, s *faulty) {
		ada := s.account("ada@example.com")
		b := s.browser()
		b.signIn(ada)
		s.breaks()
		got := b.post("/account/close", "password", goodPassword)
		wantStatus(t, got, http.StatusServiceUnavailable)
		wantBody(t, got, words("close.stuck"))
		wantStatus(t, b.get("/protected"), http.StatusOK)
		s.mends()

		other := s.browser()
		other.passPassword(ada)
		other.wantOutside()

		wantRedirect(t, b.post("/account/close", "password", goodPassword), "/", "account-closed")
		wantRedirect(t, b.get("/protected"), "/login", "start")
		wantRedirect(t, other.get("/protected"), "/login", "start")
		wantStatus(t, b.post("/login", "email", ada.Email, "password", goodPassword), http.StatusUnprocessableEntity)
		if got := len(s.allPhones()); got != 0 {
			t.Errorf("the provider still has %d phones", got)
		}
	})
}
