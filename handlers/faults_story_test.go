package handlers_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"nod/simulator"
)

// smallFaults are those that nobody should notice.
var smallFaults = []string{
	`{"callback": "twice"}`,
	`{"callback": "get"}`,
	`{"callback_delay_ms": 20}`,
	`{"push_delay_ms": 20}`,
	`{"api_delay_ms": 20}`,
	`{"legacy_device_uuid": true}`,
	`{"clock_skew_s": 20}`,
	`{"clock_skew_s": -20}`,
	`{"callback": "get", "callback_delay_ms": 5, "push_delay_ms": 5, "api_delay_ms": 5, "legacy_device_uuid": true, "clock_skew_s": 20}`,
}

// The life of an account, from the sign-up to its end, under each of them.
func TestFaultsThatNobodyNotices(t *testing.T) {
	for _, fault := range smallFaults {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.order(fault)
			b := s.browser()
			s.register(b, "ada@example.com")
			ada := person{"ada@example.com", s.phoneOf("ada@example.com")}
			events := b.events()
			events.want("pending")
			b.wantOutside()
			ada.phone.approve(ada.phone.arrives(""))
			events.want("approved")
			wantRedirect(t, b.post("/confirm-login"), "/protected")

			id, ledger := b.startTransfer()
			wantStatus(t, b.execute(id), http.StatusConflict)
			ada.phone.approve(ada.phone.arrives(""))
			nextLedger(t, ledger, "approved")
			wantRedirect(t, b.execute(id), "/protected#transfers")
			wantRedirect(t, b.execute(id), "/protected#transfers") // it is done
			wantBody(t, b.newApp(), "QR code with the secret")

			b.post("/logout")
			b.passPassword(ada)
			wantRedirect(t, b.post("/verify-token", "token", ada.phone.token()), "/protected")
			for _, via := range []string{"sms", "call"} {
				b.post("/logout")
				b.passPassword(ada)
				s.clock.Advance(sendPause)
				wantRedirect(t, b.post("/send-token", "via", via), "/verify-token")
				wantStatus(t, b.post("/verify-token", "token", wrong(ada.phone.code(via))), http.StatusUnprocessableEntity)
				wantRedirect(t, b.post("/verify-token", "token", ada.phone.code(via)), "/protected")
			}
			wantRedirect(t, b.post("/account/close", "password", goodPassword), "/", "account-closed")
			wantStatus(t, b.post("/login", "email", ada.Email, "password", goodPassword), http.StatusUnprocessableEntity)
		})
	}
}

// The tables have every fault that the simulator offers, and every value of
// those that are words, as the simulator lists them when it refuses one.
func TestTheTablesHaveEveryFault(t *testing.T) {
	s := newSite(t)
	orders := append([]string{beforeReply}, smallFaults...)
	for _, f := range apiFaults {
		orders = append(orders, f.order)
	}
	for _, f := range callbackFaults {
		orders = append(orders, f.order)
	}
	driven := map[string]bool{}
	for _, order := range orders {
		var values map[string]any
		must(t, json.Unmarshal([]byte(order), &values))
		for name, value := range values {
			driven[name] = true
			if word, ok := value.(string); ok {
				driven[name+" "+word] = true
			}
		}
	}
	for field := range reflect.TypeFor[simulator.Faults]().Fields() {
		if name := field.Tag.Get("json"); !driven[name] {
			t.Errorf("no table has %s", name)
		}
	}
	for _, name := range []string{"api", "callback"} {
		words := s.offered(name)
		for _, word := range words {
			if !driven[name+" "+word] {
				t.Errorf("no table has %s %s", name, word)
			}
		}
		if len(words) < 5 {
			t.Errorf("the simulator offers %q for %s", words, name)
		}
	}
}

var offer = regexp.MustCompile(`: ([a-z_, ]+) or `)

// offered is what a fault can be, by what the simulator says when it cannot.
func (s *site) offered(name string) []string {
	s.t.Helper()
	res, err := http.Post(s.simURL+"/faults", "application/json", bytes.NewBufferString(`{"`+name+`": "nonsense"}`))
	must(s.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	must(s.t, err)
	found := offer.FindSubmatch(body)
	if found == nil {
		s.t.Fatalf("the simulator does not say what %s can be: %s", name, body)
	}
	return strings.Split(string(found[1]), ", ")
}
