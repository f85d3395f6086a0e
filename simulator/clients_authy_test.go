package simulator_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"testing"
)

// npmAuthy is the npm package authy.
type npmAuthy struct{ *worker }

func startNPMAuthy(t *testing.T, url, key string) npmAuthy {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		skipWithout(t, "Node.js is not installed")
	}
	if _, err := os.Stat("testdata/authy/node_modules/authy"); err != nil {
		skipWithout(t, "the npm package authy is not installed")
	}
	return npmAuthy{startWorker(t, node, "testdata/authy/client.js", url, key)}
}

// do calls a method of the client. Status 0 is an error, whose body the client
// passes on without its status.
func (n npmAuthy) do(method string, given ...any) reply {
	n.t.Helper()
	n.send(map[string]any{"call": method, "args": append([]any{}, given...)})
	var outcome struct{ Result, Error json.RawMessage }
	n.receive(&outcome)
	if outcome.Error != nil {
		return reply{t: n.t, body: string(outcome.Error)}
	}
	return reply{t: n.t, status: 200, body: string(outcome.Result)}
}

func TestNPMAuthy(t *testing.T) {
	// The address of the vendor's README ends in a slash.
	for _, slash := range []string{"", "/"} {
		s := newSim(t)
		n := startNPMAuthy(t, s.url+slash, testKey)
		n.do("register_user", "ada@example.com", "317-338-9302", "57").wantStatus(200).wantIn(`"user":{"id":100001}`)
		n.do("register_user", "ada", "317-338-9303", "57").wantStatus(0).wantIn(`"email":"is invalid"`)
		n.do("user_status", ada).wantStatus(200).wantIn(`"confirmed":false,"registered":true`)
		n.do("request_sms", ada).wantStatus(200).wantIn(`"ignored":true`)
		n.do("verify", ada, "0000000").wantStatus(0).wantIn(`"error_code":"60020"`) // it never sends force by itself
		for _, method := range []string{"request_sms", "request_call"} {
			n.do(method, ada, true).wantStatus(200).wantIn(`"cellphone":"+57-XXX-XXX-XX02"`)
			n.do("verify", ada, s.code(ada), true).wantStatus(200).wantIn(`"token":"is valid"`)
		}

		var asked struct {
			Request struct{ UUID string } `json:"approval_request"`
		}
		logos := []args{{"res": "default", "url": "https://e.com/a.png"}, {"res": "low", "url": "https://e.com/b.png"}}
		n.do("send_approval_request", ada, args{"message": "Sign in?", "details": args{"Email Address": "a@b"}, "seconds_to_expire": 120},
			args{"ip": "1.2.3.4"}, logos).wantStatus(200).json(&asked)
		n.do("check_approval_status", asked.Request.UUID).wantStatus(200).wantIn(`"status":"pending"`)
		must(t, s.Approve(t.Context(), ada, asked.Request.UUID))
		n.do("check_approval_status", asked.Request.UUID).wantStatus(200).wantIn(`"status":"approved"`)
		n.do("send_approval_request", ada, args{"message": "Without details"}, nil, nil).wantStatus(200)

		n.do("phones.verification_start", "775-461-5609", "1", args{"via": "sms", "code_length": "6"}).wantStatus(200)
		n.do("phones.verification_status", "775-461-5609", "1").wantStatus(200).wantIn(`"status":"pending"`)
		sent, err := s.MessagesTo(1, "7754615609")
		must(t, err)
		n.do("phones.verification_check", "775-461-5609", "1", sent[0].Code).wantStatus(200)
		n.do("phones.info", "775-461-5609", "1").wantStatus(200).wantIn(`"type":"cellphone"`)
		n.do("delete_user", ada).wantStatus(200)
		n.do("user_status", ada).wantStatus(0).wantIn(`"error_code":"60026"`)
	}
}
