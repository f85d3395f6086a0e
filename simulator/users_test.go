package simulator_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// ada is the id of the first user of every simulator of these tests.
const ada = 100001

// newAda starts a simulator with one user: ada@example.com, +57 317-338-9302.
func newAda(t *testing.T, options ...option) *sim {
	t.Helper()
	s := newSim(t, options...)
	s.call("POST", "/protected/json/users/new", "user[email]=ada@example.com&user[cellphone]=317-338-9302&user[country_code]=57").
		want(200, `{"message":"User created successfully.","user":{"id":100001},"success":true}`)
	return s
}

const noUser = `{"message":"User not found.","success":false,"errors":{"message":"User not found."},"error_code":"60026"}`

func TestANumberIsRegisteredOnce(t *testing.T) {
	s := newAda(t)
	s.call("POST", "/protected/json/users/new", `{"user":{"email":"other@example.com","cellphone":"3173389302","country_code":"57"}}`).
		want(200, `{"message":"User created successfully.","user":{"id":100001},"success":true}`)
	s.call("POST", "/protected/json/users/new", `{"user":{"email":"ada@example.com","cellphone":"3173389302","country_code":1}}`).
		want(200, `{"message":"User created successfully.","user":{"id":100002},"success":true}`)
	s.get("/phones").want(200, `[{"authy_id":100001,"email":"ada@example.com","owners":["ada@example.com","other@example.com"],"phone_number":"3173389302","country_code":57,"devices":["iphone"],"app_installed":true},`+
		`{"authy_id":100002,"email":"ada@example.com","owners":["ada@example.com"],"phone_number":"3173389302","country_code":1,"devices":["iphone"],"app_installed":true}]`+"\n")
}

func TestConcurrentRegistrations(t *testing.T) {
	s := newSim(t)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			got, err := s.try("POST", "/protected/json/users/new", `{"user":{"email":"a@b.co","cellphone":"3173389302","country_code":57}}`, key())
			if err != nil || got.body != `{"message":"User created successfully.","user":{"id":100001},"success":true}` {
				t.Error(got.body, err)
			}
		})
	}
	all.Wait()
}

