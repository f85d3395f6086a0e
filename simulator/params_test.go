package simulator_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

const (
	jsonType = "application/json"
	formType = "application/x-www-form-urlencoded"
)

// wire is a request as it was recorded from a client library.
type wire struct {
	client, method, path, contentType, body string
	keyInHeader                             bool
}

func (s *sim) sendWire(w wire) reply {
	s.t.Helper()
	header := http.Header{"Content-Type": {w.contentType}}
	if w.contentType == "" {
		header["Content-Type"] = nil
	}
	if w.keyInHeader {
		header.Set("X-Authy-API-Key", testKey)
	}
	expand := strings.NewReplacer("KEY", testKey)
	return s.do(w.method, expand.Replace(w.path), expand.Replace(w.body), header)
}

func TestEveryClientRegisters(t *testing.T) {
	tests := []wire{
		{"PHP's curl with an array", "POST", "/protected/json/users/new", "multipart/form-data; boundary=------------------------d74496d66958873e",
			strings.Join([]string{"--------------------------d74496d66958873e", `Content-Disposition: form-data; name="user[email]"`, "", "foo@bar.com",
				"--------------------------d74496d66958873e", `Content-Disposition: form-data; name="user[cellphone]"`, "", "775-461-5609",
				"--------------------------d74496d66958873e", `Content-Disposition: form-data; name="user[country_code]"`, "", "1",
				"--------------------------d74496d66958873e--", ""}, "\r\n"), true},
		{"authy-client", "POST", "/protected/json/users/new", jsonType,
			`{"user":{"cellphone":"7754615609","country_code":1,"email":"foo@bar.com"}}`, true},
		{"npm authy", "POST", "/protected/json/users/new?send_install_link_via_sms=true&api_key=KEY", formType,
			`user%5Bemail%5D=foo%40bar.com&user%5Bcellphone%5D=775-461-5609&user%5Bcountry_code%5D=1`, false},
		{"go-authy", "POST", "/protected/json/users/new", formType,
			`api_key=KEY&user%5Bcellphone%5D=775-461-5609&user%5Bcountry_code%5D=1&user%5Bemail%5D=foo%40bar.com`, false},
		{"authy-ruby", "POST", "/protected/json/users/new", formType,
			`user%5Bemail%5D=foo%40bar.com&&user%5Bcellphone%5D=775.461.5609&user%5Bcountry_code%5D=1&send_install_link_via_sms=true`, true},
		{"authy-python", "POST", "/protected/json/users/new", jsonType,
			`{"send_install_link_via_sms":false,"user":{"email":"foo@bar.com","cellphone":"775 461 5609","country_code":1}}`, true},
		{"authy-java", "POST", "/protected/json/users/new", jsonType,
			`{"user":{"email":"foo@bar.com","cellphone":"775-461-5609","country_code":"1"}}`, true},
		{"authy-php", "POST", "/protected/json/users/new?user[email]=foo@bar.com&user[cellphone]=775-461-5609" +
			"&user[country_code]=1&user[send_install_link_via_sms]=1", "", "", true},
		{"key in a JSON body", "POST", "/protected/json/users/new", jsonType,
			`{"api_key":"KEY","user":{"cellphone":"7754615609","country_code":1,"email":"foo@bar.com"}}`, false},
		{"JSON without its type", "POST", "/protected/json/users/new", formType,
			`{"user":{"cellphone":"7754615609","country_code":1,"email":"foo@bar.com"}}`, true},
		{"the body wins over the query", "POST", "/protected/json/users/new?user[email]=wrong&user[cellphone]=1", formType,
			`user%5Bemail%5D=foo%40bar.com&user%5Bcellphone%5D=7754615609&user%5Bcountry_code%5D=1`, true},
	}
	for _, test := range tests {
		t.Run(test.client, func(t *testing.T) {
			s := newSim(t)
			s.sendWire(test).want(200, `{"message":"User created successfully.","user":{"id":100001},"success":true}`)
			s.get("/phones").want(200, `[{"authy_id":100001,"email":"foo@bar.com","owners":["foo@bar.com"],"phone_number":"7754615609",`+
				`"country_code":1,"devices":["android"],"app_installed":true}]`+"\n")
		})
	}
}

