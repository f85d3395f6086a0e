package simulator_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"nod/simulator"
)

// nodeClient is the npm package authy-client.
type nodeClient struct {
	*worker
	callbackURL string // of its application, which verifies callbacks
}

func startNodeClient(t *testing.T) nodeClient {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		skipWithout(t, "Node.js is not installed")
	}
	if _, err := os.Stat("testdata/authy-client/node_modules/authy-client"); err != nil {
		skipWithout(t, "the npm package authy-client is not installed")
	}
	n := nodeClient{worker: startWorker(t, node, "testdata/authy-client/client.js")}
	var started struct{ Result string }
	n.receive(&started)
	n.callbackURL = started.Result + "/authy/callback"
	return n
}

// do calls a method of the client. A result has status 200, an exception the
// status of the reply, if there was one.
func (n nodeClient) do(method string, given ...any) reply {
	n.t.Helper()
	n.send(map[string]any{"call": method, "args": append([]any{}, given...)})
	var outcome struct {
		Result, Error json.RawMessage
	}
	n.receive(&outcome)
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

// nodeSim starts a simulator that sends callbacks to the client's application,
// and has the client register a user.
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
	s.get("/phones").wantIn(`"email":"ada@example.com","owners":["ada@example.com"],"phone_number":"3173389302","country_code":57`)
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

	n.do("verifyToken", with("0000000")).wantStatus(401) // the app is installed
	must(t, s.InstallApp(t.Context(), user, false))
	n.do("verifyToken", with("0000000")).wantStatus(200) // without force, for a user who has neither app nor valid code
	must(t, s.InstallApp(t.Context(), user, true))
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

	// The client can request a code for an action, but not name the action when
	// it verifies.
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
	// Its verifier accepts device_uuid only as a string.
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

// What the client's verifier rejects: rightly, or because of its limits.
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
