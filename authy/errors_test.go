package authy_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"nod/authy"
)

// sentinels are the errors that a failed call can match.
func sentinels() map[string]error {
	return map[string]error{
		"ErrInvalidAPIKey": authy.ErrInvalidAPIKey, "ErrUserNotFound": authy.ErrUserNotFound, "ErrInvalidUser": authy.ErrInvalidUser,
		"ErrApprovalNotFound": authy.ErrApprovalNotFound, "ErrInvalidToken": authy.ErrInvalidToken, "ErrTokenReused": authy.ErrTokenReused,
		"ErrNoDevice": authy.ErrNoDevice, "ErrRateLimited": authy.ErrRateLimited, "ErrUnavailable": authy.ErrUnavailable,
	}
}

// wantOnly checks that err matches exactly the named sentinels.
func wantOnly(t *testing.T, err error, names ...string) {
	t.Helper()
	var got []string
	for name, sentinel := range sentinels() {
		if errors.Is(err, sentinel) {
			got = append(got, name)
		}
	}
	if strings.Join(got, " ") != strings.Join(names, " ") {
		t.Errorf("%v matches %v, want %v", err, got, names)
	}
}

func TestErrorReplies(t *testing.T) {
	const (
		noKey    = `{"error_code":"60001","message":"Invalid API key","errors":{"message":"Invalid API key"},"success":false}`
		oldNoKey = `{"message":"Invalid API key.","success":false,"errors":{"message":"Invalid API key."}}`
		noUser   = `{"message":"User not found.","success":false,"errors":{"message":"User not found."},"error_code":"60026"}`
	)
	for _, tt := range []struct {
		op     string
		status int
		body   string
		means  string
		code   int
	}{
		{"register", 401, noKey, "ErrInvalidAPIKey", 60001},
		{"verify", 401, noKey, "ErrInvalidAPIKey", 60001},
		{"sms", 401, oldNoKey, "ErrInvalidAPIKey", 0},
		{"status", 401, strings.Replace(noKey, "60001", "60073", 1), "ErrInvalidAPIKey", 60073},
		{"status", 404, noUser, "ErrUserNotFound", 60026},
		{"remove", 404, noUser, "ErrUserNotFound", 60026},
		{"sms", 404, noUser, "ErrUserNotFound", 60026},
		{"request approval", 404, strings.Replace(noUser, "60026", "60128", 1), "ErrUserNotFound", 60128},
		{"verify", 404, `{"message":"User doesn't exist","success":false,"errors":{"message":"User doesn't exist"},"error_code":"60016"}`, "ErrUserNotFound", 60016},
		{"register", 400, `{"cellphone":"is invalid","message":"User was not valid","success":false,"errors":{"cellphone":"is invalid","message":"User was not valid"},"error_code":"60027"}`, "ErrInvalidUser", 60027},
		{"register", 400, `{"error_code":"60033","message":"Phone number is invalid","errors":{},"success":false}`, "ErrInvalidUser", 60033},
		{"approval status", 404, `{"message":"Approval request not found: 550e8400-e29b-41d4-a716-446655440000","success":false,"errors":{},"error_code":"60049"}`, "ErrApprovalNotFound", 60049},
		{"verify", 401, `{"message":"Token is invalid","token":"is invalid","success":false,"errors":{"message":"Token is invalid"},"error_code":"60020"}`, "ErrInvalidToken", 60020},
		{"verify", 401, `{"message":"Token is invalid.","token":"is invalid","success":false,"errors":{"message":"Token is invalid."}}`, "ErrInvalidToken", 0},
		{"verify", 401, `{"errors":{"token":"is invalid"},"success":false}`, "ErrInvalidToken", 0},
		{"verify", 200, `{"errors":{"token":"is invalid"},"success":false}`, "ErrInvalidToken", 0},
		{"verify", 401, `{"message":"Token is invalid. Token was used recently.","token":"is invalid","success":false,"errors":{"message":"x"},"error_code":"60019"}`, "ErrTokenReused", 60019},
		{"request approval", 400, `{"message":"Unregistered","success":false,"errors":{},"error_code":"60050"}`, "ErrNoDevice", 60050},
		{"request approval", 400, `{"message":"No device","success":false,"errors":{},"error_code":"60051"}`, "ErrNoDevice", 60051},
		{"sms", 429, `{"error_code":"60003","message":"DoS protection: User has requested too many tokens in the last hour.","errors":{"message":"x"},"success":false}`, "ErrRateLimited", 60003},
		{"call", 429, `{"error_code":"60012","message":"Limit","errors":{},"success":false}`, "ErrRateLimited", 60012},
		{"sms", 503, `{"error_code":"60003","message":"Rate limit exceeded","errors":{},"success":false}`, "ErrRateLimited", 60003},
		{"sms", 429, `<html>slow down</html>`, "ErrRateLimited", 0},
		{"request approval", 503, `{"error_code":"60053","message":"x","errors":{},"success":false}`, "ErrUnavailable", 60053},
		{"request approval", 400, `{"error_code":"60052","message":"x","errors":{},"success":false}`, "ErrUnavailable", 60052},
		{"sms", 503, `{"error_code":"60008","message":"suspended","errors":{},"success":false}`, "ErrUnavailable", 60008},
		{"authenticator", 400, `{"error_code":"60123","message":"Generic tokens are disabled","errors":{},"success":false}`, "", 60123},
		{"register", 400, `{"message":"Attestation token is missing","success":false,"errors":{},"error_code":"60000"}`, "", 60000},
		{"register", 400, `{"message":"a number","success":false,"errors":{},"error_code":60027}`, "ErrInvalidUser", 60027},
		{"remove", 200, `{"message":"failed","success":false,"errors":{},"error_code":"60028"}`, "", 60028},
	} {
		t.Run(fmt.Sprintf("%s %d %d", tt.op, tt.status, tt.code), func(t *testing.T) {
			p := newProvider(t, replying(tt.status, tt.body))
			err := calls(p.client(), t)[tt.op]()
			wantOnly(t, err, strings.Fields(tt.means)...)
			refused, ok := errors.AsType[*authy.Error](err)
			if !ok || refused.Op != tt.op || refused.Code != tt.code || refused.HTTPStatus != tt.status {
				t.Errorf("got %#v", err)
			}
			p.only(t)
		})
	}
}

