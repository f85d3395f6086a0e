package simulator_test

import (
	"testing"
	"time"
)

const (
	startPath = "/protected/json/phones/verification/start"
	checkPath = "/protected/json/phones/verification/check?country_code=1&phone_number=775-461-5609&verification_code="
	proofPath = "/protected/json/phones/verification/status?country_code=1&phone_number=7754615609"
	number    = "country_code=1&phone_number=775-461-5609&"

	codeWrong = `{"error_code":"60022","message":"Verification code is incorrect","errors":{"message":"Verification code is incorrect"},"success":false}`
	noPending = `{"message":"No pending verifications for +1 775-461-5609 found.","success":false,` +
		`"errors":{"message":"No pending verifications for +1 775-461-5609 found."},"error_code":"60023"}`
)

// sentTo returns the messages to +1 775-461-5609, which no user has.
func (s *sim) sentTo() (all []message) {
	s.t.Helper()
	s.get("/messages?country_code=1&phone_number=775-461-5609").wantStatus(200).json(&all)
	return all
}

func TestPhoneVerification(t *testing.T) {
	s := newSim(t)
	got := s.call("POST", startPath, number+"via=sms").wantStatus(200)
	got.body = scrub(got.body)
	got.want(200, `{"carrier":"Simulated","is_cellphone":true,"message":"Text message sent to +1 775-461-5609.",`+
		`"seconds_to_expire":600,"uuid":"UUID","success":true}`)
	sent := s.sentTo()
	if len(sent) != 1 || len(sent[0].Code) != 4 || sent[0].Via != "sms" || sent[0].Text != "Your Nod code is "+sent[0].Code+"." {
		t.Fatalf("got %v, want one SMS with a code of 4 digits", sent)
	}
	s.call("GET", checkPath+otherCode(sent[0].Code), "").want(401, codeWrong)
	s.call("GET", checkPath+sent[0].Code, "").want(200, `{"message":"Verification code is correct.","success":true}`)
	s.call("GET", checkPath+sent[0].Code, "").want(404, noPending)
}

func TestAVerificationLivesTenMinutes(t *testing.T) {
	s := newSim(t)
	s.call("GET", checkPath+"1234", "").want(404, noPending)
	s.call("GET", proofPath, "").want(404, noPending)
	first := s.call("POST", startPath, number+"via=sms").wantStatus(200)
	s.clock.Advance(time.Minute)
	again := s.call("POST", startPath, number+"via=call&code_length=6")
	if uuids.FindString(first.body) != uuids.FindString(again.body) {
		t.Error("a second start within ten minutes began another verification")
	}
	again.wantIn(`"message":"Call to +1 775-461-5609 initiated."`, `"seconds_to_expire":540`)
	sent := s.sentTo()
	if len(sent) != 2 || sent[0].Code != sent[1].Code || sent[0].Via != "call" {
		t.Fatalf("got %v, want the same code twice", sent)
	}

	s.clock.Advance(9*time.Minute - time.Millisecond)
	s.call("GET", proofPath, "").wantStatus(200).wantIn(`"message":"Phone Verification status.","status":"pending","seconds_to_expire":0`)
	s.clock.Advance(time.Millisecond)
	s.call("GET", proofPath, "").wantStatus(200).wantIn(`"status":"expired","seconds_to_expire":0`)
	s.call("GET", checkPath+sent[0].Code, "").want(404, noPending)

	s.call("POST", startPath, number+"via=sms&code_length=10").wantStatus(200).wantIn(`"seconds_to_expire":600`)
	code := s.sentTo()[0].Code
	if len(code) != 10 {
		t.Errorf("got %q, want 10 digits", code)
	}
	s.call("GET", checkPath+code, "").wantStatus(200)
	s.call("GET", proofPath, "").wantStatus(200).wantIn(`"status":"verified","seconds_to_expire":600`)
	s.clock.Advance(time.Hour)
	s.call("GET", proofPath, "").wantStatus(200).wantIn(`"status":"verified","seconds_to_expire":0`)
}

// The documentation names a verification by its uuid.
func TestTheStatusOfAVerificationByItsUUID(t *testing.T) {
	s := newSim(t)
	const path = "/protected/json/phones/verification/status?uuid="
	var started struct{ UUID string }
	s.call("POST", startPath, number).wantStatus(200).json(&started)
	s.clock.Advance(time.Minute)
	s.call("GET", path+started.UUID, "").wantStatus(200).wantIn(`"status":"pending","seconds_to_expire":540,"uuid":"` + started.UUID)
	s.call("GET", checkPath+s.sentTo()[0].Code, "").wantStatus(200)
	s.call("GET", path+started.UUID, "").wantStatus(200).wantIn(`"status":"verified","seconds_to_expire":540`)
	s.call("GET", path+"no-such", "").wantStatus(404).wantIn(`"message":"No pending verifications for no-such found."`)
}