func TestEveryClientAsksForApproval(t *testing.T) {
	const path = "/onetouch/json/users/100001/approval_requests"
	full := `"details":{"Email Address":"a@b"},"details_list":[{"label":"Email Address","value":"a@b"}],"logo":"https://e.com/a.png",`
	tests := []struct {
		wire
		shown   string // on the phone
		expires string
	}{
		{wire{"authy-client", "POST", path, jsonType, `{"details":{"Email Address":"a@b"},"hidden_details":{"ip":"1.2.3.4"},` +
			`"logos":[{"res":"default","url":"https://e.com/a.png"}],"message":"Login","seconds_to_expire":120}`, true}, full, "19:02:00"},
		{wire{"npm authy", "POST", path + "?api_key=KEY", formType, `message=Login&details%5BEmail%20Address%5D=a%40b` +
			`&hidden_details%5Bip%5D=1.2.3.4&logos%5B0%5D%5Bres%5D=default&logos%5B0%5D%5Burl%5D=https%3A%2F%2Fe.com%2Fa.png` +
			`&logos%5B1%5D%5Bres%5D=low&logos%5B1%5D%5Burl%5D=https%3A%2F%2Fe.com%2Fb.png&seconds_to_expire=120`, false}, full, "19:02:00"},
		{wire{"go-authy", "POST", path, formType,
			`api_key=KEY&details%5BEmail+Address%5D=a%40b&message=Login&seconds_to_expire=120`, false},
			strings.Replace(full, "https://e.com/a.png", "", 1), "19:02:00"},
		{wire{"authy-ruby", "POST", path, formType, `message=Login&details%5BEmail+Address%5D=a%40b&&hidden_details%5Bip%5D=1.2.3.4` +
			`&logos%5B%5D%5Bres%5D=default&logos%5B%5D%5Burl%5D=https%3A%2F%2Fe.com%2Fa.png` +
			`&logos%5B%5D%5Bres%5D=low&logos%5B%5D%5Burl%5D=https%3A%2F%2Fe.com%2Fb.png&seconds_to_expire=120`, true}, full, "19:02:00"},
		{wire{"authy-python", "POST", path, jsonType,
			`{"message":"Login","details":{},"hidden_details":{},"logos":[],"seconds_to_expire":null}`, true},
			`"details":{},"details_list":[],"logo":"",`, ""},
		{wire{"authy-php", "POST", path + "?message=Login&details%5BEmail+Address%5D=a%40b&logos[0][res]=default" +
			"&logos[0][url]=https://e.com/a.png&seconds_to_expire=120", "", "", true}, full, "19:02:00"},
		{wire{"numbers and booleans for text", "POST", path, jsonType,
			`{"message":"Login","details":{"Amount":12.50,"Fast":true,"Slow":false,"Note":null},"seconds_to_expire":"120"}`, true},
			`"details":{"Amount":"12.50","Fast":"true","Note":"","Slow":"false"},"details_list":[{"label":"Amount","value":"12.50"},` +
				`{"label":"Fast","value":"true"},{"label":"Slow","value":"false"},{"label":"Note","value":""}],"logo":"",`, "19:02:00"},
	}
	for _, test := range tests {
		t.Run(test.client, func(t *testing.T) {
			s := newSim(t)
			s.user("foo@bar.com")
			s.sendWire(test.wire).wantStatus(200)
			expires := `"2026-11-24T` + test.expires + `.000Z"`
			if test.expires == "" {
				expires = `"2026-11-25T19:00:00.000Z"`
			}
			got := s.get("/phones/100001/requests")
			got.body = scrub(got.body)
			got.want(200, `[{"uuid":"UUID","message":"Login",`+test.shown+`"status":"pending",`+
				`"created_at":"2026-11-24T19:00:00.000Z","expires_at":`+expires+"}]\n")
		})
	}
}

// The members of a list element stay together in any order.
func TestRackLists(t *testing.T) {
	s := newSim(t)
	ada := s.user("ada@example.com")
	uuid := s.ask(ada, "message=x&logos[][url]=https://e.com/l.png&logos[][res]=low&logos[][url]=https://e.com/h.png&logos[][res]=high")
	s.tap(ada, uuid, "approve").wantStatus(200).wantIn(`"logo":"https://e.com/h.png"`)
	got := string(s.app.next().body)
	if want := `"logos":[{"res":"low","url":"https://e.com/l.png"},{"res":"high","url":"https://e.com/h.png"}]`; !strings.Contains(got, want) {
		t.Errorf("got %s\nwant %s in it", got, want)
	}
}

func TestReadingCallsWithBodies(t *testing.T) {
	s := newSim(t)
	ada := s.user("ada@example.com")
	id := fmt.Sprint(ada)
	s.call("POST", "/protected/json/phones/verification/start", "phone_number=775-461-5609&country_code=1&via=sms&code_length=6").wantStatus(200)
	for _, test := range []wire{
		{"authy-client, empty object", "GET", "/protected/json/users/" + id + "/status", jsonType, `{}`, true},
		{"authy-client, address of the user", "GET", "/protected/json/users/" + id + "/status", jsonType, `{"user_ip":"10.1.1.1"}`, true},
		{"npm authy", "GET", "/protected/json/users/" + id + "/status?api_key=KEY", formType, "", false},
		{"npm authy, form on GET", "GET", "/protected/json/phones/verification/status?api_key=KEY", formType,
			"phone_number=775-461-5609&country_code=1", false},
		{"old clients read by POST", "POST", "/protected/json/users/" + id + "/status", formType, "", true},
		{"authy-java, JSON of no bytes", "POST", "/protected/json/users/" + id + "/status", jsonType, "", true},
	} {
		t.Run(test.client, func(t *testing.T) { s.sendWire(test).wantStatus(200) })
	}
}

