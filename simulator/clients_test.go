package simulator_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nod/simulator"
)

// worker is a client that nobody here wrote, at work in a process of its own:
// it takes what to do as a line of JSON, and answers with a line.
type worker struct {
	t   *testing.T
	in  io.WriteCloser
	out *bufio.Reader
}

// startWorker ends the process with the test, and wants it to go by itself
// when there is nothing more to do.
func startWorker(t *testing.T, program string, args ...string) *worker {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	command := exec.CommandContext(ctx, program, args...)
	// The clients obey settings of proxies; nothing of this is for one.
	command.Env = append(os.Environ(), "NO_PROXY=127.0.0.1", "no_proxy=127.0.0.1")
	command.Stderr = t.Output()
	in, err := command.StdinPipe()
	must(t, err)
	out, err := command.StdoutPipe()
	must(t, err)
	must(t, command.Start())
	t.Cleanup(func() {
		defer cancel()
		_ = in.Close()
		if err := command.Wait(); err != nil {
			t.Errorf("%s: %v", program, err)
		}
	})
	return &worker{t, in, bufio.NewReader(out)}
}

func (w *worker) say(step any) {
	w.t.Helper()
	must(w.t, json.NewEncoder(w.in).Encode(step))
}

func (w *worker) hear(outcome any) {
	w.t.Helper()
	line, err := w.out.ReadBytes('\n')
	must(w.t, err)
	if err := json.Unmarshal(line, outcome); err != nil {
		w.t.Fatalf("%v: %s", err, line)
	}
}

// lacking leaves a test out for what is not installed, unless everything must
// be tested.
func lacking(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("NOD_TEST_ALL") != "" {
		t.Fatalf("%s: make setup", what)
	}
	t.Skipf("%s (make setup installs it); this client is left out", what)
}

// nodeClient is the npm package authy-client.
type nodeClient struct {
	*worker
	callbackURL string // of the application beside it, which verifies callbacks
}

func startNodeClient(t *testing.T) nodeClient {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		lacking(t, "there is no Node.js here")
	}
	if _, err := os.Stat("testdata/authy-client/node_modules/authy-client"); err != nil {
		lacking(t, "the npm package authy-client is not in simulator/testdata/authy-client/node_modules")
	}
	n := nodeClient{worker: startWorker(t, node, "testdata/authy-client/client.js")}
	var started struct{ Result string }
	n.hear(&started)
	n.callbackURL = started.Result + "/authy/callback"
	return n
}

// do calls a method of the client. What it returns has status 200, and what
// it throws the status of the reply, if there was one.
func (n nodeClient) do(method string, given ...any) reply {
	n.t.Helper()
	n.say(map[string]any{"call": method, "args": append([]any{}, given...)})
	var outcome struct {
		Result, Error json.RawMessage
	}
	n.hear(&outcome)
	if outcome.Error == nil {
		return reply{t: n.t, status: 200, body: string(outcome.Result)}
	}
	var thrown struct{ Code int }
	must(n.t, json.Unmarshal(outcome.Error, &thrown))
	return reply{t: n.t, status: thrown.Code, body: string(outcome.Error)}
}

func (n nodeClient) connect(s *sim, key string) {
	n.t.Helper()
	n.do("connect", key, s.url).wantStatus(200)
}

type args map[string]any

// nodeSim is a simulator whose answers are told to the client's application,
// with one user, whom the client registered.
func nodeSim(t *testing.T) (n nodeClient, s *sim, user int64) {
	t.Helper()
	n = startNodeClient(t)
	s = newSim(t, func(c *simulator.Config) { c.CallbackURL = n.callbackURL })
	n.connect(s, testKey)
	ada := args{"countryCode": "CO", "email": "ada@example.com", "phone": "317 338 9302"}
	var got struct{ User struct{ ID int64 } }
	n.do("registerUser", ada).wantStatus(200).json(&got)
	return n, s, got.User.ID
}

