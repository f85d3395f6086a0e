package simulator_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
)

var hexIDs = regexp.MustCompile(`"[0-9a-f]{24}"`)

// status returns the reply about a request, with its random parts replaced.
func (s *sim) status(uuid string) reply {
	s.t.Helper()
	got := s.call("GET", "/onetouch/json/approval_requests/"+uuid, "")
	got.body = serials.ReplaceAllString(hexIDs.ReplaceAllString(scrub(got.body), `"HEX"`), `"app_id":1`)
	got.body = regexp.MustCompile(`"_app_serial_id":\d{5},`).ReplaceAllString(got.body, `"_app_serial_id":1,`)
	return got
}

func statusBody(notified bool, processed, status, updated string) string {
	return fmt.Sprintf(`{"approval_request":{"_app_name":"Nod","_app_serial_id":1,"_authy_id":100001,"_id":"HEX",`+
		`"_user_email":"ada@example.com","app_id":"HEX","created_at":"2026-11-24T19:00:00Z","notified":%v,"processed_at":%s,`+
		`"seconds_to_expire":120,"status":%q,"updated_at":%q,"user_id":"HEX","uuid":"UUID"},"success":true}`,
		notified, processed, status, updated)
}

func TestAnApprovalRequest(t *testing.T) {
	s := newAda(t)
	got := s.call("POST", "/onetouch/json/users/100001/approval_requests", "message=Sign+in%3F&seconds_to_expire=120").wantStatus(200)
	uuid := uuids.FindString(got.body)
	got.want(200, `{"approval_request":{"uuid":"`+uuid+`"},"success":true}`)
	s.status(uuid).want(200, statusBody(false, "null", "pending", "2026-11-24T19:00:00Z"))
	s.clock.Advance(7 * time.Second)
	s.tap(ada, uuid, "approve").wantStatus(200)
	s.app.next()
	s.restart() // waits until the application's reply is stored
	s.status(uuid).want(200, statusBody(true, `"2026-11-24T19:00:07Z"`, "approved", "2026-11-24T19:00:07Z"))
}

func TestARequestIsAnsweredOnce(t *testing.T) {
	s := newAda(t)
	uuid := s.ask(ada, `{"message":"Sign in?","details":{"Where":"Bogotá","Email Address":"a@b"},"hidden_details":{"id":"7"},"seconds_to_expire":120}`)
	s.get(fmt.Sprintf("/phones/%d/requests", ada)).want(200, `[{"uuid":"`+uuid+`","message":"Sign in?",`+
		`"details":{"Email Address":"a@b","Where":"Bogotá"},`+
		`"details_list":[{"label":"Where","value":"Bogotá"},{"label":"Email Address","value":"a@b"}],"logo":"",`+
		`"status":"pending","created_at":"2026-11-24T19:00:00.000Z","expires_at":"2026-11-24T19:02:00.000Z"}]`+"\n")

	s.tap(ada, uuid, "approve").wantStatus(200).wantIn(`"status":"approved"`)
	s.app.next()
	s.tap(ada, uuid, "deny").want(409, `{"error":"the request is not pending"}`+"\n")
	s.tap(ada, "no-such", "deny").want(404, `{"error":"no such request on this phone"}`+"\n")

	uuid = s.ask(ada, "message=x")
	s.tap(ada, uuid, "deny").wantStatus(200).wantIn(`"status":"denied"`)
	s.tap(ada, uuid, "approve").wantStatus(409)
	s.status(uuid).wantIn(`"status":"denied"`)
}

// Whose reply was lost taps again, and hears the same; the application does not.
func TestATapAgainIsTheSameTap(t *testing.T) {
	s := newAda(t)
	other := s.user("other@example.com")
	uuid := s.ask(ada, "message=x&seconds_to_expire=120")
	first := s.tap(ada, uuid, "approve").wantStatus(200)
	same, _, _ := strings.Cut(first.body, `,"delivery"`) // which goes on meanwhile
	s.clock.Advance(time.Hour)                           // its time is over, and it was answered before
	s.tap(ada, uuid, "approve").wantStatus(200).wantIn(same)
	s.tap(ada, uuid, "deny").wantStatus(409)
	s.tap(other, uuid, "approve").wantStatus(404)
	s.restart()
	s.tap(ada, uuid, "approve").wantStatus(200).wantIn(same)
	s.app.next()
	s.stop()
	if n := len(s.app.got); n != 0 {
		t.Errorf("the application got %d callbacks too many", n)
	}
}