func TestInvalidUsers(t *testing.T) {
	s := newSim(t)
	tests := []struct{ name, email, cellphone, country, fields string }{
		{"no address", "", "3173389302", "57", `"email":"is invalid and can't be blank"`},
		{"a bad address", "ada", "3173389302", "57", `"email":"is invalid"`},
		{"an address with its owner's name", "Ada <ada@example.com>", "3173389302", "57", `"email":"is invalid"`},
		{"no number", "ada@example.com", "", "57", `"cellphone":"is invalid"`},
		{"no number in the country 0", "ada@example.com", "", "0", `"cellphone":"is invalid","country_code":"is invalid"`},
		{"a short number", "ada@example.com", "1234", "57", `"cellphone":"is invalid"`},
		{"a long number", "ada@example.com", strings.Repeat("1", 16), "57", `"cellphone":"is invalid"`},
		{"letters", "ada@example.com", "31733893x2", "57", `"cellphone":"is invalid"`},
		{"no country", "ada@example.com", "3173389302", "", `"country_code":"is invalid and can't be blank"`},
		{"the country's letters", "ada@example.com", "3173389302", "CO", `"country_code":"is invalid"`},
		{"nobody's country", "ada@example.com", "3173389302", "999", `"country_code":"is not supported"`},
		{"a country with its area", "ada@example.com", "3173389302", "1708", `"country_code":"is not supported"`},
		{"all three", "", "x", "999", `"email":"is invalid and can't be blank","cellphone":"is invalid","country_code":"is not supported"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s.call("POST", "/protected/json/users/new", fmt.Sprintf(`{"user":{"email":%q,"cellphone":%q,"country_code":%q}}`,
				test.email, test.cellphone, test.country)).
				want(400, `{`+test.fields+`,"message":"User was not valid","success":false,"errors":{`+test.fields+
					`,"message":"User was not valid"},"error_code":"60027"}`)
		})
	}
	s.get("/phones").want(200, "[]\n")
}

// A country that is not named is the United States.
func TestAMissingCountry(t *testing.T) {
	s := newSim(t)
	s.call("POST", "/protected/json/users/new", "user[email]=ada@example.com&user[cellphone]=317-338-9302").wantStatus(200)
	s.call("POST", "/protected/json/users/new", `{"user":{"email":"ada@example.com","cellphone":"3173389303","country_code":null}}`).wantStatus(200)
	s.get("/phones").wantIn(`"phone_number":"3173389302","country_code":1`, `"phone_number":"3173389303","country_code":1`)
}

func TestStatus(t *testing.T) {
	s := newAda(t)
	s.call("GET", "/protected/json/users/100001/status?user_ip=10.1.1.1", "").want(200, `{"status":{"authy_id":100001,"confirmed":false,`+
		`"registered":true,"country_code":57,"phone_number":"XXX-XXX-9302","email":"ada@example.com","devices":["iphone"],`+
		`"has_hard_token":false,"account_disabled":false,"detailed_devices":[{"device_type":"authy","os_type":"iphone",`+
		`"registration_device_id":null,"registration_method":"sms","device_id":2100001,"last_sync_date":0,"creation_date":1795546800}],`+
		`"deleted_devices":[]},"message":"User status.","success":true}`)
	s.post("/phones/100001", `{"app_installed":false}`).wantStatus(200)
	s.call("GET", "/protected/json/users/100001/status", "").wantStatus(200).
		wantIn(`"registered":false,`, `"devices":[],`, `"detailed_devices":[],`)
}

func TestMasks(t *testing.T) {
	s := newSim(t)
	for _, test := range []struct{ country, number, status, sent string }{
		{"54", "3173389302", "XXX-XXX-9302", "+54-XXX-XXX-XX02"},
		{"351", "911234567", "XX-XXX-4567", "+351-XXX-XXX-XX67"},
		{"1", "7754615609", "XXX-XXX-5609", "+1-XXX-XXX-XX09"},
		{"49", "15123456789", "XXXX-XXX-6789", "+49-XXX-XXX-XX89"},
	} {
		var got struct{ User struct{ ID int64 } }
		s.call("POST", "/protected/json/users/new", fmt.Sprintf(`{"user":{"email":"a@b.co","cellphone":%q,"country_code":%q}}`,
			test.number, test.country)).json(&got)
		s.call("GET", fmt.Sprintf("/protected/json/users/%d/status", got.User.ID), "").wantIn(`"phone_number":"` + test.status + `"`)
		s.call("GET", fmt.Sprintf("/protected/json/sms/%d?force=true", got.User.ID), "").wantIn(`"cellphone":"` + test.sent + `"`)
	}
}

func TestThreePathsRemoveAUser(t *testing.T) {
	s := newSim(t)
	for _, spelling := range []string{"users/%d/remove", "users/%d/delete", "users/delete/%d"} {
		user := s.user("gone@example.com")
		path := "/protected/json/" + fmt.Sprintf(spelling, user)
		s.call("POST", path, "").want(200, `{"message":"User removed from application","success":true}`)
		s.call("POST", path, "").want(404, noUser)
		s.call("GET", path, "").wantStatus(404)
		s.get(fmt.Sprintf("/phones/%d/requests", user)).want(404, `{"error":"no such phone"}`+"\n")
	}
	s.get("/phones").want(200, "[]\n")
}

// The id belongs to the number; everything else about its user is reset.
func TestANumberIsRegisteredAgain(t *testing.T) {
	s := newAda(t)
	s.call("GET", "/protected/json/verify/"+s.token()+"/100001", "").wantStatus(200)
	s.call("POST", "/protected/json/users/100001/secret", "").wantStatus(200)
	var old struct{ Token string }
	s.get("/phones/100001/token?kind=generic").wantStatus(200).json(&old)
	s.removeApp()
	s.call("POST", "/protected/json/users/100001/remove", "").wantStatus(200)
	s.call("POST", "/protected/json/users/new", `{"user":{"email":"eve@example.com","cellphone":"3173389302","country_code":57}}`).
		want(200, `{"message":"User created successfully.","user":{"id":100001},"success":true}`)
	s.call("GET", "/protected/json/users/100001/status", "").
		wantIn(`"confirmed":false,"registered":true`, `"email":"eve@example.com"`)
	s.verify(old.Token).want(401, tokenWrong)
	s.get("/phones/100001/token?kind=generic").wantStatus(409)
}

func TestUnknownUsers(t *testing.T) {
	s := newSim(t)
	for _, who := range []string{"100001", "tony", "0", "-1", "99999999999999999999"} {
		for _, path := range []string{"GET /protected/json/users/%s/status", "POST /protected/json/users/%s/remove",
			"POST /protected/json/users/%s/register_activity", "POST /protected/json/users/%s/update", "POST /protected/json/email/%s",
			"GET /protected/json/sms/%s", "GET /protected/json/call/%s", "POST /protected/json/users/%s/secret",
			"GET /protected/json/users/%s/secret/export", "GET /protected/json/users/%s/phone_number",
			"POST /onetouch/json/users/%s/approval_requests"} {
			method, path, _ := strings.Cut(fmt.Sprintf(path, who), " ")
			t.Run(path, func(t *testing.T) { s.call(method, path, "message=x").want(404, noUser) })
		}
		s.call("GET", "/protected/json/verify/1234567/"+who, "").
			want(404, `{"message":"User doesn't exist","success":false,"errors":{"message":"User doesn't exist"},"error_code":"60016"}`)
	}
}