func TestAuthyClientAndItsUsers(t *testing.T) {
	n, s, user := nodeSim(t)
	s.get("/phones").wantIn(`"email":"ada@example.com","phone_number":"3173389302","country_code":57`)
	again := args{"countryCode": "57", "email": "ada@elsewhere.example", "phone": "+57 3173389302"}
	n.do("registerUser", again).wantStatus(200).wantIn(fmt.Sprintf(`"user":{"id":%d}`, user))

	who, from := args{"authyId": user}, args{"ip": "10.1.1.1"}
	n.do("getUserStatus", who).wantStatus(200).wantIn(fmt.Sprintf(`"authy_id":%d,"confirmed":false,"registered":true`, user),
		`"country_code":57,"phone_number":"XXX-XXX-9302"`)
	n.do("getUserStatus", who, from).wantStatus(200)
	n.do("registerActivity", args{"authyId": user, "type": "password_reset", "data": args{"reason": "forgotten"}}, from).wantStatus(200)
	n.do("getApplicationDetails").wantStatus(200).wantIn(`"name":"Nod"`)
	n.do("getApplicationStatistics").wantStatus(200).wantIn(`"month":"November"`, `"users_count":1`, `"total_users":1`)

	n.do("deleteUser", who, from).wantStatus(200).wantIn(`"success":true`)
	n.do("getUserStatus", who).wantStatus(404).wantIn(`"error_code":"60026"`)
	n.do("deleteUser", who).wantStatus(404)
	n.connect(s, strings.Repeat("k", 32))
	n.do("getUserStatus", who).wantStatus(401).wantIn(`"error_code":"60001"`)
}

func TestAuthyClientSendsAndVerifiesCodes(t *testing.T) {
	n, s, user := nodeSim(t)
	who, forced := args{"authyId": user}, args{"force": true}
	with := func(token string) args { return args{"authyId": user, "token": token} }
	n.do("requestSms", who).wantStatus(200).wantIn(`"ignored":true`, `"device":"iphone"`)
	n.do("requestCall", who).wantStatus(200).wantIn(`"ignored":true`, `"cellphone":"+57-XXX-XXX-XX02"`)
	if messages, err := s.Messages(user); err != nil || len(messages) != 0 {
		t.Fatalf("got %v %v, want no message", messages, err)
	}

	n.do("verifyToken", with("0000000")).wantStatus(200) // without force, from one who never gave a valid code
	n.do("verifyToken", with("0000000"), forced).wantStatus(401).wantIn(`"token":"is invalid"`, `"error_code":"60020"`)
	for _, method := range []string{"requestSms", "requestCall"} {
		n.do(method, who, forced).wantStatus(200).wantIn(`"cellphone":"+57-XXX-XXX-XX02"`)
		code := s.code(user)
		n.do("verifyToken", with(code), forced).wantStatus(200).wantIn(`"token":"is valid"`)
		n.do("verifyToken", with(code), forced).wantStatus(401).wantIn(`"error_code":"60019"`)
	}
	token, err := s.Token(user)
	must(t, err)
	n.do("verifyToken", with(token.Token)).wantStatus(200)
	n.do("verifyToken", with("0000000")).wantStatus(401)
	n.do("getUserStatus", who).wantIn(`"confirmed":true`)

	// The client can bind a code to an action, but not say the action when it
	// verifies.
	about := args{"action": "transfer", "message": "Transfer 10 EUR?", "force": true}
	n.do("requestSms", who, about).wantStatus(200)
	messages, err := s.Messages(user)
	must(t, err)
	if want := "Transfer 10 EUR? Your Nod code is "; !strings.HasPrefix(messages[0].Text, want) {
		t.Errorf("got %q, want it to begin with %q", messages[0].Text, want)
	}
	n.do("verifyToken", with(messages[0].Code), forced).wantStatus(401)
}

func TestAuthyClientVerifiesPhones(t *testing.T) {
	n, s, _ := nodeSim(t)
	number := func(more args) args {
		whole := args{"countryCode": "US", "phone": "775-461-5609"}
		for name, value := range more {
			whole[name] = value
		}
		return whole
	}
	n.do("getPhoneInformation", number(nil)).wantStatus(200).wantIn("Phone number information as of 2026-11-24 19:00:00 UTC")
	n.do("verifyPhone", number(args{"token": "1234"})).wantStatus(404).wantIn(`"error_code":"60023"`)
	n.do("startPhoneVerification", number(args{"via": "sms"})).wantStatus(200).wantIn("Text message sent to +1 775-461-5609.")
	n.do("startPhoneVerification", number(args{"via": "call"}), args{"locale": "es"}).wantStatus(200).wantIn("Llamada a +1 775-461-5609 fue iniciada.")
	messages, err := s.MessagesTo(1, "7754615609")
	must(t, err)
	if len(messages) != 2 || messages[0].Code != messages[1].Code || messages[0].Via != "call" {
		t.Fatalf("got %v, want a call and an SMS with one code", messages)
	}
	code := messages[0].Code
	n.do("verifyPhone", number(args{"token": otherCode(code)})).wantStatus(401).wantIn(`"error_code":"60022"`)
	n.do("verifyPhone", number(args{"token": code})).wantStatus(200)
}

