package handlers_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
)

type ledger struct {
	Transfers []struct{ ID, Status, Reason string }
}

// transfers opens the socket of the protected page.
func (b *browser) transferEvents() *websocket.Conn {
	b.t.Helper()
	header := http.Header{"Origin": {b.site.url}, "Cookie": {b.cookieHeader()}}
	conn, _, err := websocket.DefaultDialer.DialContext(b.t.Context(), strings.Replace(b.site.url, "http", "ws", 1)+"/transfers/events", header)
	must(b.t, err)
	b.t.Cleanup(func() { conn.Close() })
	return conn
}

// nextLedger waits until the newest transfer has the status.
func nextLedger(t testing.TB, conn *websocket.Conn, status string) string {
	t.Helper()
	must(t, conn.SetReadDeadline(time.Now().Add(hung)))
	for {
		_, body, err := conn.ReadMessage()
		must(t, err)
		var l ledger
		must(t, json.Unmarshal(body, &l))
		if len(l.Transfers) > 0 && l.Transfers[0].Status == status {
			return l.Transfers[0].ID
		}
	}
}

func (b *browser) startTransfer() (id string, events *websocket.Conn) {
	b.t.Helper()
	events = b.transferEvents()
	wantRedirect(b.t, b.post("/transfers", "payee", "Carol Müller", "amount", "1250,5", "currency", "EUR"), "/protected#transfers")
	return nextLedger(b.t, events, "awaiting"), events
}

func TestATransferIsApprovedAndSentOnce(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada)
	id, events := b.startTransfer()
	request := ada.phone.requests()[0]
	if request.Message != "Send 1,250.50 EUR to Carol Müller?" || request.Details["Payee"] != "Carol Müller" || request.Details["Amount"] != "1,250.50 EUR" {
		t.Errorf("the phone shows %+v", request)
	}
	execute := func() page {
		return b.post("/transfers/"+id+"/execute", "payee", "Carol Müller", "amount", "1250.50", "currency", "EUR")
	}
	wantStatus(t, execute(), http.StatusConflict) // not before the tap
	ada.phone.approve(request.UUID)
	nextLedger(t, events, "approved")
	wantRedirect(t, execute(), "/protected#transfers")
	nextLedger(t, events, "executed")
	wantRedirect(t, execute(), "/protected#transfers") // a lost reply: it is done, once
	wantBody(t, b.get("/protected"), `data-status="executed"`)
}

func TestATransferWhoseCallbackIsLost(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada)
	id, events := b.startTransfer()
	fields := []string{"payee", "Carol Müller", "amount", "1250.50", "currency", "EUR"}
	early := b.post("/transfers/"+id+"/execute", fields...)
	wantStatus(t, early, http.StatusConflict)
	wantBody(t, early, words("notice.not_yet"), `data-status="awaiting"`)
	postJSON(t, s.simURL+"/faults", `{"callback":"never"}`)
	ada.phone.approve(ada.phone.pending())
	s.clock.Advance(2 * time.Second) // a moment after the question before
	wantRedirect(t, b.post("/transfers/"+id+"/execute", fields...), "/protected#transfers")
	nextLedger(t, events, "executed")
}

func TestAChangedTransferIsRefused(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada)
	for _, change := range [][3]string{
		{"Mallory", "1250.50", "EUR"}, {"Carol Müller", "1250.51", "EUR"}, {"Carol Müller", "1250.50", "USD"}, {"Carol Müller", "", "EUR"},
	} {
		id, events := b.startTransfer()
		ada.phone.approve(ada.phone.pending())
		nextLedger(t, events, "approved")
		got := b.post("/transfers/"+id+"/execute", "payee", change[0], "amount", change[1], "currency", change[2])
		wantStatus(t, got, http.StatusConflict)
		wantBody(t, got, words("error.transfer_changed.text"))
		nextLedger(t, events, "refused")
		got = b.post("/transfers/"+id+"/execute", "payee", "Carol Müller", "amount", "1250.50", "currency", "EUR")
		wantStatus(t, got, http.StatusConflict)
		wantBody(t, b.get("/protected"), `data-status="refused"`)
	}
}

func TestDeniedAndExpiredTransfersSendNothing(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada)
	id, events := b.startTransfer()
	ada.phone.deny(ada.phone.pending())
	nextLedger(t, events, "denied")
	fields := []string{"payee", "Carol Müller", "amount", "1250.50", "currency", "EUR"}
	wantStatus(t, b.post("/transfers/"+id+"/execute", fields...), http.StatusConflict)

	wantRedirect(t, b.post("/transfers", fields...), "/protected#transfers")
	id = nextLedger(t, events, "awaiting")
	s.clock.Advance(2*time.Minute + time.Second)
	must(t, s.flow.Sweep(t.Context()))
	nextLedger(t, events, "expired")
	wantStatus(t, b.post("/transfers/"+id+"/execute", fields...), http.StatusConflict)
}

