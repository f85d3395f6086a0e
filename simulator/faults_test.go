package simulator_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"nod/simulator"
)

const noFaults = `{"api_delay_ms":0,"push_delay_ms":0,"callback_delay_ms":0,"api":"","retry_after_s":0,"callback":"","clock_skew_s":0,"legacy_device_uuid":false}`

func (s *sim) inject(fault string) {
	s.t.Helper()
	s.post("/faults", fault).wantStatus(200)
}

func TestFaultsAreSetShownAndCleared(t *testing.T) {
	s := newAda(t)
	s.user("other@example.com")
	s.get("/faults").want(200, `{"all":`+noFaults+`,"phones":{}}`+"\n")
	s.post("/faults", `{"api":"error","clock_skew_s":-90}`).wantStatus(200)
	s.post("/faults", `{"callback":"twice"}`).wantStatus(200) // what is not named stays
	s.post("/faults", `{"authy_id":100001,"callback":"never","legacy_device_uuid":true}`).wantStatus(200)
	s.post("/faults", `{"authy_id":100002,"api_delay_ms":5}`).wantStatus(200)
	all := strings.NewReplacer(`"api":""`, `"api":"error"`, `"callback":""`, `"callback":"twice"`, `"clock_skew_s":0`, `"clock_skew_s":-90`).Replace(noFaults)
	one := strings.NewReplacer(`"callback":""`, `"callback":"never"`, "false", "true").Replace(noFaults)
	two := strings.Replace(noFaults, `"api_delay_ms":0`, `"api_delay_ms":5`, 1)
	s.get("/faults").want(200, `{"all":`+all+`,"phones":{"100001":`+one+`,"100002":`+two+`}}`+"\n")

	s.post("/faults", `{"authy_id":100002,"api_delay_ms":0}`).want(200, `{"all":`+all+`,"phones":{"100001":`+one+`}}`+"\n")
	s.do("DELETE", "/faults?authy_id=100001", "", nil).want(200, `{"all":`+all+`,"phones":{}}`+"\n")
	s.post("/faults", `{"authy_id":100001,"callback":"never","legacy_device_uuid":true}`).wantStatus(200)
	s.do("DELETE", "/faults", "", nil).want(200, `{"all":`+noFaults+`,"phones":{}}`+"\n")
}

func TestFaultsByForm(t *testing.T) {
	s := newAda(t)
	s.do("POST", "/faults", "authy_id=100001&callback=get&clock_skew_s=-5&legacy_device_uuid=true", nil).
		wantStatus(200).wantIn(`"phones":{"100001":{`, `"callback":"get","clock_skew_s":-5,"legacy_device_uuid":true`)
}

func TestInvalidFaults(t *testing.T) {
	s := newAda(t)
	tests := []struct{ body, text string }{
		{`{"api":"fire"}`, `api cannot be`},
		{`{"callback":"thrice"}`, `callback cannot be`},
		{`{"api_delay":5}`, `api_delay`}, // misspelt
		{`{"api_delay_ms":-1}`, `api_delay_ms is out of range`},
		{`{"api_delay_ms":600001}`, `api_delay_ms is out of range`},
		{`{"push_delay_ms":600001}`, `push_delay_ms is out of range`},
		{`{"callback_delay_ms":600001}`, `callback_delay_ms is out of range`},
		{`{"retry_after_s":601}`, `retry_after_s is out of range`},
		{`{"retry_after_s":18446744073709552}`, `retry_after_s is out of range`}, // in milliseconds it would wrap to 384
		{`{"clock_skew_s":1000001}`, `clock_skew_s is out of range`},
		{`{"clock_skew_s":-1000001}`, `clock_skew_s is out of range`},
		{`{"api_delay_ms":"5"}`, `invalid JSON`},
		{`{"authy_id":"ada"}`, `authy_id must be a number`},
		{`{"api":"error"`, `authy_id must be a number`},
		{`[]`, `authy_id must be a number`},
	}
	for _, test := range tests {
		s.post("/faults", test.body).wantStatus(400).wantIn(test.text)
	}
	s.post("/faults", `{"authy_id":12,"api":"error"}`).want(404, `{"error":"no such phone"}`+"\n")
	s.do("DELETE", "/faults?authy_id=ada", "", nil).want(400, `{"error":"authy_id must be a number"}`+"\n")
	s.do("POST", "/faults", "<faults/>", http.Header{"Content-Type": {"application/xml"}}).wantStatus(415)
	s.post("/faults", `{"api":"`+strings.Repeat("x", 70_000)+`"}`).wantStatus(413)
	s.get("/faults").want(200, `{"all":`+noFaults+`,"phones":{}}`+"\n")
}

