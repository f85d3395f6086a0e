package simulator_test

import (
	"os/exec"
	"testing"
)

// replay sends what a published client sends, by the HTTP library of its
// language. It is no run of that client.
type replay struct{ *worker }

func startReplay(t *testing.T, program string, args ...string) replay {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		skipWithout(t, program+" is not installed")
	}
	return replay{startWorker(t, path, args...)}
}

func (r replay) do(method, path string, params args) reply {
	r.t.Helper()
	if params == nil {
		params = args{}
	}
	r.send(args{"method": method, "path": path, "params": params})
	var got struct {
		Status int
		Body   string
	}
	r.receive(&got)
	return reply{t: r.t, status: got.Status, body: got.Body}
}

func TestReplaysOfOtherClients(t *testing.T) {
	tests := []struct{ name, program, script, how string }{
		{"Ruby's authy 3.0.1 by net/http", "ruby", "testdata/replays/replay.rb", ""},
		{"Python's authy 2.2.6 by urllib", "python3", "testdata/replays/replay.py", ""},
		{"authy/php 3.0.4 by curl", "php", "testdata/replays/replay.php", "query"},
		{"PHP's curl with an array", "php", "testdata/replays/replay.php", "multipart"},
	}
	for _, test := range tests {
		// With a slash at its end, which not every HTTP library may be redirected from.
		for _, slash := range []string{"", "/"} {
			t.Run(test.name+slash, func(t *testing.T) {
				s := newSim(t)
				r := startReplay(t, test.program, test.script, s.url+slash, testKey, test.how)
				r.story(s)
			})
		}
	}
}

// story is a sign-in by a tap, and one by SMS.
func (r replay) story(s *sim) {
	r.t.Helper()
	r.do("POST", "protected/json/users/new", args{"user": args{"email": "ada@example.com", "cellphone": "317-338-9302", "country_code": 57}}).
		wantStatus(200).wantIn(`"user":{"id":100001}`)
	r.do("GET", "protected/json/users/100001/status", nil).wantStatus(200).wantIn(`"registered":true`)

	var asked struct {
		Request struct{ UUID string } `json:"approval_request"`
	}
	r.do("POST", "onetouch/json/users/100001/approval_requests", args{"message": "Sign in?", "details": args{"Email Address": "a@b & c", "Ort": "Bogotá"},
		"hidden_details": args{"ip": "1.2.3.4"}, "seconds_to_expire": 120}).wantStatus(200).json(&asked)
	s.get("/phones/100001/requests").wantIn(`"Email Address":"a@b & c"`, `"Ort":"Bogotá"`)
	must(r.t, s.Approve(r.t.Context(), ada, asked.Request.UUID))
	r.do("GET", "onetouch/json/approval_requests/"+asked.Request.UUID, nil).wantStatus(200).wantIn(`"status":"approved"`)

	r.do("GET", "protected/json/sms/100001", args{"force": "true"}).wantStatus(200).wantIn("SMS token was sent")
	code := s.code(ada)
	r.do("GET", "protected/json/verify/"+code+"/100001", args{"force": "true"}).wantStatus(200).wantIn(`"token":"is valid"`)
	r.do("GET", "protected/json/verify/"+code+"/100001", args{"force": "true"}).wantStatus(401).wantIn(`"error_code":"60019"`)
	r.do("POST", "protected/json/users/100001/delete", nil).wantStatus(200)
}