func TestANumberIsVerifiedAgain(t *testing.T) {
	s := newSim(t)
	first := s.call("POST", startPath, number).wantStatus(200)
	s.call("GET", checkPath+s.sentTo()[0].Code, "").wantStatus(200)
	second := s.call("POST", startPath, number).wantStatus(200)
	if uuids.FindString(first.body) == uuids.FindString(second.body) {
		t.Error("the verification was not ended")
	}
	s.call("GET", checkPath+s.sentTo()[0].Code, "").wantStatus(200)
}

func TestVerificationTexts(t *testing.T) {
	s := newSim(t)
	s.call("POST", startPath, number+"via=sms&locale=es&custom_code=0042&custom_message=Soy+{{code}}!").wantStatus(200).
		wantIn(`"message":"Mensaje de texto enviado a +1 775-461-5609."`)
	if sent := s.sentTo(); sent[0].Code != "0042" || sent[0].Text != "Soy 0042!" {
		t.Errorf("got %v", sent)
	}
	s.call("POST", startPath, number+"via=call&locale=es-MX").wantStatus(200).wantIn("Llamada a +1 775-461-5609 fue iniciada.")
	s.call("POST", startPath, number).wantStatus(200).wantIn("Text message sent to +1 775-461-5609.") // via may be left out
}

func TestInvalidVerifications(t *testing.T) {
	s := newSim(t)
	tests := []struct{ name, path, body, code, message string }{
		{"no country", startPath, "phone_number=1", "60004", "Invalid parameter: country_code - Parameter is required"},
		{"no number", startPath, "country_code=1", "60004", "Invalid parameter: phone_number - Parameter is required"},
		{"nobody's country", startPath, "country_code=999&phone_number=7754615609", "60004", "Invalid parameter: country_code - Parameter is not valid"},
		{"a bad number", startPath, "country_code=1&phone_number=12x", "60033", "Phone number is invalid"},
		{"by pigeon", startPath, number + "via=pigeon", "60004", "Invalid parameter: via - Parameter must be sms or call"},
		{"a short code", startPath, number + "code_length=3", "60004", "Invalid parameter: code_length - Parameter must be between 4 and 10"},
		{"a long code", startPath, number + "code_length=11", "60004", "Invalid parameter: code_length - Parameter must be between 4 and 10"},
		{"a code of its own, too short", startPath, number + "custom_code=123", "60004", "Invalid parameter: custom_code - Parameter must be 4 to 10 digits"},
		{"a code of its own, in letters", startPath, number + "custom_code=abcd", "60004", "Invalid parameter: custom_code - Parameter must be 4 to 10 digits"},
		{"nothing to check", checkPath, "", "60004", "Invalid parameter: verification_code - Parameter is required"},
		{"a check without country", "/protected/json/phones/verification/check", "", "60004", "Invalid parameter: country_code - Parameter is required"},
		{"a status without number", "/protected/json/phones/verification/status", "country_code=1", "60004", "Invalid parameter: phone_number - Parameter is required"},
		{"information on a bad number", "/protected/json/phones/info", "country_code=1&phone_number=12x", "60033", "Phone number is invalid"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s.call("POST", test.path, test.body).want(400, `{"error_code":"`+test.code+`","message":"`+test.message+
				`","errors":{"message":"`+test.message+`"},"success":false}`)
		})
	}
	if sent := s.sentTo(); len(sent) != 0 {
		t.Errorf("got %v", sent)
	}
}

// A code of a phone verification is not valid for the user with that number, nor
// the reverse.
func TestVerificationsAndUsersAreSeparate(t *testing.T) {
	s := newAda(t)
	s.call("POST", startPath, "country_code=57&phone_number=3173389302&code_length=7").wantStatus(200)
	s.verify(s.messages()[0].Code).want(401, tokenWrong)
	s.call("GET", "/protected/json/phones/verification/check?country_code=57&phone_number=3173389302&verification_code="+s.sms(""), "").want(401, codeWrong)
}

func TestPhoneInformation(t *testing.T) {
	s := newSim(t)
	s.call("GET", "/protected/json/phones/info?country_code=1&phone_number=7754615609&user_ip=10.1.1.1", "").
		want(200, `{"message":"Phone number information as of 2026-11-24 19:00:00 UTC","type":"cellphone","provider":"Simulated","ported":false,"success":true}`)
}

func TestConcurrentChecks(t *testing.T) {
	s := newSim(t)
	s.call("POST", startPath, number).wantStatus(200)
	if got := s.concurrently(30, "GET", checkPath+s.sentTo()[0].Code); got[200] != 1 || got[404] != 29 {
		t.Errorf("got %v, want the code to be accepted once", got)
	}
}
