package simulator_test

import (
	"strings"
	"testing"
	"time"
)

func TestActivitiesAndUpdates(t *testing.T) {
	s := newAda(t)
	for _, kind := range []string{"password_reset", "banned", "unbanned", "cookie_login"} {
		s.call("POST", "/protected/json/users/100001/register_activity", `{"type":"`+kind+`","user_ip":"127.0.0.1","data":{"reason":"x"}}`).
			want(200, `{"message":"Activity was created.","success":true}`)
	}
	s.call("POST", "/protected/json/users/100001/register_activity", "type=login").wantStatus(400).wantIn(`"error_code":"60029"`)
	s.call("POST", "/protected/json/users/100001/register_activity", "").wantStatus(400).wantIn(`"error_code":"60029"`)

	s.call("POST", "/protected/json/users/100001/update", "email=countess@example.com").
		want(200, `{"message":"User was updated successfully","success":true}`)
	s.call("POST", "/protected/json/users/100001/update", "email=nobody").
		want(400, `{"message":"Email is invalid","success":false,"errors":{"message":"Email is invalid"},"error_code":"60038"}`)
	s.get("/phones").wantIn(`"email":"countess@example.com"`)
}

func TestACodeByEmail(t *testing.T) {
	s := newAda(t)
	got := s.call("POST", "/protected/json/email/100001", "").wantStatus(200)
	got.wantIn(`{"success":true,"message":"Email token was sent","email":"ada@example.com","email_id":"EM`)
	message := s.messages()[0]
	if message.Via != "email" || !strings.Contains(message.Text, message.Code) {
		t.Errorf("got %+v, want an e-mail with its code", message)
	}
	s.call("GET", "/protected/json/verify/"+message.Code+"/100001?force=true", "").wantStatus(200)
}

func TestTheApplication(t *testing.T) {
	s := newAda(t)
	got := s.call("GET", "/protected/json/app/details?user_ip=10.1.1.1", "").wantStatus(200)
	got.body = serials.ReplaceAllString(got.body, `"app_id":1`)
	got.want(200, `{"app":{"name":"Nod","plan":"pay_as_you_go","sms_enabled":true,"phone_calls_enabled":true,"app_id":1,`+
		`"onetouch_enabled":true},"message":"Application information.","success":true}`)

	s.call("GET", "/protected/json/sms/100001?force=true", "").wantStatus(200)
	s.clock.Advance(30 * 24 * time.Hour) // to December
	s.call("GET", "/protected/json/call/100001?force=true", "").wantStatus(200)
	s.call("GET", "/protected/json/verify/"+s.token()+"/100001", "").wantStatus(200)
	got = s.call("GET", "/protected/json/app/stats", "")
	got.body = serials.ReplaceAllString(got.body, `"app_id":1`)
	var stats struct {
		Count int
		Stats []struct {
			Month string
			Year  int
		}
	}
	got.json(&stats)
	if stats.Count != 12 || len(stats.Stats) != 12 || stats.Stats[0].Month != "January" || stats.Stats[0].Year != 2026 {
		t.Errorf("got %+v, want the months from January to December", stats)
	}
	if !strings.HasPrefix(got.body, `{"app_id":1,"count":12,"message":"Monthly statistics.","stats":[`+
		`{"api_calls_count":0,"auths_count":0,"calls_count":0,"month":"January","sms_count":0,"users_count":0,"year":2026},`) ||
		!strings.HasSuffix(got.body, `{"api_calls_count":3,"auths_count":0,"calls_count":0,"month":"November","sms_count":1,"users_count":1,"year":2026},`+
			`{"api_calls_count":3,"auths_count":1,"calls_count":1,"month":"December","sms_count":0,"users_count":0,"year":2026}],`+
			`"success":true,"total_users":1}`) {
		t.Errorf("got %s", got.body)
	}
}

func TestUnknownURLs(t *testing.T) {
	s := newAda(t)
	const text = "Requested URL was not found. Please check http://docs.authy.com/ to see the valid URLs"
	for _, path := range []string{"GET /protected/json/users/new", "GET /protected/json/users", "POST /protected/json/users/new/x",
		"PUT /protected/json/users/100001/update", "DELETE /protected/json/users/100001/remove", "HEAD /protected/json/app/details",
		"GET /protected/yaml/app/details", "GET /onetouch/json/app/details", "GET /onetouch/json/approval_requests/a/b", "GET /nothing"} {
		method, path, _ := strings.Cut(path, " ")
		got := s.call(method, path, "").wantStatus(404)
		if method != "HEAD" && (got.body != text || !strings.HasPrefix(got.header.Get("Content-Type"), "text/plain")) {
			t.Errorf("%s: got %s", path, got.body)
		}
	}
}

func TestHeadersOfReplies(t *testing.T) {
	s := newAda(t)
	for _, path := range []string{"/protected/json/users/100001/status", "/protected/json/users/1/status"} {
		got := s.call("GET", path, "").header
		if kind := got.Get("Content-Type"); kind != "application/json;charset=utf-8" {
			t.Error("got", kind)
		}
		if got.Get("Cache-Control") != "no-store" {
			t.Error("replies may be cached")
		}
	}
}
