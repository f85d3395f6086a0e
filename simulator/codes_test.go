package simulator_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"nod/simulator"
)

const (
	tokenValid = `{"message":"Token is valid.","token":"is valid","success":"true","device":`
	bySMS      = `{"id":null,"os_type":"sms","registration_date":1795546800,"registration_method":null,"registration_country":null,` +
		`"registration_region":null,"registration_city":null,"country":null,"region":null,"city":null,"ip":null,` +
		`"last_account_recovery_at":null,"last_sync_date":null}}`
	byApp = `{"city":null,"country":null,"ip":"203.0.113.7","region":null,"registration_city":null,"registration_country":null,` +
		`"registration_device_id":null,"registration_ip":"203.0.113.7","registration_method":"sms","registration_region":null,` +
		`"os_type":"ios","last_account_recovery_at":null,"id":2100001,"registration_date":1795546800}}`
	tokenWrong = `{"message":"Token is invalid","token":"is invalid","success":false,"errors":{"message":"Token is invalid"},"error_code":"60020"}`
	tokenUsed  = `{"message":"Token is invalid. Token was used recently.","token":"is invalid","success":false,` +
		`"errors":{"message":"Token is invalid. Token was used recently."},"error_code":"60019"}`
	tooMany = `{"error_code":"60003","message":"DoS protection: User has requested too many tokens in the last hour.",` +
		`"errors":{"message":"DoS protection: User has requested too many tokens in the last hour."},"success":false}`
)

// verify checks a code of the first user, with force.
func (s *sim) verify(code string) reply {
	s.t.Helper()
	return s.call("GET", "/protected/json/verify/"+code+"/100001?force=true", "")
}

// sms sends a code to the first user and returns it.
func (s *sim) sms(query string) string {
	s.t.Helper()
	s.call("GET", "/protected/json/sms/100001?force=true&"+query, "").wantStatus(200)
	return s.messages()[0].Code
}

// removeApp removes the app from the first user's phone.
func (s *sim) removeApp() {
	s.t.Helper()
	s.post("/phones/100001", `{"app_installed":false}`).wantStatus(200)
}

func TestCodesAreNotSentToPhonesWithTheApp(t *testing.T) {
	s := newAda(t)
	const sms = `{"message":"Ignored: SMS is not needed for smartphones. Pass force=true if you want to actually send it anyway.",` +
		`"cellphone":"+57-XXX-XXX-XX02","device":"iphone","ignored":true,"success":true}`
	for _, query := range []string{"", "?force=false", "?force=", "?force=yes", "?locale=es&shortcode=true"} {
		s.call("GET", "/protected/json/sms/100001"+query, "").want(200, sms)
	}
	s.call("GET", "/protected/json/call/100001", "").want(200, `{"message":"Call ignored. User is using  App Tokens and this call is not necessary. `+
		`Pass force=true if you still want to call users that are using the App.","cellphone":"+57-XXX-XXX-XX02","device":"iphone","ignored":true,"success":true}`)
	if got := s.messages(); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

func TestCodesAreSent(t *testing.T) {
	const sms, call = `{"success":true,"message":"SMS token was sent","cellphone":"+57-XXX-XXX-XX02"}`,
		`{"success":true,"message":"Call started...","cellphone":"+57-XXX-XXX-XX02"}`
	tests := []struct {
		name, method, path string
		appOff             bool
		body, want, text   string
	}{
		{"an SMS by force", "GET", "sms/100001?force=true", false, "", sms, "Your Nod code is CODE."},
		{"by force as PHP writes it", "GET", "sms/100001?force=1", false, "", sms, "Your Nod code is CODE."},
		{"by force in a JSON body", "GET", "sms/100001", false, `{"force":true}`, sms, "Your Nod code is CODE."},
		{"by POST, as old clients do", "POST", "sms/100001", false, "force=true", sms, "Your Nod code is CODE."},
		{"without the app", "GET", "sms/100001", true, "", sms, "Your Nod code is CODE."},
		{"for an action", "GET", "sms/100001?force=true&action=a&action_message=Pay+10+EUR%3F", false, "", sms, "Pay 10 EUR? Your Nod code is CODE."},
		{"in another language", "GET", "sms/100001?force=true&action_message=Anmeldung.&locale=de", false, "", sms, "Anmeldung. Ihr Code für Nod ist CODE."},
		{"in one that it does not speak", "GET", "call/100001?force=true&locale=xx", false, "", call, "Your Nod code is: SPOKEN. Once more: SPOKEN."},
		{"a call by force", "GET", "call/100001?force=true", false, "", call, "Your Nod code is: SPOKEN. Once more: SPOKEN."},
		{"a call without the app", "GET", "call/100001", true, "", call, "Your Nod code is: SPOKEN. Once more: SPOKEN."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newAda(t)
			if test.appOff {
				s.removeApp()
			}
			s.call(test.method, "/protected/json/"+test.path, test.body).want(200, test.want)
			all := s.messages()
			if len(all) != 1 || len(all[0].Code) != 7 {
				t.Fatalf("got %v, want one message with a code of 7 digits", all)
			}
			code := all[0].Code
			text := strings.NewReplacer("CODE", code, "SPOKEN", strings.Join(strings.Split(code, ""), ", ")).Replace(test.text)
			via, _, _ := strings.Cut(test.path, "/")
			if want := (message{via, code, text, "2026-11-24T19:00:00.000Z"}); all[0] != want {
				t.Errorf("got  %+v\nwant %+v", all[0], want)
			}
		})
	}
}