func TestOneTransferWaitsAtATime(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada)
	b.startTransfer()
	got := b.post("/transfers", "payee", "Dan", "amount", "3", "currency", "JPY")
	wantStatus(t, got, http.StatusConflict)
	wantBody(t, got, words("problem.transfer.pending"), `value="Dan"`)
}

// Login and transfer share one mechanism; neither stands in for the other.
func TestALoginApprovesNoTransferAndTheOtherWayRound(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada)
	id, events := b.startTransfer()
	transfer := ada.phone.pending()

	other := s.browser()
	other.passPassword(ada)
	login := ada.phone.pending()
	ada.phone.approve(transfer)
	nextLedger(t, events, "approved")
	wantStatus(t, other.post("/confirm-login"), http.StatusConflict)

	otherEvents := other.events()
	otherEvents.want("pending")
	ada.phone.approve(login)
	otherEvents.want("approved")
	wantRedirect(t, other.post("/confirm-login"), "/protected")
	// Nor does another session of the same user send it.
	fields := []string{"payee", "Carol Müller", "amount", "1250.50", "currency", "EUR"}
	wantStatus(t, other.post("/transfers/"+id+"/execute", fields...), http.StatusNotFound)
	wantRedirect(t, b.post("/transfers/"+id+"/execute", fields...), "/protected#transfers")
}

func TestTransfersThatCannotBeMeant(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada)
	before := len(ada.phone.requests())
	for _, bad := range [][3]string{
		{"", "1", "EUR"}, {strings.Repeat("x", 81), "1", "EUR"}, {"Carol", "0", "EUR"}, {"Carol", "-5", "EUR"}, {"Carol", "+5", "EUR"},
		{"Carol", "1.234", "EUR"}, {"Carol", "1.5", "JPY"}, {"Carol", "1e3", "EUR"}, {"Carol", "1000000.01", "EUR"}, {"Carol", "1", "XXX"},
	} {
		wantStatus(t, b.post("/transfers", "payee", bad[0], "amount", bad[1], "currency", bad[2]), http.StatusUnprocessableEntity)
	}
	if got := len(ada.phone.requests()); got != before {
		t.Error("the phone was asked about a transfer that cannot be meant")
	}
}

// Whoever has sent a transfer takes it back while it waits; an answer that comes all the
// same changes nothing, and the next one can be sent at once. Nobody else can.
func TestATransferIsWithdrawn(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b, other := s.browser(), s.browser()
	b.signIn(ada)
	other.signIn(ada)
	id, events := b.startTransfer()
	wantBody(t, b.get("/protected"), `action="/transfers/`+id+`/withdraw"`)
	wantNoBody(t, other.get("/protected"), "/withdraw")
	wantStatus(t, other.post("/transfers/"+id+"/withdraw"), http.StatusNotFound)
	wantBody(t, b.get("/protected"), `data-status="awaiting"`)

	wantRedirect(t, b.post("/transfers/"+id+"/withdraw"), "/protected#transfers")
	nextLedger(t, events, "withdrawn")
	s.tapped(ada.phone.approve, ada.phone.requests()[0].UUID)
	wantStatus(t, b.post("/transfers/"+id+"/execute", "payee", "Carol Müller", "amount", "1250.50", "currency", "EUR"), http.StatusConflict)
	got := b.get("/protected")
	wantBody(t, got, `data-status="withdrawn"`)
	wantNoBody(t, got, "/withdraw", "/execute")
	wantRedirect(t, b.post("/transfers/"+id+"/withdraw"), "/protected#transfers") // it is done
	b.startTransfer()
}

// Two transfers that were denied keep further ones from the phone, and the sign-in goes on
// with a tap. The pages say which.
func TestDeniedTransfersLeaveTheSignInAlone(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	b.signIn(ada)
	for range 2 {
		s.clock.Advance(time.Second)
		wantRedirect(t, b.post("/transfers", "payee", "Carol", "amount", "1", "currency", "EUR"), "/protected#transfers")
		s.tapped(ada.phone.deny, ada.phone.requests()[0].UUID)
	}
	refused := b.post("/transfers", "payee", "Carol", "amount", "1", "currency", "EUR")
	wantStatus(t, refused, http.StatusTooManyRequests)
	paused, _, _ := strings.Cut(words("notices.transfers_paused"), "{{")
	wantBody(t, refused, paused)
	b.post("/logout")
	s.clock.Advance(time.Second)
	b.signIn(ada)
	wantBody(t, b.get("/protected"), words("told.denied_transfer"), words("notices.not_me"))
}
