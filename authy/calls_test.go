package authy_test

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"nod/authy"
)

// Replies recorded in the tests of public clients or given in the vendor's
// documentation.
const (
	registered  = `{"message":"User created successfully.","user":{"id":1635},"success":true}`
	status      = `{"status":{"authy_id":290907,"confirmed":true,"registered":false,"country_code":1,"phone_number":"XXX-XXX-1118","email":"user@example.com","devices":[],"has_hard_token":false,"account_disabled":false,"detailed_devices":[{"device_type":"authy","os_type":"unknown","registration_device_id":null,"registration_method":null,"device_id":290908,"last_sync_date":0,"creation_date":1433868212}],"deleted_devices":[]},"message":"User status.","success":true}`
	removed     = `{"message":"User removed from application","success":true}`
	requestSent = `{"approval_request":{"uuid":"550e8400-e29b-41d4-a716-446655440000"},"success":true}`
	pending     = `{"approval_request":{"_app_name":"Demo","_app_serial_id":46113,"_authy_id":28894864,"_id":"589d12e07d558e6b91e9370a","_user_email":"foo@bar.com","app_id":"58547f6f4014250a11c201f6","created_at":"2017-02-10T01:09:52Z","notified":false,"processed_at":null,"seconds_to_expire":86400,"status":"pending","updated_at":"2017-02-10T01:09:52Z","user_id":"5840a9328aa2fb674c485436","uuid":"550e8400-e29b-41d4-a716-446655440000"},"success":true}`
	sent        = `{"success":true,"message":"SMS token was sent","cellphone":"+1-XXX-XXX-XX97"}`
	ignored     = `{"message":"Ignored: SMS is not needed for smartphones. Pass force=true if you want to actually send it anyway.","cellphone":"+57-XXX-XXX-XX12","device":"android","ignored":true,"success":true}`
	calling     = `{"success":true,"message":"Call started...","cellphone":"+1-XXX-XXX-XX97"}`
	valid       = `{"message":"Token is valid.","token":"is valid","success":"true","device":{"id":null,"os_type":"sms","registration_date":1500648405,"registration_method":null,"last_account_recovery_at":1494631010,"last_sync_date":null}}`
	qrReply     = `{"label":"Nod","issuer":"Authy","qr_code":"https://example.com/qr.png","success":true}`
)