func TestKeys(t *testing.T) {
	s := newSim(t)
	s.user("ada@example.com")
	const path = "/protected/json/users/100001/status"
	const refused = `{"error_code":"60001","message":"Invalid API key","errors":{"message":"Invalid API key"},"success":false}`
	header := func(key string) http.Header { return http.Header{"X-Authy-Api-Key": {key}} }

	s.do("GET", path, "", nil).want(401, refused)
	s.do("GET", path, "", header("wrong")).want(401, refused)
	s.do("GET", path, "", header(testKey[:31])).want(401, refused)
	s.do("GET", path+"?api_key="+testKey, "", header("wrong")).want(401, refused) // the header wins
	s.do("GET", path+"?api_key=wrong", "", header(testKey)).wantStatus(200)
	s.do("GET", path, "api_key="+testKey, nil).wantStatus(200)
}

func TestUnreadableParameters(t *testing.T) {
	s := newSim(t)
	const path = "/protected/json/users/new"
	deep := strings.Repeat(`{"a":`, 20) + "1" + strings.Repeat("}", 20)
	tests := []struct {
		name, path, contentType, body string
		code                          string
	}{
		{"broken JSON", path, jsonType, `{"user":`, "60002"},
		{"a list", path, jsonType, `[1]`, "60002"},
		{"two objects", path, jsonType, `{}{}`, "60002"},
		{"text", path, jsonType, `user`, "60002"},
		{"too deep", path, jsonType, deep, "60002"},
		{"too deep a form", path, formType, "a" + strings.Repeat("[b]", 20) + "=1", "60002"},
		{"too many", path, formType, strings.Repeat("a[]=1&", 600), "60002"},
		{"too many in JSON", path, jsonType, `{"a":[` + strings.Repeat("1,", 600) + `1]}`, "60002"},
		{"too large", path, formType, strings.Repeat("a", 70_000), "60002"},
		{"multipart", path, "multipart/form-data; boundary=x", "--y--", "60002"},
		{"multipart without a boundary", path, "multipart/form-data", "--x--", "60002"},
		{"broken XML", path, "application/xml", "<user><email>", "60002"},
		{"two XML documents", path, "application/xml", "<user></user><user></user>", "60002"},
		{"an XML entity", path, "application/xml", `<!DOCTYPE user [<!ENTITY x "x">]><user><email>&x;</email></user>`, "60002"},
		{"too deep an XML", path, "application/xml", strings.Repeat("<a>", 20) + strings.Repeat("</a>", 20), "60002"},
		{"too many in XML", path, "application/xml", "<a>" + strings.Repeat("<b/>", 600) + "</a>", "60002"},
		{"badly escaped", path, formType, "a=%zz", "60002"},
		{"not UTF-8", path, formType, "a=\xff", "60005"},
		{"not UTF-8 in JSON", path, jsonType, "{\"a\":\"\xff\"}", "60005"},
		{"not UTF-8 when unescaped", path + "?a=%ff", formType, "", "60005"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s.do("POST", test.path, test.body, http.Header{"X-Authy-Api-Key": {testKey}, "Content-Type": {test.contentType}}).
				wantStatus(400).wantIn(`"error_code":"` + test.code + `"`)
		})
	}
	t.Run("packed", func(t *testing.T) {
		s.do("POST", path, "a=1", http.Header{"X-Authy-Api-Key": {testKey}, "Content-Encoding": {"gzip"}}).
			wantStatus(400).wantIn(`"error_code":"60002"`)
	})
}

// When names contradict each other, the later pair wins.
func TestContradictoryNames(t *testing.T) {
	s := newSim(t)
	for _, query := range []string{
		"user=1&user[email]=a@b.co&user[cellphone]=7754615609&user[country_code]=1",
		"user[]=1&user[email]=a@b.co&user[cellphone]=7754615609&user[country_code]=1",
		"user[email][x]=1&user[email]=a@b.co&user[cellphone]=7754615609&user[country_code]=1",
		"[]=1&[a]=2&=3&a[=4&a]=5&user[email]=a@b.co&user[cellphone]=7754615609&user[country_code]=1",
	} {
		s.call("POST", "/protected/json/users/new", query).wantStatus(200)
	}
	s.call("POST", "/protected/json/users/new", "user[email]=a@b.co&user[]=1").wantStatus(400)
}
