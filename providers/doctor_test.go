package providers_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"nod/authy"
	"nod/providers"
	"nod/signin"
)

const doctorBody = `{"authy_id":1001,"uuid":"0123abcd-0000-0000-0000-000000000000","status":"approved","callback_action":"approval_request_status","approval_request":{"transaction":{"message":"Grüße & <x>"}}}`

var doctorNow = time.Date(2026, time.November, 26, 8, 0, 0, 0, time.UTC)

// arrived is a callback as somebody signed it, and what became of it.
type arrived struct {
	t *testing.T
	providers.Received
	signature string
}

func arrives(t *testing.T, key, method, address string, at time.Time, body string) *arrived {
	t.Helper()
	nonce := fmt.Sprint(at.Unix())
	signature, err := authy.SignCallback(key, method, address, nonce, []byte(body))
	must(t, err)
	a := &arrived{t, providers.Received{Method: method, Body: []byte(body), Header: http.Header{}}, signature}
	if method == http.MethodGet {
		a.RawQuery, err = authy.CallbackQuery([]byte(body))
		must(t, err)
		a.Body = nil
	}
	a.Header.Set("Host", "nod.example")
	a.Header.Set("X-Authy-Signature", signature)
	a.Header.Set("X-Authy-Signature-Nonce", nonce)
	return a
}

// said is the error of a callback; it is never taken.
func (a *arrived) said(p *providers.Authy) string {
	a.t.Helper()
	_, err := p.Callback(a.Method, a.RawQuery, a.Header, a.Body)
	if !errors.Is(err, signin.ErrForged) {
		a.t.Fatalf("got %v, want it refused as forged", err)
	}
	return err.Error()
}

func doctored(key string) *providers.Authy {
	return &providers.Authy{APIKey: key, CallbackURL: callbackURL, Now: func() time.Time { return doctorNow }}
}