func TestConcurrentTaps(t *testing.T) {
	s := newAda(t)
	for range 10 {
		uuid := s.ask(ada, "message=x")
		denied := make(chan map[int]int)
		go func() { denied <- s.concurrently(10, "POST", "/phones/100001/requests/"+uuid+"/deny") }()
		approve := s.concurrently(10, "POST", "/phones/100001/requests/"+uuid+"/approve")
		deny := <-denied
		if approve[200]+deny[409] != 20 && approve[409]+deny[200] != 20 {
			t.Fatalf("got %v and %v, want one answer to count", approve, deny)
		}
		want := map[bool]string{true: "approved", false: "denied"}[approve[200] == 10]
		s.status(uuid).wantIn(`"status":"` + want + `"`)
		if body := string(s.app.next().body); !strings.Contains(body, `"status":"`+want+`"`) {
			t.Errorf("got %s, want %s", body, want)
		}
	}
	s.stop()
	if n := len(s.app.got); n != 0 {
		t.Errorf("the application got %d callbacks too many", n)
	}
}

// A request is marked as expired when it is next read, and not before.
func TestRequestsExpire(t *testing.T) {
	s := newAda(t)
	uuid := s.ask(ada, "message=x&seconds_to_expire=120")
	other := s.ask(ada, "message=y&seconds_to_expire=121")
	s.clock.Advance(120*time.Second - time.Millisecond)
	s.status(uuid).want(200, statusBody(false, "null", "pending", "2026-11-24T19:00:00Z"))
	s.clock.Advance(time.Millisecond)
	s.tap(ada, uuid, "approve").want(409, `{"error":"the request is not pending"}`+"\n")
	s.clock.Advance(80 * time.Hour)
	s.status(uuid).want(200, statusBody(false, `"2026-11-28T03:02:00Z"`, "expired", "2026-11-28T03:02:00Z"))
	s.tap(ada, uuid, "approve").wantStatus(409)
	s.get("/phones/100001/requests").wantIn(`"uuid":"`+other+`"`, `"status":"expired"`)
	s.stop()
	if n := len(s.app.got); n != 0 {
		t.Errorf("an expiry caused a callback")
	}
}

func TestSecondsToExpire(t *testing.T) {
	s := newAda(t)
	for _, test := range []struct{ seconds, expires, status string }{
		{"", `"2026-11-25T19:00:00.000Z"`, "86400"},
		{"&seconds_to_expire=0", "null", "0"},
		{"&seconds_to_expire=1", `"2026-11-24T19:00:01.000Z"`, "1"},
		{"&seconds_to_expire=315360000", `"2036-11-21T19:00:00.000Z"`, "315360000"},
	} {
		uuid := s.ask(ada, "message=x"+test.seconds)
		s.get("/phones/100001/requests").wantIn(`"uuid":"`+uuid+`"`, `"expires_at":`+test.expires)
		s.status(uuid).wantIn(`"seconds_to_expire":` + test.status + `,"status":"pending"`)
	}
	s.clock.Advance(9 * 365 * 24 * time.Hour)
	s.get("/phones/100001/requests").wantIn(`"status":"pending","created_at":"2026-11-24T19:00:00.000Z","expires_at":null`)
}

func TestInvalidRequests(t *testing.T) {
	s := newAda(t)
	long, logo := strings.Repeat("é", 201), "&logos[][res]=default&logos[][url]="
	tests := []struct{ name, body, message string }{
		{"no message", "details[a]=b", "message is required"},
		{"an empty message", "message=", "message is required"},
		{"a long message", "message=" + long, "message is too long"},
		{"a long label", "message=x&details[" + long + "]=b", "details are too long"},
		{"a long value", "message=x&details[a]=" + long, "details are too long"},
		{"a long hidden value", "message=x&hidden_details[a]=" + long, "hidden_details are too long"},
		{"details in a list", `{"message":"x","details":["a"]}`, "details must be pairs"},
		{"details in depth", `{"message":"x","details":{"a":{"b":"c"}}}`, "details must be pairs"},
		{"no URL", "message=x&logos[][res]=default", "url must be"},
		{"a script", "message=x" + logo + "javascript:alert(1)", "url must be"},
		{"a long URL", "message=x" + logo + "https://e.com/" + strings.Repeat("a", 490), "url must be"},
		{"an unknown resolution", "message=x&logos[][res]=huge&logos[][url]=https://e.com/a.png", "res must be"},
		{"text for seconds", "message=x&seconds_to_expire=soon", "seconds_to_expire must be"},
		{"seconds below nothing", "message=x&seconds_to_expire=-1", "seconds_to_expire must be"},
		{"more than ten years", "message=x&seconds_to_expire=315360001", "seconds_to_expire must be"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s.call("POST", "/onetouch/json/users/100001/approval_requests", test.body).wantStatus(400).
				wantIn(`"success":false`, `"error_code":"60080"`, test.message)
		})
	}
	s.get("/phones/100001/requests").want(200, "[]\n")
	s.ask(ada, "message="+long[2:]+"&details["+long[2:]+"]="+long[2:]+logo+"https://e.com/"+strings.Repeat("a", 486))
}