func TestAuthyClientAsksForApprovals(t *testing.T) {
	n, s, user := nodeSim(t)
	// Its verifier takes no other device_uuid than text.
	s.post("/faults", `{"legacy_device_uuid":true}`).wantStatus(200)
	for _, how := range []string{simulator.Approved, simulator.Denied} {
		uuid := n.ask(user, args{"email": "ada@example.com", "where": "Bogotá, (CO)!"})
		s.get(fmt.Sprintf("/phones/%d/requests", user)).wantIn(`"message":"Sign in?"`, `{"label":"where","value":"Bogotá, (CO)!"}`,
			`"logo":"https://example.com/a.png"`, `"expires_at":"2026-11-24T19:02:00.000Z"`)
		which := args{"id": uuid}
		n.do("getApprovalRequest", which).wantStatus(200).wantIn(`"status":"pending"`, `"processed_at":null`)
		if how == simulator.Approved {
			must(t, s.Approve(t.Context(), user, uuid))
		} else {
			must(t, s.Deny(t.Context(), user, uuid))
		}
		n.do("nextCallback").wantStatus(200).wantIn(`"status":"`+how+`"`, `"uuid":"`+uuid+`"`, `"hidden_details":{"attempt":"7"}`)
		n.do("getApprovalRequest", which).wantStatus(200).wantIn(`"status":"`+how+`"`, `"processed_at":"2026-11-24T19:00:00Z"`)
	}
	n.do("getApprovalRequest", args{"id": "no-such"}).wantStatus(404).wantIn(`"error_code":"60049"`)
	s.post(fmt.Sprintf("/phones/%d", user), `{"app_installed":false}`).wantStatus(200)
	n.do("createApprovalRequest", args{"authyId": user, "message": "Sign in?"}).wantStatus(400).wantIn(`"error_code":"60051"`)
}

func (n nodeClient) ask(user int64, details args) (uuid string) {
	n.t.Helper()
	var got struct {
		Request struct{ UUID string } `json:"approval_request"`
	}
	n.do("createApprovalRequest", args{"authyId": user, "message": "Sign in?",
		"details": args{"visible": details, "hidden": args{"attempt": "7"}},
		"logos":   []args{{"res": "default", "url": "https://example.com/a.png"}},
	}, args{"ttl": 120}).wantStatus(200).json(&got)
	return got.Request.UUID
}

// What the client's verifier refuses, rightly and by its known limits.
func TestAuthyClientRefusesCallbacks(t *testing.T) {
	n, s, user := nodeSim(t)
	tests := []struct {
		name, fault string
		details     args
		objection   string
	}{
		{"a device's id as a number", `{}`, args{"where": "Bogotá"}, `["body.device_uuid"]`},
		{"another key", `{"legacy_device_uuid":true,"callback":"bad_signature"}`, args{"where": "Bogotá"}, `["headers.x-authy-signature"]`},
		{"labels in both letter cases", `{"legacy_device_uuid":true}`, args{"Zeta": "1", "alpha": "2"}, `["headers.x-authy-signature"]`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s.post("/faults", test.fault).wantStatus(200)
			must(t, s.Approve(t.Context(), user, n.ask(user, test.details)))
			n.do("nextCallback").wantIn(`"name":"ValidationFailedError"`, `"fields":`+test.objection)
		})
	}
}

// goClient is the Go package github.com/dcu/go-authy, in a module of its own.
type goClient struct{ *worker }

func startGoClient(t *testing.T, s *sim, key string) goClient {
	t.Helper()
	program := filepath.Join(t.TempDir(), "go-authy-at-work")
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

// do has the client make a call: the status of the reply, and whether the
// client takes it for a success, with what it read.
func (g goClient) do(step goStep) reply {
	g.t.Helper()
	g.say(step)
	var outcome struct {
		Status int
		Valid  bool
		Reply  json.RawMessage
		Error  string
	}
	g.hear(&outcome)
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
	g.call("VerifyToken", id, "0000000").wantStatus(200) // without force, from one who never gave a valid code
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

// code is the newest code that a phone received.
func (s *sim) code(user int64) string {
	s.t.Helper()
	messages, err := s.Messages(user)
	must(s.t, err)
	if len(messages) == 0 {
		s.t.Fatal("no message reached the phone")
	}
	return messages[0].Code
}

// otherCode is a code of the same length that is wrong.
func otherCode(code string) string {
	return strings.Map(func(digit rune) rune { return '0' + (digit-'0'+1)%10 }, code)
}