func TestActionsThatAreTooLong(t *testing.T) {
	s := newAda(t)
	for _, name := range []string{"action", "action_message"} {
		s.sms(name + "=" + strings.Repeat("%C3%A9", 255))
		s.call("GET", "/protected/json/sms/100001?force=true&"+name+"="+strings.Repeat("e", 256), "").
			wantStatus(400).wantIn(`"error_code":"60004","message":"Invalid parameter: `+name+` - is too long`, `"success":false`)
	}
}

func TestACodeIsValidOnce(t *testing.T) {
	s := newAda(t)
	code := s.sms("")
	s.verify(otherCode(code)).want(401, tokenWrong)
	s.verify(code).want(200, tokenValid+bySMS)
	s.verify(code).want(401, tokenUsed)
	s.call("GET", "/protected/json/users/100001/status", "").wantIn(`"confirmed":true`)
	for _, nonsense := range []string{"1", "abcdefg", "%20", "%F0%9F%92%A5", strings.Repeat("1", 300)} {
		s.verify(nonsense).want(401, tokenWrong)
	}
}

func TestSeveralCodesAreValid(t *testing.T) {
	s := newAda(t)
	first := s.sms("")
	s.call("GET", "/protected/json/call/100001?force=true", "").wantStatus(200)
	second := s.messages()[0].Code
	s.verify(second).wantStatus(200)
	s.verify(first).wantStatus(200)
}

func TestACodeBelongsToItsUser(t *testing.T) {
	s := newAda(t)
	other := s.user("other@example.com")
	code := s.sms("")
	s.call("GET", fmt.Sprintf("/protected/json/verify/%s/%d?force=true", code, other), "").want(401, tokenWrong)
	s.verify(code).wantStatus(200)
}

func TestACodeIsValidForTenMinutes(t *testing.T) {
	s := newAda(t)
	first := s.sms("")
	second := s.sms("")
	s.clock.Advance(10*time.Minute - time.Millisecond)
	s.verify(first).wantStatus(200)
	s.clock.Advance(time.Millisecond)
	s.verify(second).want(401, tokenWrong)
	s.verify(first).want(401, tokenWrong) // and no longer reported as used
}

func TestACodeIsBoundToItsAction(t *testing.T) {
	s := newAda(t)
	code := s.sms("action=transfer")
	s.verify(code).want(401, tokenWrong)
	s.call("GET", "/protected/json/verify/"+code+"/100001?force=true&action=login", "").want(401, tokenWrong)
	s.call("GET", "/protected/json/verify/"+code+"/100001?force=true&action=transfer", "").want(200, tokenValid+bySMS)
	unbound := s.sms("")
	s.call("GET", "/protected/json/verify/"+unbound+"/100001?force=true&action=transfer", "").want(401, tokenWrong)
}