func TestCallsOnTheWire(t *testing.T) {
	const json, one = "/protected/json/", "/onetouch/json/"
	for _, tt := range []struct {
		name, reply, method, path, query, body string
		call                                   func(context.Context, *authy.Client) (any, error)
		want                                   any
	}{
		{"register", registered, "POST", json + "users/new", "",
			"user%5Bemail%5D=foo%2Bx%40bar.com&user%5Bcellphone%5D=317-338-9302&user%5Bcountry_code%5D=57",
			func(ctx context.Context, c *authy.Client) (any, error) {
				return c.RegisterUser(ctx, authy.Registration{Email: "foo+x@bar.com", PhoneNumber: "317-338-9302", CountryCode: 57})
			}, int64(1635)},
		{"status", status, "GET", json + "users/290907/status", "", "",
			func(ctx context.Context, c *authy.Client) (any, error) { return c.UserStatus(ctx, 290907) },
			authy.UserStatus{AuthyID: 290907, Confirmed: true, CountryCode: 1, PhoneNumber: "XXX-XXX-1118", Email: "user@example.com", Devices: []string{}}},
		{"remove", removed, "POST", json + "users/1635/remove", "", "",
			func(ctx context.Context, c *authy.Client) (any, error) { return nil, c.RemoveUser(ctx, 1635) }, nil},
		{"approval request", requestSent, "POST", one + "users/1635/approval_requests", "",
			"message=Login&details%5BNumber%5D=47&details%5BE-mail%5D=a%40b&details%5BAn+address%5D=192.0.2.1" +
				"&hidden_details%5Ba%5D=1&hidden_details%5Bb%5D=2&logos%5B0%5D%5Bres%5D=default&logos%5B0%5D%5Burl%5D=https%3A%2F%2Fe.com%2Fa.png" +
				"&logos%5B1%5D%5Bres%5D=low&logos%5B1%5D%5Burl%5D=https%3A%2F%2Fe.com%2Fb.png&seconds_to_expire=120",
			func(ctx context.Context, c *authy.Client) (any, error) {
				return c.RequestApproval(ctx, 1635, authy.ApprovalRequest{
					Message: "Login", Details: []authy.Detail{{"Number", "47"}, {"E-mail", "a@b"}, {"An address", "192.0.2.1"}},
					HiddenDetails: map[string]string{"b": "2", "a": "1"}, SecondsToExpire: 120,
					Logos: []authy.Logo{{"default", "https://e.com/a.png"}, {"low", "https://e.com/b.png"}},
				})
			}, requestID},
		{"approval request, message only", requestSent, "POST", one + "users/1635/approval_requests", "", "message=Login",
			func(ctx context.Context, c *authy.Client) (any, error) {
				return c.RequestApproval(ctx, 1635, authy.ApprovalRequest{Message: "Login"})
			}, requestID},
		{"approval status", pending, "GET", one + "approval_requests/" + requestID, "", "",
			func(ctx context.Context, c *authy.Client) (any, error) { return c.ApprovalStatus(ctx, requestID) },
			authy.Approval{UUID: requestID, Status: authy.StatusPending, AuthyID: 28894864, CreatedAt: time.Date(2017, 2, 10, 1, 9, 52, 0, time.UTC)}},
		{"approved, with the user id as a string as in 2016", strings.NewReplacer(`28894864`, `"28894864"`, `"pending"`, `"approved"`,
			`"processed_at":null`, `"processed_at":"2017-02-10T01:10:00Z"`).Replace(pending), "GET", one + "approval_requests/" + requestID, "", "",
			func(ctx context.Context, c *authy.Client) (any, error) { return c.ApprovalStatus(ctx, requestID) },
			authy.Approval{UUID: requestID, Status: authy.StatusApproved, AuthyID: 28894864,
				CreatedAt: time.Date(2017, 2, 10, 1, 9, 52, 0, time.UTC), ProcessedAt: time.Date(2017, 2, 10, 1, 10, 0, 0, time.UTC)}},
		{"sms", sent, "GET", json + "sms/1635", "", "",
			func(ctx context.Context, c *authy.Client) (any, error) {
				return c.SendSMS(ctx, 1635, authy.SendOptions{})
			},
			authy.Sent{Message: "SMS token was sent", Cellphone: "+1-XXX-XXX-XX97"}},
		{"sms, all options", sent, "GET", json + "sms/1635", "force=true&action=login%261&action_message=Sign+in&locale=pt-BR", "",
			func(ctx context.Context, c *authy.Client) (any, error) {
				return c.SendSMS(ctx, 1635, authy.SendOptions{Force: true, Action: "login&1", ActionMessage: "Sign in", Locale: "pt-BR"})
			}, authy.Sent{Message: "SMS token was sent", Cellphone: "+1-XXX-XXX-XX97"}},
		{"sms ignored", ignored, "GET", json + "sms/1635", "", "",
			func(ctx context.Context, c *authy.Client) (any, error) {
				return c.SendSMS(ctx, 1635, authy.SendOptions{})
			},
			authy.Sent{Message: "Ignored: SMS is not needed for smartphones. Pass force=true if you want to actually send it anyway.",
				Cellphone: "+57-XXX-XXX-XX12", Device: "android", Ignored: true}},
		{"call", calling, "GET", json + "call/1635", "force=true", "",
			func(ctx context.Context, c *authy.Client) (any, error) {
				return c.StartCall(ctx, 1635, authy.SendOptions{Force: true})
			},
			authy.Sent{Message: "Call started...", Cellphone: "+1-XXX-XXX-XX97"}},
		{"verify", valid, "GET", json + "verify/0123456/1635", "force=true", "",
			func(ctx context.Context, c *authy.Client) (any, error) {
				return nil, c.VerifyToken(ctx, 1635, "0123456", "")
			}, nil},
		{"verify an action", strings.Replace(valid, `"true"`, `true`, 1), "GET", json + "verify/0123456789/1635", "force=true&action=a+b", "",
			func(ctx context.Context, c *authy.Client) (any, error) {
				return nil, c.VerifyToken(ctx, 1635, "0123456789", "a b")
			}, nil},
		{"authenticator", qrReply, "POST", json + "users/1635/secret", "", "label=Nod%3A+a%40b&qr_size=300",
			func(ctx context.Context, c *authy.Client) (any, error) {
				return c.AuthenticatorQR(ctx, 1635, "Nod: a@b", 300)
			},
			authy.QRCode{URL: "https://example.com/qr.png", Label: "Nod", Issuer: "Authy"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newProvider(t, replying(http.StatusOK, tt.reply))
			c := authy.NewClient(p.URL+"/", apiKey)
			c.Timeout = unlimited
			got, err := tt.call(t.Context(), c)
			if err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, %v; want %+v", got, err, tt.want)
			}
			r := p.only(t)
			if r.Method != tt.method || r.Path != tt.path || r.Query != tt.query || r.Body != tt.body {
				t.Errorf("sent %s %s?%s %s\nwant %s %s?%s %s", r.Method, r.Path, r.Query, r.Body, tt.method, tt.path, tt.query, tt.body)
			}
			if key := r.Header["X-Authy-Api-Key"]; len(key) != 1 || key[0] != apiKey {
				t.Errorf("sent the key %q", key)
			}
			if form := r.Header.Get("Content-Type"); (form == "application/x-www-form-urlencoded") != (tt.method == "POST") {
				t.Errorf("sent Content-Type %q", form)
			}
		})
	}
}

