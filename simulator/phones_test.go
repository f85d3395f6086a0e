package simulator_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"nod/simulator"
)

func TestPhones(t *testing.T) {
	s := newSim(t)
	s.get("/phones").want(200, "[]\n")
	s.user("first@example.com")
	s.user("second@example.com")
	var got []struct {
		AuthyID int64 `json:"authy_id"`
		Email   string
	}
	s.get("/phones").wantStatus(200).json(&got)
	if len(got) != 2 || got[0].AuthyID != 100001 || got[0].Email != "first@example.com" || got[1].AuthyID != 100002 {
		t.Errorf("got %v", got)
	}
	s.do("GET", "/phones/100002", "", http.Header{"Accept": {"application/json"}}).wantStatus(200).
		wantIn(`{"authy_id":100002,"email":"second@example.com",`)
}

func TestUnknownPhones(t *testing.T) {
	s := newAda(t)
	for _, id := range []string{"100002", "0", "-1", "ada", "1e5", "99999999999999999999"} {
		for _, path := range []string{"GET /phones/%s", "GET /phones/%s/requests", "GET /phones/%s/messages", "GET /phones/%s/token",
			"GET /phones/%s/events", "POST /phones/%s/requests/x/approve", "POST /phones/%s/requests/x/deny", "POST /phones/%s/call/answer", "POST /phones/%s/call/hangup"} {
			method, path, _ := strings.Cut(fmt.Sprintf(path, id), " ")
			s.do(method, path, "", nil).want(404, `{"error":"no such phone"}`+"\n")
		}
		s.post("/phones/"+id, `{"app_installed":true}`).want(404, `{"error":"no such phone"}`+"\n")
	}
}

func TestAPhoneWithoutTheApp(t *testing.T) {
	s := newAda(t)
	const phone = `{"authy_id":100001,"email":"ada@example.com","owners":["ada@example.com"],"phone_number":"3173389302","country_code":57,`
	s.post("/phones/100001", `{"app_installed":false}`).want(200, phone+`"devices":[],"app_installed":false}`+"\n")
	s.get("/phones").want(200, "["+phone+`"devices":[],"app_installed":false}]`+"\n")
	s.do("POST", "/phones/100001", "app_installed=true", nil).want(200, phone+`"devices":["iphone"],"app_installed":true}`+"\n")
	for _, body := range []string{``, `{}`, `{"app_installed":null}`} {
		s.post("/phones/100001", body).want(400, `{"error":"app_installed must be true or false"}`+"\n")
	}
	s.post("/phones/100001", `{"app":false}`).wantStatus(400).wantIn("invalid JSON")
	s.post("/phones/100001", `{"app_installed":"no"}`).wantStatus(400)
	s.do("POST", "/phones/100001", "%zz", nil).wantStatus(400)
	s.get("/phones").wantIn(`"app_installed":true`)
}

func TestOddNumbersAreAndroids(t *testing.T) {
	s := newSim(t)
	s.call("POST", "/protected/json/users/new", "user[email]=a@b.co&user[cellphone]=3173389303&user[country_code]=57").wantStatus(200)
	s.get("/phones").wantIn(`"devices":["android"]`)
	s.call("GET", "/protected/json/sms/100001", "").wantIn(`"device":"android"`)
	s.tap(ada, s.ask(ada, "message=x"), "approve").wantStatus(200)
	if got := s.app.next(); !strings.Contains(string(got.body), `"os_type":"android"`) {
		t.Errorf("got %s", got.body)
	}
}

func TestMessagesNewestFirst(t *testing.T) {
	s := newAda(t)
	s.get("/phones/100001/messages").want(200, "[]\n")
	for _, path := range []string{"GET sms/100001?force=true", "GET call/100001?force=true", "POST email/100001"} {
		method, path, _ := strings.Cut(path, " ")
		s.call(method, "/protected/json/"+path, "").wantStatus(200)
	}
	s.call("POST", startPath, "country_code=57&phone_number=3173389302").wantStatus(200)
	var via []string
	for _, m := range s.messages() {
		via = append(via, m.Via+fmt.Sprint(len(m.Code)))
	}
	if got := strings.Join(via, " "); got != "sms4 email7 call7 sms7" {
		t.Errorf("got %s", got)
	}
	whole := s.get("/phones/100001/messages").body
	s.get("/messages?country_code=57&phone_number=317-338-9302").want(200, whole)
}

func TestTheNewestHundredAreListed(t *testing.T) {
	s := newAda(t)
	var last string
	for range 101 {
		last = s.ask(ada, "message=x")
		s.call("POST", startPath, "country_code=57&phone_number=3173389302&custom_message="+last).wantStatus(200)
	}
	requests := s.get("/phones/100001/requests").body
	if n := strings.Count(requests, `"uuid"`); n != 100 || !strings.Contains(requests[:100], last) {
		t.Errorf("got %d requests", n)
	}
	if all := s.messages(); len(all) != 100 || all[0].Text != last {
		t.Errorf("got %d messages", len(all))
	}
}

