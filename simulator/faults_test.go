package simulator_test

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"nod/authy"
	"nod/simulator"
)

const noFaults = `{"api_delay_ms":0,"push_delay_ms":0,"callback_delay_ms":0,"api":"","retry_after_s":0,"callback":"","clock_skew_s":0,"legacy_device_uuid":false}`

func (s *sim) order(fault string) {
	s.t.Helper()
	s.post("/faults", fault).wantStatus(200)
}

func TestFaultsAreOrderedShownAndCleared(t *testing.T) {
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

func TestFaultsThatCannotBeOrdered(t *testing.T) {
	s := newAda(t)
	tests := []struct{ order, text string }{
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
		{`{"api_delay_ms":"5"}`, `the JSON cannot be used`},
		{`{"authy_id":"ada"}`, `authy_id must be a number`},
		{`{"api":"error"`, `authy_id must be a number`},
		{`[]`, `authy_id must be a number`},
	}
	for _, test := range tests {
		s.post("/faults", test.order).wantStatus(400).wantIn(test.text)
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
		sent       bool // the call was carried out nonetheless
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
				s.order("{" + whose + test.fault + "}")
				got := s.call("GET", smsPath, "")
				got.want(test.status, test.body)
				if got.header.Get("Content-Type") != test.kind || got.header.Get("Retry-After") != test.retryAfter {
					t.Errorf("got %v", got.header)
				}
				if sent := len(s.messages()) == 1; sent != test.sent {
					t.Errorf("sent: %v, want %v", sent, test.sent)
				}
				elsewhere := s.call("GET", fmt.Sprintf("/protected/json/sms/%d?force=true", other), "")
				if spared := elsewhere.status == 200 && elsewhere.body != test.body; spared != (whose != "") {
					t.Errorf("another phone got %d %s", elsewhere.status, elsewhere.body)
				}
				s.do("DELETE", "/faults", "", nil).wantStatus(200)
				s.call("GET", smsPath, "").wantStatus(200).wantIn(`"message":"SMS token was sent"`)
			})
		}
	}
}

// A fault of a phone is also one of the calls about its requests.
func TestFaultsOfAPhoneReachItsRequests(t *testing.T) {
	s := newAda(t)
	uuid := s.ask(ada, "message=x")
	s.order(`{"authy_id":100001,"api":"error"}`)
	s.call("GET", "/onetouch/json/approval_requests/"+uuid, "").wantStatus(500)
	s.call("GET", "/onetouch/json/approval_requests/no-such", "").wantStatus(404)
	s.call("GET", "/protected/json/app/details", "").wantStatus(200)
	s.do("GET", "/protected/json/users/100001/status", "", http.Header{"X-Authy-Api-Key": {"wrong"}}).wantStatus(401)
	s.tap(ada, uuid, "approve").wantStatus(200) // the phone itself works
}

// later makes a call whose reply does not come at once.
func (s *sim) later(method, path, body string) <-chan reply {
	replies := make(chan reply, 1)
	go func() {
		got, err := s.try(method, path, body, key())
		if err != nil {
			got.body = err.Error()
		}
		replies <- got
	}()
	return replies
}

func TestCallsThatAreCarriedOutAndNotAnswered(t *testing.T) {
	for _, fault := range []string{"drop", "hang"} {
		t.Run(fault, func(t *testing.T) {
			s := newAda(t)
			s.order(`{"api":"` + fault + `"}`)
			reply := s.later("POST", "/onetouch/json/users/100001/approval_requests", "message=x")
			if _, err := s.WaitRequest(t.Context(), ada); err != nil {
				t.Fatal(err)
			}
			if fault == "hang" {
				s.stop() // else the call hangs until its caller gives up
			}
			if got := <-reply; got.status != 0 || !strings.HasSuffix(got.body, "EOF") {
				t.Errorf("got %d %q, want no reply", got.status, got.body)
			}
		})
	}
}