// Each fault of the API, for one phone and for all.
func TestFaultsOfTheAPI(t *testing.T) {
	const smsPath = "/protected/json/sms/100001?force=true"
	tests := []struct {
		fault      string
		status     int
		body       string
		kind       string
		retryAfter string
		sent       bool // the call was executed all the same
	}{
		{`"api":"error"`, 500, `{"message":"Something went wrong","success":false,"errors":{},"error_code":"60000"}`,
			"application/json;charset=utf-8", "", false},
		{`"api":"rate_limit"`, 429, `{"error_code":"60003","message":"DoS protection: Too many requests.",` +
			`"errors":{"message":"DoS protection: Too many requests."},"success":false}`, "application/json;charset=utf-8", "30", false},
		{`"api":"rate_limit","retry_after_s":7`, 429, `{"error_code":"60003","message":"DoS protection: Too many requests.",` +
			`"errors":{"message":"DoS protection: Too many requests."},"success":false}`, "application/json;charset=utf-8", "7", false},
		{`"api":"garbage"`, 200, `<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 B`, "text/html", "", true},
	}
	for _, test := range tests {
		for _, whose := range []string{"", `"authy_id":100001,`} {
			t.Run(test.fault+whose, func(t *testing.T) {
				s := newAda(t)
				other := s.user("other@example.com")
				s.inject("{" + whose + test.fault + "}")
				got := s.call("GET", smsPath, "")
				got.want(test.status, test.body)
				if got.header.Get("Content-Type") != test.kind || got.header.Get("Retry-After") != test.retryAfter {
					t.Errorf("got %v", got.header)
				}
				if sent := len(s.messages()) == 1; sent != test.sent {
					t.Errorf("sent: %v, want %v", sent, test.sent)
				}
				elsewhere := s.call("GET", fmt.Sprintf("/protected/json/sms/%d?force=true", other), "")
				if unaffected := elsewhere.status == 200 && elsewhere.body != test.body; unaffected != (whose != "") {
					t.Errorf("another phone got %d %s", elsewhere.status, elsewhere.body)
				}
				s.do("DELETE", "/faults", "", nil).wantStatus(200)
				s.call("GET", smsPath, "").wantStatus(200).wantIn(`"message":"SMS token was sent"`)
			})
		}
	}
}

// A phone's faults also apply to calls about its requests.
func TestFaultsOfAPhoneReachItsRequests(t *testing.T) {
	s := newAda(t)
	uuid := s.ask(ada, "message=x")
	s.inject(`{"authy_id":100001,"api":"error"}`)
	s.call("GET", "/onetouch/json/approval_requests/"+uuid, "").wantStatus(500)
	s.call("GET", "/onetouch/json/approval_requests/no-such", "").wantStatus(404)
	s.call("GET", "/protected/json/app/details", "").wantStatus(200)
	s.do("GET", "/protected/json/users/100001/status", "", http.Header{"X-Authy-Api-Key": {"wrong"}}).wantStatus(401)
	s.tap(ada, uuid, "approve").wantStatus(200) // the phone itself works
}

// A phone's own fault takes precedence over that of all.
func TestFaultsOfOneAndOfAll(t *testing.T) {
	s := newAda(t)
	s.restart(func(c *simulator.Config) { c.Faults.API = simulator.APIError })
	s.inject(`{"authy_id":100001,"api":"rate_limit"}`)
	s.call("GET", "/protected/json/users/100001/status", "").wantStatus(429)
	s.call("GET", "/protected/json/app/details", "").wantStatus(500)
	s.do("DELETE", "/faults?authy_id=100001", "", nil).wantStatus(200)
	s.call("GET", "/protected/json/users/100001/status", "").wantStatus(500)
}