func TestMessagesOfInvalidNumbers(t *testing.T) {
	s := newAda(t)
	for _, query := range []string{"", "?country_code=57", "?phone_number=1", "?country_code=999&phone_number=1", "?country_code=x&phone_number=1"} {
		s.get("/messages"+query).want(400, `{"error":"a valid country_code and a phone_number are required"}`+"\n")
	}
}

// A phone says no code before somebody answers, and never one of a call that was
// missed.
func TestACallRings(t *testing.T) {
	s := newAda(t)
	page := s.watch(ada)
	ring := func() (code string) {
		s.call("GET", "/protected/json/call/100001?force=true", "").wantStatus(200)
		return s.messages()[0].Code
	}
	missed := ring()
	frame := page.until(`"call":{"answered":false`)
	code := ring() // ends the first call
	frame += page.until(`"messages":[{"via":"call"`, `"call":{"answered":false`)
	if n := strings.Count(frame, `"text"`); n != 1 || !strings.Contains(frame, `"code":"","text":""`) {
		t.Errorf("of a call that was missed a phone shows %s", frame)
	}
	if strings.Contains(frame, missed) || strings.Contains(frame, code) {
		t.Errorf("a phone shows the code of a call that nobody has answered: %s", frame)
	}
	s.post("/phones/100001/call/answer", "").wantStatus(200).wantIn(`"authy_id":100001`)
	frame = page.until(`"messages":[{"via":"call","code":"`+code+`"`, `"call":{"answered":true,"text":"Your Nod code is: `, `"code":"`+code+`"`)
	if strings.Contains(frame, missed) {
		t.Errorf("a phone shows the code of the call before the one that was answered: %s", frame)
	}
	s.post("/phones/100001/call/hangup", "").wantStatus(200).wantIn(`"authy_id":100001`)
	page.until(`"messages":[{"via":"call","code":"`+code+`"`, `"call":null`)
	for _, path := range []string{"answer", "hangup"} { // no call
		s.post("/phones/100001/call/"+path, "").wantStatus(200)
	}
	s.verify(missed).wantStatus(200)
}

// Without scripts a call is answered by forms.
func TestACallByForms(t *testing.T) {
	s := newAda(t)
	s.call("GET", "/protected/json/call/100001?force=true", "").wantStatus(200)
	code := s.messages()[0].Code
	rings := s.do("GET", "/phones/100001", "", asPage).wantStatus(200)
	rings.wantIn(`action="/phones/100001/call/answer"`, `action="/phones/100001/call/hangup"`)
	if strings.Contains(rings.body, code) {
		t.Error("a page shows the code of a call that nobody has answered")
	}
	s.do("POST", "/phones/100001/call/answer", "", asPage).wantStatus(200).wantIn(code, `action="/phones/100001/call/hangup"`)
	if got := s.do("POST", "/phones/100001/call/hangup", "", asPage).wantStatus(200); strings.Contains(got.body, "/call/") {
		t.Error("a call that has ended can be answered")
	}
}

func TestPages(t *testing.T) {
	s := newAda(t)
	s.get("/").wantStatus(200).wantIn("ada@example.com", `href="/phones/100001"`, s.app.url) // it links the home page of the application
	for _, accept := range []string{"", "text/html", "text/html,application/json"} {
		got := s.do("GET", "/phones/100001", "", http.Header{"Accept": {accept}}).wantStatus(200)
		got.wantIn("ada@example.com", `data-events-url="/phones/100001/events"`)
		if kind := got.header.Get("Content-Type"); kind != "text/html; charset=utf-8" {
			t.Error("got", kind)
		}
	}
	for name, kind := range map[string]string{"phone.js": "text/javascript; charset=utf-8", "phone.css": "text/css; charset=utf-8", "phone.svg": "image/svg+xml"} {
		got := s.get("/static/" + name).wantStatus(200)
		if got.header.Get("Content-Type") != kind || got.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: got %v", name, got.header)
		}
	}
	for _, name := range []string{"", "none.js", "..%2Fpages.go", "%2e%2e%2fphone.html", "."} {
		if got := s.get("/static/" + name); got.status != 404 && got.status != 307 && got.status != 301 {
			t.Errorf("%q: got %d", name, got.status)
		}
	}
}

// Names and addresses are shown as text.
func TestPagesEscape(t *testing.T) {
	s := newSim(t, func(c *simulator.Config) { c.AppName = "<i>Bank" })
	s.call("POST", "/protected/json/users/new", `{"user":{"email":"a&b@example.com","cellphone":"3173389302","country_code":57}}`).wantStatus(200)
	for _, path := range []string{"/", "/phones/100001"} {
		got := s.get(path).wantStatus(200)
		if got.wantIn("&lt;i&gt;Bank", "a&amp;b@example.com"); strings.Contains(got.body, "<i>Bank") {
			t.Errorf("%s is not escaped", path)
		}
	}
}
