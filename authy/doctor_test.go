package authy_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"nod/authy"
)

// A long message is looked at less: what is hashed for a diagnosis is bounded.
func TestADiagnosisCostsLittle(t *testing.T) {
	const key, configured, far = "a-key", "https://nod.example/authy/callback", "http://www.nod.example:80/authy/callback/"
	for size, want := range map[int]bool{100: true, 60_000: false} {
		body := []byte(fmt.Sprintf(`{"authy_id":1,"text":%q}`, strings.Repeat("x", size)))
		for address, found := range map[string]bool{configured: true, far: want} {
			signature, err := authy.SignCallback(key, http.MethodPost, address, "1", body)
			if err != nil {
				t.Fatal(err)
			}
			got := authy.Diagnose(key, configured, authy.Received{CallbackRequest: authy.CallbackRequest{
				Method: http.MethodPost, Body: body, Signature: signature, Nonce: "1",
			}, Path: "/authy/callback", Host: "nod.example"})
			if got.Found != found || found && (got.URL != address || got.Method != http.MethodPost || got.Change != authy.Unchanged) {
				t.Errorf("%d bytes signed over %s: got %+v", size, address, got)
			}
		}
	}
}

// Whatever stands in a request, looking at it does no harm.
func FuzzDiagnose(f *testing.F) {
	f.Add("POST", "a=1", []byte(`{"a":1.0}`), "nod.example", "/x")
	f.Add("GET", "a=1&b[c]=2", []byte("\uFEFF&amp;"), "[::1]:1", "%zz")
	f.Fuzz(func(t *testing.T, method, query string, body []byte, host, path string) {
		got := authy.Diagnose("a-key", "https://nod.example/authy/callback", authy.Received{CallbackRequest: authy.CallbackRequest{
			Method: method, RawQuery: query, Body: body, Signature: strings.Repeat("A", 43) + "=", Nonce: "1",
		}, Path: path, Host: host, Forwarded: host})
		if got.Found {
			t.Errorf("got %+v for no signature", got)
		}
	})
}
