package wire_test

import (
	"bufio"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"nod/wire"
)

// What no list names is masked, of whatever kind it is.
func TestOnlyWhatIsKnownToBeHarmlessIsShown(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	for _, test := range []struct {
		point                        wire.Point
		target, kind, body           string
		wantTarget, wantRoute, wantB string
	}{
		{wire.Application, "/nowhere/hush?email=x", "", "", "/[masked]?email=x", "", ""},
		{wire.Application, "/login?password=hush&hush&plain=1", "text/plain", "hush", "/login?password=[masked]&[masked]&plain=1", "/login", "[masked]"},
		{wire.Application, "/login?to=/protected?password=hush&to=%2Faccount%2Fclose&to=/hush&to=http%3A%2F%2Fhush%2Flogin&to=/login%23hush&to=%zz", "", "",
			"/login?to=%2Fprotected?[masked]&to=%2Faccount%2Fclose&to=[masked]&to=[masked]&to=[masked]&to=[masked]", "/login", ""},
		{wire.Application, "/language", form, "language=hush&to=%2Flogin%3Fpassword%3Dhush", "/language", "/language", "language=[masked]&to=%2Flogin?[masked]"},
		{wire.Application, "/login", form, "password=hush&=hush&hush=%zz&%zz=hush", "/login", "/login", "password=[masked]&=[masked]&hush=[masked]&[masked]"},
		{wire.Application, "/authy/callback", "application/json", `{"hush":1}x`, "/authy/callback", "/authy/callback", "[masked]"},
		{wire.Application, "/authy/callback", "application/json",
			`{"uuid":"a-1","authy_id": 12,"x":["hush",{"status":"hush?"}],"approval_request":{"transaction":{"hidden_details":{"any":"shown","n":[1]},"other":{"status":null,"code":7}}}}`,
			"/authy/callback", "/authy/callback",
			`{"uuid":"a-1","authy_id": 12,"x":["[masked]",{"status":"hush?"}],"approval_request":{"transaction":{"hidden_details":{"any":"shown","n":[1]},"other":{"status":null,"code":"[masked]"}}}}`},
		{wire.Application, "/authy/callback?approval_request%5Btransaction%5D%5Bdetails%5D%5BBrowser%5D=Fire&token%5Bstatus%5D=hush", "", "",
			"/authy/callback?approval_request%5Btransaction%5D%5Bdetails%5D%5BBrowser%5D=Fire&token%5Bstatus%5D=[masked]", "/authy/callback", ""},
		{wire.Application, "/login", "text/html; charset=utf-8", "<p>hush", "/login", "/login", "[masked]"},
		{wire.Application, "/login", "image/png", "hush", "/login", "/login", "[masked]"},
		{wire.Application, "/transfers/12/execute", "", "", "/transfers/12/execute", "/transfers/{id}/execute", ""},
		{wire.Application, "/transfers/hu%20sh/execute", "", "", "/transfers/[masked]/execute", "/transfers/{id}/execute", ""},
		{wire.Phones, "/phones/12/requests/a-b/approve", "application/json", "{}", "/phones/12/requests/a-b/approve", "/phones/{phone}/requests/{uuid}/approve", "{}"},
		{wire.Provider, "/protected/json/verify/1234567/12?force=true&api_key=hush", "", "",
			"/protected/json/verify/[masked]/12?force=true&api_key=[masked]", "/protected/json/verify/{token}/{phone}", ""},
	} {
		r := wire.New(nil)
		near, far := ends(t, r, test.point)
		text := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", test.target, test.kind, len(test.body), test.body)
		if test.point == wire.Provider {
			send(t, near, text)
		} else {
			receive(t, near, far, text, 4096)
		}
		got := r.After(0)
		if len(got) != 1 {
			t.Errorf("%s: got %+v", test.target, got)
			continue
		}
		line, _, _ := strings.Cut(got[0].Head, "\r\n")
		if line != "POST "+test.wantTarget+" HTTP/1.1" || got[0].Route != test.wantRoute || got[0].Body != test.wantB {
			t.Errorf("%s %s: got %q, route %q, body %q", test.target, test.body, line, got[0].Route, got[0].Body)
		}
	}
}

func TestAKnownSecretIsMaskedWhereverItStands(t *testing.T) {
	r := wire.New(nil)
	r.Hide("the+key+of+the+provider")
	r.Hide("") // no secret
	near, far := ends(t, r, wire.Application)
	receive(t, near, far, "GET /login?email=the%2Bkey%2Bof%2Bthe%2Bprovider HTTP/1.1\r\nHost: x\r\nUser-Agent: the+key+of+the+provider\r\n\r\n", 4096)
	if got := r.After(0); len(got) != 1 || got[0].Head != "GET /login?email=[masked] HTTP/1.1\r\nHost: x\r\nUser-Agent: [masked]\r\n\r\n" {
		t.Errorf("got %+v", got)
	}
}

// The masks leave HTTP that can be read.
func TestAMaskedHeadIsStillAHead(t *testing.T) {
	r := wire.New(nil)
	near, far := ends(t, r, wire.Application)
	receive(t, near, far, login, 4096)
	req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(r.After(0)[0].Head)))
	must(t, err)
	if c := req.Cookies(); len(c) != 2 || c[0].Value != wire.Mask {
		t.Errorf("got %v", c)
	}
}

// A head that two readers could read differently is shown by no line.
func TestALooseHeadIsMaskedWhole(t *testing.T) {
	for _, text := range []string{
		"GET /protected HTTP/1.1\nHost: localhost:3000\nCookie: s=CANARY\nAuthorization: Bearer CANARY\n\nxx\r\n\r\n",
		"GET /protected HTTP/1.1\r\nHost: localhost:3000\r\nUser-Agent: curl\nCookie: s=CANARY\r\n\r\n",
		"GET /protected HTTP/1.1\r\nHost: localhost:3000\r\nAccept: a\rCookie: s=CANARY\r\n\r\n",
		"GET /protected HTTP/1.1\r\nHost: localhost:3000\r\npassword=CANARY: x\r\n\r\n",
		"POST /login HTTP/1.1\nHost: localhost:3000\nContent-Length: 30\n\npassword=CANARY&x=\r\n\r\n",
	} {
		r := wire.New(nil)
		near, far := ends(t, r, wire.Application)
		receive(t, near, far, text, 4096)
		for _, hop := range r.After(0) {
			if strings.Contains(hop.Head+hop.Body, "CANARY") {
				t.Errorf("%q is shown as %q and %q", text, hop.Head, hop.Body)
			}
		}
	}
}