func TestRequestsWithoutAnApp(t *testing.T) {
	s := newAda(t)
	pending := s.ask(ada, "message=x")
	s.removeApp()
	s.call("POST", "/onetouch/json/users/100001/approval_requests", "message=x").want(400,
		`{"message":"No device was found that could receive the approval request","success":false,`+
			`"errors":{"message":"No device was found that could receive the approval request"},"error_code":"60051"}`)
	s.tap(ada, pending, "approve").want(409, `{"error":"the app is not installed on this phone"}`+"\n")
	s.status(pending).wantIn(`"status":"pending"`)

	s.call("POST", "/protected/json/users/100001/remove", "").wantStatus(200)
	s.tap(ada, pending, "approve").want(404, `{"error":"no such phone"}`+"\n")
	s.status(pending).wantStatus(200).wantIn(`"status":"pending"`)
}

func TestARequestBelongsToItsPhone(t *testing.T) {
	s := newAda(t)
	other := s.user("other@example.com")
	uuid := s.ask(ada, "message=x")
	s.tap(other, uuid, "approve").want(404, `{"error":"no such request on this phone"}`+"\n")
	s.tap(12, uuid, "approve").want(404, `{"error":"no such phone"}`+"\n")
	s.get(fmt.Sprintf("/phones/%d/requests", other)).want(200, "[]\n")
	s.status(uuid).wantIn(`"status":"pending"`)
}

func TestAnUnknownRequest(t *testing.T) {
	s := newAda(t)
	const id = "550e8400-e29b-41d4-a716-446655440000"
	s.call("GET", "/onetouch/json/approval_requests/"+id, "").
		want(404, `{"message":"Approval request not found: `+id+`","success":false,"errors":{},"error_code":"60049"}`)
	s.call("GET", "/onetouch/json/approval_requests/%22%3Cb%3E", "").
		want(404, `{"message":"Approval request not found: \"<b>","success":false,"errors":{},"error_code":"60049"}`)
}

// What older clients and the vendor's shell scripts send for what they lack, or
// instead of pairs.
func TestDetailsThatAreNoPairs(t *testing.T) {
	s := newAda(t)
	for _, test := range []struct{ body, details string }{
		{"message=x&details=&hidden_details=&logos=", `[]`},
		{"message=x&details[]=&hidden_details[]=&logos[]=", `[]`},
		{"message=x&logos[][res]=&logos[][url]=", `[]`},
		{`{"message":"x","details":"","hidden_details":" ","logos":""}`, `[]`},
		{`{"message":"x","details":[],"hidden_details":[""],"logos":[{}]}`, `[]`},
		{"message=x&details=Transfer+10+EUR&hidden_details=7", `[{"label":"Details","value":"Transfer 10 EUR"}]`},
		{`{"message":"x","details":"Transfer 10 EUR"}`, `[{"label":"Details","value":"Transfer 10 EUR"}]`},
		{`message=x&details={"Where":"Bogot%C3%A1","To":"Carol"}`, `[{"label":"Where","value":"Bogotá"},{"label":"To","value":"Carol"}]`},
		{`message=x&details={Where`, `400`},
	} {
		got := s.call("POST", "/onetouch/json/users/100001/approval_requests", test.body)
		if test.details == "400" {
			got.wantStatus(400).wantIn("details must be pairs")
			continue
		}
		got.wantStatus(200)
		s.get("/phones/100001/requests").wantIn(`"details_list":` + test.details + `,"logo":"","status":"pending"`)
		var all []struct{ UUID string }
		s.get("/phones/100001/requests").json(&all)
		s.tap(ada, all[0].UUID, "deny").wantStatus(200)
		s.app.next()
	}
}