// The usual mistakes are found and named, with what to do, and none of them makes a
// callback count.
func TestTheDoctorNamesTheMistake(t *testing.T) {
	signedOver := func(address string) func(*testing.T) *arrived {
		return func(t *testing.T) *arrived {
			return arrives(t, testKey, http.MethodPost, address, doctorNow, doctorBody)
		}
	}
	became := func(change func(*arrived)) func(*testing.T) *arrived {
		return func(t *testing.T) *arrived {
			a := arrives(t, testKey, http.MethodPost, callbackURL, doctorNow, doctorBody)
			change(a)
			return a
		}
	}
	for _, test := range []struct {
		name    string
		arrives func(*testing.T) *arrived
		want    string
	}{
		{"http", signedOver("http://nod.example/authy/callback"),
			"it would match with http: set PUBLIC_URL to http://nod.example if people use that address, else enter " + callbackURL + " in Authy's dashboard"},
		{"a port", signedOver("https://nod.example:8443/authy/callback"), "no usual mistake makes it match"},
		{"the port of the request", func(t *testing.T) *arrived {
			a := signedOver("https://nod.example:8443/authy/callback")(t)
			a.Header.Set("Host", "nod.example:8443")
			return a
		}, "it would match with port 8443: set PUBLIC_URL to https://nod.example:8443"},
		{"a usual port", signedOver("https://nod.example:443/authy/callback"),
			"it would match with port 443: enter exactly " + callbackURL},
		{"www", signedOver("https://www.nod.example/authy/callback"),
			"it would match with the host www.nod.example: set PUBLIC_URL to https://www.nod.example"},
		{"the host of the request", func(t *testing.T) *arrived {
			a := signedOver("http://tunnel.test:81/authy/callback")(t)
			a.Header.Set("Host", "tunnel.test:81")
			return a
		}, "it would match with http and with the host tunnel.test and with port 81: set PUBLIC_URL to http://tunnel.test:81"},
		{"a forwarded host", func(t *testing.T) *arrived {
			a := signedOver("https://front.test/authy/callback")(t)
			a.Header.Set("X-Forwarded-Host", "front.test")
			return a
		}, "it would match with the host front.test: set PUBLIC_URL to https://front.test"},
		{"a slash", signedOver(callbackURL + "/"),
			"it would match with a slash at the end: enter exactly " + callbackURL + " as the callback URL in Authy's dashboard"},
		{"a query", func(t *testing.T) *arrived {
			a := signedOver(callbackURL + "?app=1")(t)
			a.RawQuery = "app=1"
			return a
		}, "it would match with the query ?app=1: enter exactly " + callbackURL},
		{"a method", func(t *testing.T) *arrived {
			a := arrives(t, testKey, http.MethodGet, callbackURL, doctorNow, doctorBody)
			a.Method, a.Body, a.RawQuery = http.MethodPost, []byte(doctorBody), ""
			return a
		}, "it would match as a GET: a redirect on the way changes the method; let Authy call " + callbackURL + " itself"},
		{"a byte order mark", became(func(a *arrived) { a.Body = append([]byte("\uFEFF"), a.Body...) }),
			"it would match without the byte order mark before its body: a proxy or firewall changes bodies"},
		{"a form", became(func(a *arrived) {
			query, err := authy.CallbackQuery(a.Body)
			must(a.t, err)
			a.Body = []byte(query)
		}), "it would match with its body as the JSON that this form was: a proxy"},
		{"UTF-8 twice", became(func(a *arrived) {
			var twice strings.Builder
			for _, c := range a.Body {
				twice.WriteRune(rune(c))
			}
			a.Body = []byte(twice.String())
		}), "it would match with its body encoded in UTF-8 once, not twice: a proxy"},
		{"HTML", became(func(a *arrived) {
			a.Body = []byte(strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(string(a.Body)))
		}), "it would match without the HTML escapes in its body: a proxy"},
		{"numbers", became(func(a *arrived) { a.Body = []byte(strings.Replace(string(a.Body), "1001", "1.001e+03", 1)) }),
			"it would match with the numbers in its body as they were written: a proxy"},
		{"two mistakes", func(t *testing.T) *arrived {
			a := signedOver("http://nod.example/authy/callback")(t)
			a.Body = append([]byte("\uFEFF"), a.Body...)
			return a
		}, "it would match with http and without the byte order mark before its body: "},
		{"another key", func(t *testing.T) *arrived {
			return arrives(t, "another-key", http.MethodPost, callbackURL, doctorNow, doctorBody)
		}, "no usual mistake makes it match: either it is not from Authy, or AUTHY_API_KEY is not the key of the application that asked"},
		{"a changed body", became(func(a *arrived) { a.Body = []byte(strings.Replace(string(a.Body), "1001", "1002", 1)) }),
			"no usual mistake makes it match"},
		{"no signature", became(func(a *arrived) { a.Header.Del("X-Authy-Signature") }), "the header X-Authy-Signature is missing"},
		{"two nonces", became(func(a *arrived) { a.Header.Add("X-Authy-Signature-Nonce", "1") }), "the header X-Authy-Signature-Nonce is there more than once"},
		{"a webhook of Twilio", became(func(a *arrived) { a.Header = http.Header{"X-Twilio-Signature": {"x"}} }), "it is signed as a webhook of Twilio"},
		{"an empty signature", became(func(a *arrived) { a.Header.Set("X-Authy-Signature", "") }), "a signature header is empty or too long"},
		{"a late clock", func(t *testing.T) *arrived {
			return arrives(t, testKey, http.MethodPost, callbackURL, doctorNow.Add(-20*time.Minute), doctorBody)
		}, "the signature is right, and its nonce is from 20m0s before now, where 15m0s is allowed: set the clock"},
		{"an early clock", func(t *testing.T) *arrived {
			return arrives(t, testKey, http.MethodPost, callbackURL, doctorNow.Add(20*time.Minute), doctorBody)
		}, "the signature is right, and its nonce is from 20m0s after now"},
		{"a late clock and http", func(t *testing.T) *arrived {
			return arrives(t, testKey, http.MethodPost, "http://nod.example/authy/callback", doctorNow.Add(-20*time.Minute), doctorBody)
		}, "it would match with http: set PUBLIC_URL to http://nod.example if people use that address, else enter " + callbackURL + " in Authy's dashboard, and its nonce is from 20m0s before now"},
		{"nothing right", func(t *testing.T) *arrived {
			return arrives(t, "another-key", http.MethodPost, callbackURL, doctorNow.Add(-20*time.Minute), doctorBody)
		}, "neither the signature nor the time is right: its nonce is from 20m0s before now"},
		{"a GET over http", func(t *testing.T) *arrived {
			return arrives(t, testKey, http.MethodGet, "http://nod.example/authy/callback", doctorNow, doctorBody)
		}, "it would match with http: set PUBLIC_URL to http://nod.example"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := test.arrives(t)
			said := a.said(doctored(testKey))
			if !strings.Contains(said, ": "+test.want) {
				t.Errorf("it says %q, want %q", said, test.want)
			}
			for _, method := range []string{http.MethodPost, http.MethodGet} {
				right, err := authy.SignCallback(testKey, method, callbackURL, a.Header.Get("X-Authy-Signature-Nonce"), []byte(doctorBody))
				if err == nil && strings.Contains(said, right) {
					t.Error("it shows the signature that would be right")
				}
			}
			if strings.Contains(said, testKey) {
				t.Error("it shows the key")
			}
		})
	}
}

// What keys of Twilio look like is known; what the right one looks like, too.
func TestTheDoctorLooksAtTheKey(t *testing.T) {
	for key, want := range map[string]string{
		"0123456789abcdef0123456789abcdef":   "looks like an auth token of Twilio: set AUTHY_API_KEY",
		"AC0123456789abcdef0123456789abcdef": "looks like the id of an account, key or service at Twilio: set AUTHY_API_KEY",
		"SK0123456789abcdef0123456789abcdef": "looks like the id of an account, key or service at Twilio: set AUTHY_API_KEY",
		"0123456789ABCDEF0123456789abcdef":   "AUTHY_API_KEY is not the key of the application",
	} {
		a := arrives(t, "another-key", http.MethodPost, callbackURL, doctorNow, doctorBody)
		if said := a.said(doctored(key)); !strings.Contains(said, want) || strings.Contains(said, key) {
			t.Errorf("with %s it says %q", key, said)
		}
	}
}

// Strangers can send what they like: a diagnosis is made every ten seconds.
func TestADiagnosisIsMadeNowAndThen(t *testing.T) {
	now := doctorNow
	p := &providers.Authy{APIKey: testKey, CallbackURL: callbackURL, Now: func() time.Time { return now }}
	a := arrives(t, "another-key", http.MethodPost, callbackURL, doctorNow, doctorBody)
	for i, test := range []struct {
		after time.Duration
		want  bool
	}{{0, true}, {0, false}, {9 * time.Second, false}, {time.Second, true}, {9 * time.Second, false}, {-time.Minute, true}} {
		now = now.Add(test.after)
		if got := strings.Contains(a.said(p), "no usual mistake"); got != test.want {
			t.Errorf("callback %d: diagnosed: %v, want %v", i, got, test.want)
		}
	}
}
