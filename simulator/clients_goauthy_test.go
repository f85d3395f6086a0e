package simulator_test

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"

	"nod/simulator"
)

// goClient is the Go package github.com/dcu/go-authy, in a module of its own.
type goClient struct{ *worker }

func startGoClient(t *testing.T, s *sim, key string) goClient {
	t.Helper()
	program := filepath.Join(t.TempDir(), "go-authy-worker")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Dir = "testdata/go-authy"
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("the client github.com/dcu/go-authy cannot be built: %v\n%s", err, text)
	}
	return goClient{startWorker(t, program, s.url, key)}
}

type goStep struct {
	Call    string            `json:"call"`
	Args    []string          `json:"args"`
	Details map[string]string `json:"details,omitempty"`
	Params  map[string]string `json:"params,omitempty"`
}

var forced = map[string]string{"force": "true"}

// do has the client make a call. It returns the status and what the client
// read, and checks that the client judges only 200 a success.
func (g goClient) do(step goStep) reply {
	g.t.Helper()
	g.send(step)
	var outcome struct {
		Status int
		Valid  bool
		Reply  json.RawMessage
		Error  string
	}
	g.receive(&outcome)
	if outcome.Error != "" {
		return reply{t: g.t, body: outcome.Error}
	}
	if want := outcome.Status == 200 || outcome.Status == 0; outcome.Valid != want {
		g.t.Errorf("the client judges %v of status %d", outcome.Valid, outcome.Status)
	}
	return reply{t: g.t, status: outcome.Status, body: string(outcome.Reply)}
}

func (g goClient) call(name string, args ...string) reply {
	g.t.Helper()
	return g.do(goStep{Call: name, Args: args})
}

func (g goClient) register() (user int64, id string) {
	g.t.Helper()
	var got struct {
		UserData struct{ ID int64 } `json:"user"`
	}
	g.call("RegisterUser", "ada@example.com", "57", "317-338-9302").wantStatus(200).json(&got)
	return got.UserData.ID, fmt.Sprint(got.UserData.ID)
}

func TestGoAuthyAndItsUsers(t *testing.T) {
	s := newSim(t)
	g := startGoClient(t, s, testKey)
	_, id := g.register()
	g.call("RegisterUser", "no address", "57", "317-338-9303").wantStatus(400).
		wantIn(`"errors":{"email":"is invalid","message":"User was not valid"}`)
	g.call("UserStatus", id).wantStatus(200).wantIn(`"confirmed":false,"registered":true,"country_code":57`,
		`"phone_number":"XXX-XXX-9302","devices":["iphone"]`)

	g.call("DoRequest", "POST", "/protected/json/users/"+id+"/remove").wantStatus(200).wantIn(`"success":true`)
	g.call("UserStatus", id).wantStatus(404).wantIn(`"message":"User not found."`)
	startGoClient(t, s, "wrong").call("UserStatus", id).wantStatus(401).wantIn(`"message":"Invalid API key"`)
}

func TestGoAuthySendsAndVerifiesCodes(t *testing.T) {
	s := newSim(t)
	g := startGoClient(t, s, testKey)
	user, id := g.register()
	g.call("RequestSMS", id).wantStatus(200).wantIn("Ignored: SMS is not needed for smartphones.")
	g.call("RequestPhoneCall", id).wantStatus(200).wantIn("Call ignored.")
	g.call("VerifyToken", id, "0000000").wantStatus(401) // the app is installed
	must(t, s.InstallApp(t.Context(), user, false))
	g.call("VerifyToken", id, "0000000").wantStatus(200) // without force, for a user who has neither app nor valid code
	must(t, s.InstallApp(t.Context(), user, true))
	g.do(goStep{Call: "VerifyToken", Args: []string{id, "0000000"}, Params: forced}).wantStatus(401).wantIn(`"token":"is invalid"`)
	for _, name := range []string{"RequestSMS", "RequestPhoneCall"} {
		g.do(goStep{Call: name, Args: []string{id}, Params: forced}).wantStatus(200)
		code := s.code(user)
		g.call("VerifyToken", id, code).wantStatus(200).wantIn(`"token":"is valid"`)
		g.call("VerifyToken", id, code).wantStatus(401).wantIn("Token was used recently.")
	}
	token, err := s.Token(user)
	must(t, err)
	g.call("VerifyToken", id, token.Token).wantStatus(200)
	g.call("VerifyToken", "12", token.Token).wantStatus(404).wantIn("User doesn't exist")

	g.call("StartPhoneVerification", "1", "775-461-5609", "sms").wantStatus(200).wantIn("Text message sent to +1 775-461-5609.")
	messages, err := s.MessagesTo(1, "7754615609")
	must(t, err)
	g.call("CheckPhoneVerification", "1", "775-461-5609", otherCode(messages[0].Code)).wantStatus(401)
	g.call("CheckPhoneVerification", "1", "775-461-5609", messages[0].Code).wantStatus(200)
}

func TestGoAuthyAsksForApprovals(t *testing.T) {
	s := newSim(t)
	g := startGoClient(t, s, testKey)
	user, id := g.register()
	for _, how := range []string{simulator.Approved, simulator.Denied} {
		var asked struct{ UUID string }
		g.do(goStep{Call: "SendApprovalRequest", Args: []string{id, "Sign in?"}, Details: map[string]string{"Email Address": "a@b"},
			Params: map[string]string{"seconds_to_expire": "120"}}).wantStatus(200).json(&asked)
		s.get("/phones/"+id+"/requests").wantIn(`"details":{"Email Address":"a@b"}`, `"expires_at":"2026-11-24T19:02:00.000Z"`)
		g.call("FindApprovalRequest", asked.UUID).wantStatus(200).wantIn(`"status":"pending"`, `"notified":false`)
		s.tap(user, asked.UUID, map[string]string{simulator.Approved: "approve", simulator.Denied: "deny"}[how]).wantStatus(200)
		s.app.next()
		g.call("FindApprovalRequest", asked.UUID).wantStatus(200).wantIn(`"status":"` + how + `"`)
		g.call("WaitForApprovalRequest", asked.UUID, "1s").want(0, `"`+how+`"`)
	}
	g.call("FindApprovalRequest", "no-such").wantIn("Approval request not found: no-such")
	s.post("/phones/"+id, `{"app_installed":false}`).wantStatus(200)
	g.call("SendApprovalRequest", id, "Sign in?").wantIn("No device was found")
}