// Until the app is installed or a valid code was entered every code is accepted,
// unless the call has force=true. So tests catch an application that omits it.
func TestAnyCodeIsAcceptedBeforeTheFirstValidOne(t *testing.T) {
	s := newAda(t)
	s.post("/phones/100001", `{"app_installed":false}`).wantStatus(200)
	const guess = "/protected/json/verify/0000000/100001"
	s.call("GET", guess, "").wantStatus(200).wantIn(tokenValid)
	s.call("GET", guess+"?force=false", "").wantStatus(200)
	s.call("GET", guess+"?force=true", "").want(401, tokenWrong)
	s.call("GET", guess, `{"force":true}`).want(401, tokenWrong)
	s.call("GET", "/protected/json/users/100001/status", "").wantIn(`"confirmed":false`) // the guess did not confirm the user
	s.call("GET", "/protected/json/verify/"+s.sms("")+"/100001", "").wantStatus(200)
	s.call("GET", guess, "").want(401, tokenWrong)
	s.call("GET", "/protected/json/verify/0000000/100002", "").wantStatus(404) // but not for an unknown user
}

// The app completes a registration: clients that never send force are safe.
func TestAWrongCodeIsRefusedWhereTheAppIsInstalled(t *testing.T) {
	s := newAda(t)
	for _, query := range []string{"", "?force=false", "?force=true"} {
		s.call("GET", "/protected/json/verify/0000000/100001"+query, "").want(401, tokenWrong)
	}
	s.call("GET", "/protected/json/verify/"+s.token()+"/100001", "").wantStatus(200)
}

// Authy's sandbox accepted 0000000 from everybody.
func TestTheSandboxToken(t *testing.T) {
	s := newAda(t, func(c *simulator.Config) { c.SandboxToken = "0000000" })
	for range 2 {
		s.verify("0000000").want(200, `{"message":"Token is valid.","token":"is valid","success":"true","device":null}`)
	}
	s.verify("0000001").want(401, tokenWrong)
	s.call("GET", "/protected/json/verify/0000000/100002", "").wantStatus(404)
}

func TestCodesPerHour(t *testing.T) {
	s := newAda(t, func(c *simulator.Config) { c.CodesPerHour = 3 })
	s.sms("")
	s.clock.Advance(time.Minute)
	s.call("GET", "/protected/json/call/100001?force=true", "").wantStatus(200)
	s.sms("")
	for _, how := range []string{"sms", "call"} {
		refused := s.call("GET", "/protected/json/"+how+"/100001?force=true", "")
		refused.want(429, tooMany)
		if got := refused.header.Get("Retry-After"); got != "3540" { // the first code was a minute ago
			t.Errorf("got Retry-After %q", got)
		}
		s.call("GET", "/protected/json/"+how+"/100001", "").wantStatus(200) // ignored, so it does not count
	}
	other := s.user("other@example.com")
	for user, from := range map[int64]string{ada: `"2026-11-24T20:00:00.000Z"`, other: "null"} {
		if frame := s.watch(user).until(""); !strings.Contains(frame, `"codes_from":`+from) {
			t.Errorf("got %s, want codes from %s", frame, from)
		}
	}
	s.call("GET", fmt.Sprintf("/protected/json/sms/%d?force=true", other), "").wantStatus(200)
	s.clock.Advance(59 * time.Minute)
	s.sms("")
	s.call("GET", "/protected/json/sms/100001?force=true", "").want(429, tooMany)
}

// concurrently makes n calls and counts the statuses of the replies.
func (s *sim) concurrently(n int, method, path string) map[int]int {
	s.t.Helper()
	replies := make(chan reply, n)
	for range n {
		go func() {
			got, err := s.try(method, path, "", key())
			if err != nil {
				s.t.Error(err)
			}
			replies <- got
		}()
	}
	counts := map[int]int{}
	for range n {
		counts[(<-replies).status]++
	}
	return counts
}

func TestConcurrentCodes(t *testing.T) {
	s := newAda(t)
	if got := s.concurrently(50, "GET", "/protected/json/sms/100001?force=true"); got[200] != 30 || got[429] != 20 {
		t.Errorf("got %v, want 30 sent and 20 refused", got)
	}
	for _, code := range []string{s.messages()[0].Code, s.token()} {
		if got := s.concurrently(50, "GET", "/protected/json/verify/"+code+"/100001?force=true"); got[200] != 1 || got[401] != 49 {
			t.Errorf("got %v, want the code to be accepted once", got)
		}
	}
}
