package simulator_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"testing"
	"time"
)

const noRegistration = `{"message":"Registration not found.","success":false,"errors":{"message":"Registration not found."},"error_code":"60035"}`

// appID is what app/details says.
func (s *sim) appID() int64 {
	s.t.Helper()
	var got struct {
		App struct {
			ID int64 `json:"app_id"`
		}
	}
	s.call("GET", "/protected/json/app/details", "").wantStatus(200).json(&got)
	return got.App.ID
}

// qr is the text of a QR code with these claims, signed with the key.
func qr(key, header, claims string) string {
	part := base64.RawURLEncoding.EncodeToString
	token := part([]byte(header)) + "." + part([]byte(claims))
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(token))
	return "authy://account?token=" + token + "." + part(mac.Sum(nil))
}

const hs256 = `{"alg":"HS256","typ":"JWT"}`

// claims are those of the tutorial, for five minutes, with ids as given.
func (s *sim) claims(customID, appID string) string {
	now := s.clock.Now()
	return fmt.Sprintf(`{"iss":"Nod","iat":%d.25,"exp":%d.25,"context":{"custom_user_id":%s,"authy_app_id":%s}}`,
		now.Unix(), now.Add(5*time.Minute).Unix(), customID, appID)
}

// scan scans a QR code with the phone +57 and number.
func (s *sim) scan(qr, number string) reply {
	s.t.Helper()
	return s.post("/phones", fmt.Sprintf(`{"qr":%q,"email":"ada@example.com","country_code":57,"phone_number":%q}`, qr, number))
}

func (s *sim) registration(customID string) reply {
	s.t.Helper()
	return s.call("GET", "/protected/json/registrations/status?custom_user_id="+customID, "")
}

// The application waits for the scan, asks the user whose id it then gets, and
// waits again after it removed the user.
func TestAUserRegistersByScanning(t *testing.T) {
	s := newSim(t)
	app := fmt.Sprint(s.appID())
	s.registration("7").want(404, noRegistration)
	s.scan(qr(testKey, hs256, s.claims(`"7"`, `"`+app+`"`)), "317-338-9302").
		want(200, `{"authy_id":100001,"email":"ada@example.com","owners":["ada@example.com"],"phone_number":"3173389302","country_code":57,"devices":["iphone"],"app_installed":true}`+"\n")
	completed := `{"registration":{"authy_id":100001,"status":"completed"},"success":true}`
	s.registration("7").want(200, completed)
	s.registration("70").want(404, noRegistration)
	s.call("GET", "/protected/xml/registrations/status?custom_user_id=7", "").wantStatus(200).
		wantIn(`<authy-id type="integer">100001</authy-id>`, "<status>completed</status>")
	uuid := s.ask(ada, "message=x")
	s.tap(ada, uuid, "approve").wantStatus(200)

	s.call("POST", "/protected/json/users/100001/remove", "").wantStatus(200)
	s.registration("7").want(404, noRegistration)
	s.call("POST", "/protected/json/users/new", "user[email]=ada@example.com&user[cellphone]=317-338-9302&user[country_code]=57").wantStatus(200)
	s.registration("7").want(404, noRegistration)
}

// A phone that is registered already keeps its id, and has the app. The ids in
// the QR code may be numbers.
func TestAKnownPhoneScans(t *testing.T) {
	s := newAda(t)
	s.removeApp()
	code := qr(testKey, hs256, s.claims("8", fmt.Sprint(s.appID())))
	s.scan(code, "3173389302").wantStatus(200).wantIn(`"authy_id":100001`, `"app_installed":true`)
	s.registration("8").wantStatus(200).wantIn(`"authy_id":100001`)
	s.scan(code, "3173389304").wantStatus(200).wantIn(`"authy_id":100002`)
	s.registration("8").wantStatus(200).wantIn(`"authy_id":100002`)
}

func TestQRCodesThatRegisterNobody(t *testing.T) {
	s := newSim(t)
	app := fmt.Sprint(s.appID())
	good := s.claims(`"7"`, app)
	other := s.claims(`"7"`, "1")
	nobody := s.claims(`""`, app)
	late := qr(testKey, hs256, good)
	for _, test := range []struct{ name, qr, number, want string }{
		{"no QR code", "", "3173389302", "qr must begin with authy://account?token="},
		{"another one", "otpauth://totp/Nod", "3173389302", "qr must begin with authy://account?token="},
		{"no token", "authy://account?token=x", "3173389302", "the token in qr is no JWT"},
		{"claims of no JSON", qr(testKey, hs256, "x"), "3173389302", "the token in qr is no JWT"},
		{"another key", qr("another", hs256, good), "3173389302", "the token in qr must be signed with the API key, by HS256"},
		{"another algorithm", qr(testKey, `{"alg":"none"}`, good), "3173389302", "the token in qr must be signed with the API key, by HS256"},
		{"another application", qr(testKey, hs256, other), "3173389302", "authy_app_id in qr must be " + app + ", as in app/details"},
		{"nobody's id", qr(testKey, hs256, nobody), "3173389302", "custom_user_id in qr is missing"},
		{"a bad number", late, "12", "phone_number is invalid"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s.scan(test.qr, test.number).want(400, fmt.Sprintf(`{"error":%q}`+"\n", test.want))
		})
	}
	s.clock.Advance(5*time.Minute + time.Second)
	s.scan(late, "3173389302").want(400, `{"error":"the token in qr has expired"}`+"\n")
	s.get("/phones").want(200, "[]\n")
	s.registration("7").want(404, noRegistration)
	s.call("GET", "/protected/json/registrations/status", "").
		want(400, `{"error_code":"60004","message":"Invalid parameter: custom_user_id - Parameter is required",`+
			`"errors":{"message":"Invalid parameter: custom_user_id - Parameter is required"},"success":false}`)
	s.do("GET", "/protected/json/registrations/status?custom_user_id=7", "", nil).wantStatus(401)
}

// What Python's authy 2.2.6 sends for users.registration_status(7).
func TestPythonWaitsForAScan(t *testing.T) {
	s := newSim(t)
	r := startReplay(t, "python3", "testdata/replays/replay.py", s.url, testKey, "")
	path := "protected/json/registrations/status?custom_user_id=7"
	r.do("GET", path, nil).wantStatus(404)
	s.scan(qr(testKey, hs256, s.claims(`"7"`, `"`+fmt.Sprint(s.appID())+`"`)), "3173389302").wantStatus(200)
	r.do("GET", path, nil).want(200, `{"registration":{"authy_id":100001,"status":"completed"},"success":true}`)
}