// A delay passes in real time; closing cuts it short, which spares this test
// ten minutes.
func TestTheAPIIsSlow(t *testing.T) {
	s := newAda(t)
	s.order(`{"api_delay_ms":600000}`)
	late := s.later("POST", "/onetouch/json/users/100001/approval_requests", "message=x")
	if _, err := s.WaitRequest(t.Context(), ada); err != nil { // it was carried out at once
		t.Fatal(err)
	}
	select {
	case got := <-late:
		t.Fatalf("got %d %s at once", got.status, got.body)
	default:
	}
	s.stop()
	(<-late).wantStatus(200)
}

func TestDelaysArePassed(t *testing.T) {
	s := newAda(t)
	const delay = 30 * time.Millisecond
	s.order(`{"api_delay_ms":30}`)
	began := time.Now()
	s.call("GET", "/protected/json/users/100001/status", "").wantStatus(200)
	if took := time.Since(began); took < delay {
		t.Errorf("a reply came after %v", took)
	}
	s.order(`{"api":"error"}`)
	began = time.Now()
	s.call("GET", "/protected/json/users/100001/status", "").wantStatus(500)
	if took := time.Since(began); took < delay {
		t.Errorf("a refusal came after %v", took)
	}
	s.order(`{"api":"","api_delay_ms":0,"push_delay_ms":30,"callback_delay_ms":30}`)
	began = time.Now()
	uuid := s.ask(ada, "message=x")
	if r, err := s.WaitRequest(t.Context(), ada); err != nil || r.UUID != uuid || time.Since(began) < delay {
		t.Errorf("got %v %v after %v", r, err, time.Since(began))
	}
	began = time.Now()
	s.tap(ada, uuid, "approve").wantStatus(200)
	if s.app.next(); time.Since(began) < delay {
		t.Errorf("the application was told after %v", time.Since(began))
	}
}

func TestAPushThatIsLate(t *testing.T) {
	s := newAda(t)
	s.order(`{"push_delay_ms":600000}`)
	uuid := s.ask(ada, "message=x")
	s.get("/phones/100001/requests").want(200, "[]\n")
	s.tap(ada, uuid, "approve").want(404, `{"error":"no such request on this phone"}`+"\n")
	s.status(uuid).wantIn(`"status":"pending"`)
	s.stopAndGoOn() // the next start brings what the last one kept back
	s.tap(ada, uuid, "approve").wantStatus(200)
}

func TestACallbackThatIsLate(t *testing.T) {
	s := newAda(t)
	s.order(`{"callback_delay_ms":600000}`)
	uuid := s.ask(ada, "message=x")
	s.tap(ada, uuid, "approve").wantStatus(200)
	s.status(uuid).wantIn(`"notified":false`, `"status":"approved"`)
	if n := len(s.app.got); n != 0 {
		t.Error("the application was told at once")
	}
	s.stop() // sends at once what is delayed
	if answer, err := s.app.next().check(s); err != nil || answer.UUID != uuid {
		t.Errorf("got %v, %v", answer, err)
	}
}

func TestFaultsOfCallbacks(t *testing.T) {
	tests := []struct {
		fault string
		n     int
		check func(*testing.T, *sim, []callback)
	}{
		{"", 1, verified},
		{"twice", 2, verified},
		{"never", 0, nil},
		{"old_nonce", 1, func(t *testing.T, s *sim, got []callback) {
			verified(t, s, got)
			if want := strconv.FormatInt(s.clock.Now().Add(-time.Hour).Unix(), 10); got[0].nonce != want {
				t.Errorf("got nonce %s, want %s", got[0].nonce, want)
			}
		}},
		{"bad_signature", 1, func(t *testing.T, s *sim, got []callback) {
			if _, err := got[0].check(s); !errors.Is(err, authy.ErrBadSignature) {
				t.Errorf("got %v", err)
			}
		}},
		{"get", 1, func(t *testing.T, s *sim, got []callback) {
			verified(t, s, got)
			if got[0].method != "GET" || got[0].query == "" || len(got[0].body) != 0 {
				t.Errorf("got %+v", got[0])
			}
		}},
	}
	for _, test := range tests {
		for _, whose := range []string{"", `"authy_id":100001,`} {
			t.Run(test.fault+whose, func(t *testing.T) {
				s := newAda(t)
				s.order(`{` + whose + `"callback":"` + test.fault + `"}`)
				uuid := s.ask(ada, "message=x")
				s.tap(ada, uuid, "approve").wantStatus(200)
				s.stopAndGoOn() // and with it the fault is gone
				if len(s.app.got) != test.n {
					t.Fatalf("got %d callbacks, want %d", len(s.app.got), test.n)
				}
				if test.n > 0 {
					test.check(t, s, s.app.all())
				}
				s.status(uuid).wantIn(fmt.Sprintf(`"notified":%v`, test.n > 0), `"status":"approved"`)
			})
		}
	}
}

