package command

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"

	"nod/tools/ports"

	"github.com/fasthttp/websocket"
)

// The phones reach the application also where nothing leads from this machine to
// its public address.
func TestATapArrivesWhereThePublicAddressIsOutOfReach(t *testing.T) {
	here := ports.Free()
	p := start(t, lastWords, nil, "ADDR", here, "PUBLIC_URL", "http://nod.test", "PHONES", "simulated")
	// As a browser elsewhere, for which the name leads here.
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, here)
	}
	jar, err := cookiejar.New(nil)
	must(t, err)
	client := &http.Client{Jar: jar, Transport: &http.Transport{DialContext: dial}}
	signUp(t, client, p.url)
	dialer := websocket.Dialer{Jar: jar, NetDialContext: dial}
	conn, _, err := dialer.DialContext(t.Context(), "ws://nod.test/login/events", http.Header{"Origin": {p.url}})
	must(t, err)
	defer conn.Close()
	if _, first, err := conn.ReadMessage(); err != nil || !strings.Contains(string(first), "pending") {
		t.Fatalf("no first word: %s, %v", first, err)
	}
	approveNewest(t, p.phones)
	if _, next, err := conn.ReadMessage(); err != nil || !strings.Contains(string(next), `"approved"`) {
		t.Errorf("after the tap: got %s, %v", next, err)
	}
	// Answers the close frame that follows, for which a stop would wait.
	if _, more, err := conn.ReadMessage(); err == nil {
		t.Errorf("after the last event: got %s", more)
	}
	p.end()
}

// approveNewest taps Approve on the newest phone.
func approveNewest(t *testing.T, phones string) {
	t.Helper()
	res, err := http.Post(newestRequest(t, phones)+"/approve", "application/json", nil)
	must(t, err)
	must(t, res.Body.Close())
	if res.StatusCode != http.StatusOK {
		t.Fatalf("the tap: got %d", res.StatusCode)
	}
}

// newestRequest is the URL of what the phone shows.
func newestRequest(t *testing.T, phones string) string {
	t.Helper()
	var list []struct {
		ID json.Number `json:"authy_id"`
	}
	getJSON(t, phones+"/phones", &list)
	phone := fmt.Sprintf("%s/phones/%v", phones, list[0].ID)
	var requests []struct {
		UUID string `json:"uuid"`
	}
	getJSON(t, phone+"/requests", &requests)
	return phone + "/requests/" + requests[0].UUID
}

func getJSON(t *testing.T, address string, into any) {
	t.Helper()
	res, err := http.Get(address)
	must(t, err)
	defer res.Body.Close()
	must(t, json.NewDecoder(res.Body).Decode(into))
}