func TestCanApprove(t *testing.T) {
	for _, tt := range []struct {
		s    authy.UserStatus
		want bool
	}{
		{authy.UserStatus{Registered: true, Devices: []string{"iphone"}}, true},
		{authy.UserStatus{Registered: true, Devices: []string{"sms", "authy_chrome"}}, true},
		{authy.UserStatus{Registered: true, Devices: []string{"sms"}}, false},
		{authy.UserStatus{Registered: true}, false},
		{authy.UserStatus{Devices: []string{"android"}}, false},
		{authy.UserStatus{Registered: true, AccountDisabled: true, Devices: []string{"android"}}, false},
	} {
		if got := tt.s.CanApprove(); got != tt.want {
			t.Errorf("%+v: got %v, want %v", tt.s, got, tt.want)
		}
	}
}

func TestInvalidCodesAreNotSent(t *testing.T) {
	p := newProvider(t, replying(http.StatusOK, valid))
	for _, token := range []string{"", "12345", "12345678901", "12345a", "123 456", " 123456", "123456\n", "-123456", "١٢٣٤٥٦", "123456/../../users", "12345?", "1234567%"} {
		if err := p.client().VerifyToken(t.Context(), 1635, token, ""); !errors.Is(err, authy.ErrInvalidToken) {
			t.Errorf("%q: got %v, want ErrInvalidToken", token, err)
		}
	}
	if n := len(p.received()); n != 0 {
		t.Errorf("%d of them were sent", n)
	}
}

func TestInvalidRequestIDsAreNotSent(t *testing.T) {
	p := newProvider(t, replying(http.StatusOK, pending))
	for _, uuid := range []string{"", ".", "..", "a/b", "a?b", "a b", "ä", strings.Repeat("a", 65)} {
		if _, err := p.client().ApprovalStatus(t.Context(), uuid); !errors.Is(err, authy.ErrApprovalNotFound) {
			t.Errorf("%q: got %v, want ErrApprovalNotFound", uuid, err)
		}
	}
	if n := len(p.received()); n != 0 {
		t.Errorf("%d of them were sent", n)
	}
}

// The phone must show exactly what was asked: a request that the service would
// truncate is not sent.
func TestInvalidRequestsAreNotSent(t *testing.T) {
	p := newProvider(t, replying(http.StatusOK, requestSent))
	long := strings.Repeat("é", 201)
	for name, r := range map[string]authy.ApprovalRequest{
		"no message":      {},
		"long message":    {Message: long},
		"long label":      {Message: "m", Details: []authy.Detail{{long, "v"}}},
		"no label":        {Message: "m", Details: []authy.Detail{{"", "v"}}},
		"long value":      {Message: "m", Details: []authy.Detail{{"l", long}}},
		"label twice":     {Message: "m", Details: []authy.Detail{{"l", "a"}, {"l", "b"}}},
		"negative expiry": {Message: "m", SecondsToExpire: -1},
	} {
		if uuid, err := p.client().RequestApproval(t.Context(), 1635, r); err == nil || uuid != "" {
			t.Errorf("%s: got %q, %v", name, uuid, err)
		}
	}
	if n := len(p.received()); n != 0 {
		t.Errorf("%d of them were sent", n)
	}
	fits := authy.ApprovalRequest{Message: long[:400], Details: []authy.Detail{{long[:400], long[:400]}}}
	if _, err := p.client().RequestApproval(t.Context(), 1635, fits); err != nil {
		t.Errorf("200 characters of two bytes: %v", err)
	}
}