// verified is for callbacks that are all the same, and well signed.
func verified(t *testing.T, s *sim, got []callback) {
	t.Helper()
	for _, c := range got {
		if answer, err := c.check(s); err != nil || answer.Status != authy.StatusApproved {
			t.Errorf("got %+v, %v", answer, err)
		}
		if c.nonce != got[0].nonce || c.signature != got[0].signature || string(c.body) != string(got[0].body) {
			t.Errorf("got %+v after %+v", c, got[0])
		}
	}
}

// The callback overtakes the reply that tells the application the request's
// id.
func TestACallbackBeforeTheReply(t *testing.T) {
	s := newAda(t)
	s.order(`{"authy_id":100001,"callback":"before_reply"}`)
	uuid := s.ask(ada, "message=x")
	if len(s.app.got) != 1 {
		t.Fatalf("got %d callbacks before the reply, want one", len(s.app.got))
	}
	if answer, err := s.app.next().check(s); err != nil || answer.UUID != uuid {
		t.Errorf("got %+v, %v", answer, err)
	}
	s.status(uuid).wantIn(`"notified":true`, `"status":"approved"`)
	s.tap(ada, uuid, "deny").wantStatus(409)

	other := s.user("other@example.com") // has no fault
	uuid = s.ask(other, "message=x")
	s.status(uuid).wantIn(`"status":"pending"`)
	if len(s.app.got) != 0 {
		t.Error("another phone's request was answered")
	}
}

func TestADeviceUUIDOfOld(t *testing.T) {
	s := newAda(t)
	s.order(`{"legacy_device_uuid":true}`)
	s.tap(ada, s.ask(ada, "message=x"), "deny").wantStatus(200)
	got := s.app.next()
	if _, err := got.check(s); err != nil || !strings.Contains(string(got.body), `"device_uuid":"2100001",`) {
		t.Errorf("got %v, %s", err, got.body)
	}
}

func TestAPhoneWhoseClockIsOff(t *testing.T) {
	for _, test := range []struct{ seconds, status int }{{30, 200}, {-30, 200}, {60, 401}, {-60, 401}, {86400, 401}} {
		t.Run(fmt.Sprint(test.seconds), func(t *testing.T) {
			s := newAda(t)
			right := s.token()
			s.order(fmt.Sprintf(`{"authy_id":100001,"clock_skew_s":%d}`, test.seconds))
			if s.token() == right {
				t.Error("the phone shows the token of now")
			}
			s.verify(s.token()).wantStatus(test.status)
			s.tap(ada, s.ask(ada, "message=x"), "approve").wantStatus(200)
			signed := fmt.Sprintf(`"device_signing_time":%d,`, s.clock.Now().Unix()+int64(test.seconds))
			if got := s.app.next(); !strings.Contains(string(got.body), signed) {
				t.Errorf("got %s, want %s in it", got.body, signed)
			}
		})
	}
}

// A phone's own fault stands before that of all.
func TestFaultsOfOneAndOfAll(t *testing.T) {
	s := newAda(t)
	s.stopAndGoOn(func(c *simulator.Config) { c.Faults.API = simulator.APIError })
	s.order(`{"authy_id":100001,"api":"rate_limit"}`)
	s.call("GET", "/protected/json/users/100001/status", "").wantStatus(429)
	s.call("GET", "/protected/json/app/details", "").wantStatus(500)
	s.do("DELETE", "/faults?authy_id=100001", "", nil).wantStatus(200)
	s.call("GET", "/protected/json/users/100001/status", "").wantStatus(500)
}