func TestFieldsOfARejectedUser(t *testing.T) {
	p := newProvider(t, replying(400, `{"email":"is invalid","success":false,"errors":{"email":"is invalid","country_code":"is not supported","n":1,"message":"User was not valid"},"error_code":"60027"}`))
	refused, ok := errors.AsType[*authy.Error](calls(p.client(), t)["register"]())
	if want := map[string]string{"email": "is invalid", "country_code": "is not supported"}; !ok || !reflect.DeepEqual(refused.Fields, want) || refused.Message != "User was not valid" {
		t.Errorf("got %#v, want %v", refused, want)
	}
}

func TestRetryAfter(t *testing.T) {
	const date = "Tue, 24 Nov 2026 19:00:00 GMT"
	for header, want := range map[string]time.Duration{
		"": 0, "30": 30 * time.Second, "0": 0, "-5": 0, "1e3": 0, "soon": 0, "99999999": 24 * time.Hour, "999999999999999999999": 0,
		"Tue, 24 Nov 2026 19:01:30 GMT": 90 * time.Second, "Tue, 24 Nov 2026 18:00:00 GMT": 0, "Tue, 24 Nov 2099 18:00:00 GMT": 24 * time.Hour,
	} {
		for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} { // the latter of a proxy
			p := newProvider(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Date", date)
				if header != "" {
					w.Header().Set("Retry-After", header)
				}
				w.WriteHeader(status)
			})
			err := calls(p.client(), t)["sms"]()
			if got := authy.RetryAfter(err); err == nil || got != want {
				t.Errorf("%d, %q: got %v of %v, want %v", status, header, got, err, want)
			}
		}
	}
}

// The provider, or a proxy in between, may echo the request.
func TestNoErrorContainsTheKey(t *testing.T) {
	echo := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			key := r.Header.Get("X-Authy-API-Key")
			w.WriteHeader(status)
			_, _ = fmt.Fprintf(w, `{"message":"no key %s","success":false,"errors":{"message":%[1]q,"email":"%[1]s"},"error_code":"60001"}`, key)
		}
	}
	broken := func(w http.ResponseWriter, r *http.Request) {
		conn, _, _ := http.NewResponseController(w).Hijack()
		_, _ = io.WriteString(conn, "HTTP/1.1 "+r.Header.Get("X-Authy-API-Key")+"\r\n\r\n")
		_ = conn.Close()
	}
	for name, answer := range map[string]http.HandlerFunc{
		"401": echo(401), "500": echo(500), "200": echo(200), "302": echo(302), "status line": broken,
		"words": replying(401, apiKey),
		"location": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/?api_key="+r.Header.Get("X-Authy-API-Key"), http.StatusFound)
		},
	} {
		p := newProvider(t, answer)
		c := p.client()
		for op, call := range calls(c, t) {
			err := call()
			if text := fmt.Sprintf("%v %+v %#v", err, err, err); err == nil || strings.Contains(text, apiKey) {
				t.Errorf("%s, %s: %s", name, op, text)
			}
		}
		if text := fmt.Sprintf("%v %+v %#v %+v", c, c, c, *c); strings.Contains(text, apiKey) {
			t.Errorf("the client prints its key: %s", text)
		}
	}
}

func TestKeyThatIsNotAHeaderValue(t *testing.T) {
	p := newProvider(t, replying(200, registered))
	key := "secret\nX-Evil: 1"
	err := authy.NewClient(p.URL, key).RemoveUser(t.Context(), 1635)
	if !errors.Is(err, authy.ErrUnavailable) || strings.Contains(err.Error(), "secret") || len(p.received()) != 0 {
		t.Errorf("got %v, %d requests", err, len(p.received()))
	}
}

func TestErrorsAreShort(t *testing.T) {
	p := newProvider(t, replying(400, `{"message":"`+strings.Repeat("é", 10000)+`","success":false,"error_code":"60000"}`))
	if err := p.client().RemoveUser(t.Context(), 1635); err == nil || len(err.Error()) > 1000 {
		t.Errorf("got %d bytes", len(fmt.Sprint(err)))
	}
}
