package authy_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"nod/authy"
)

// answers is a provider that gives one reply to every call.
type answers struct {
	status     int
	retryAfter string
	body       []byte
}

func (a answers) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: a.status, Header: http.Header{"Retry-After": {a.retryAfter}},
		Body: io.NopCloser(bytes.NewReader(a.body)), ContentLength: -1,
	}, nil
}

// FuzzReply reads what a provider, or a proxy on the way to it, may answer: only
// a 200 that says success is one, and no error repeats the key.
func FuzzReply(f *testing.F) {
	for _, body := range []string{
		`{"success":true,"user":{"id":1234},"message":"ok"}`, `{"success":"true","token":"is valid"}`, `{"success":false,"error_code":"60026","errors":{"message":"x"}}`,
		`{"success":true,"approval_request":{"uuid":"u","status":"approved"}}`, `{"success":true,"status":{"authy_id":1,"confirmed":true,"registered":true,"devices":["iphone"]}}`,
		`{"success":true,"status":null}`, `{"success":true,"approval_request":[]}`, `<html>502</html>`, ``, `null`, `{"success":true,"user":{"id":1e99}}`,
		`{"success":true,"ignored":true,"cellphone":"+1"}`, `{"message":"` + testKey + `"}`,
	} {
		f.Add(200, "", []byte(body))
	}
	f.Add(429, "30", []byte(`{}`))
	f.Add(503, "Wed, 21 Oct 2015 07:28:00 GMT", []byte("x"))
	f.Fuzz(func(t *testing.T, status int, retryAfter string, body []byte) {
		if status < 100 || status > 999 || status/100 == 3 {
			return // no HTTP, or a redirect that net/http looks at first
		}
		c := authy.NewClient("http://127.0.0.1:1", testKey)
		c.Transport = answers{status, retryAfter, body}
		ctx := context.Background()
		calls := map[string]func() error{
			"register": func() error {
				_, err := c.RegisterUser(ctx, authy.Registration{Email: "a@b.c", CountryCode: 1, PhoneNumber: "2015550123"})
				return err
			},
			"remove": func() error { return c.RemoveUser(ctx, 1) },
			"status": func() error { _, err := c.UserStatus(ctx, 1); return err },
			"ask":    func() error { _, err := c.RequestApproval(ctx, 1, authy.ApprovalRequest{Message: "m"}); return err },
			"answer": func() error { _, err := c.ApprovalStatus(ctx, "u"); return err },
			"verify": func() error { return c.VerifyToken(ctx, 1, "1234567", "login") },
			"sms":    func() error { _, err := c.SendSMS(ctx, 1, authy.SendOptions{}); return err },
		}
		for name, call := range calls {
			err := call()
			if err == nil && !(status == 200 && saysSuccess(body)) {
				t.Errorf("%s: status %d and %q count as a success", name, status, body)
			}
			if err != nil && strings.Contains(err.Error(), testKey) {
				t.Errorf("%s: the error repeats the key: %v", name, err)
			}
		}
	})
}

func saysSuccess(body []byte) bool {
	var reply map[string]any
	if json.Unmarshal(body, &reply) != nil {
		return false
	}
	for name, value := range reply { // encoding/json reads names in any case
		if strings.EqualFold(name, "success") && (value == true || value == "true") {
			return true
		}
	}
	return false
}
