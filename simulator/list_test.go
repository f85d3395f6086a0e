package simulator_test

import (
	"net/http"
	"strings"
	"testing"

	"nod/simulator"
)

var (
	asPage = http.Header{"Accept": {"text/html,application/xhtml+xml"}}
	asJSON = http.Header{"Accept": {"application/json"}}
)

func (s *sim) list(query string) (l simulator.PhoneList) {
	s.t.Helper()
	s.do("GET", "/"+query, "", asJSON).wantStatus(200).json(&l)
	return l
}

// The page has the newest phone first; the JSON for scripts keeps its order.
func TestTheListSaysWhichPhoneRings(t *testing.T) {
	s := newAda(t)
	bob := s.user("bob@example.com")
	if got := s.list("").Phones; len(got) != 2 || got[0].AuthyID != bob || got[1].AuthyID != ada {
		t.Fatalf("got %+v, want bob's phone before ada's", got)
	}
	var phones []simulator.Phone
	s.get("/phones").json(&phones)
	if phones[0].AuthyID != ada {
		t.Error("GET /phones has changed its order")
	}
	uuid := s.ask(ada, "message=x")
	s.call("GET", "/protected/json/call/100001?force=true", "").wantStatus(200)
	if got := s.list("").Phones; got[0].Waiting != 0 || got[0].Calling || got[1].Waiting != 1 || !got[1].Calling {
		t.Errorf("got %+v, want ada's phone to ring and be called", got)
	}
	s.do("GET", "/", "", asPage).wantIn("Incoming call")
	s.post("/phones/100001/call/hangup", "").wantStatus(200)
	s.do("GET", "/", "", asPage).wantIn("Waiting for an answer")
	s.tap(ada, uuid, "deny").wantStatus(200)
	if got := s.list("").Phones; got[1].Waiting != 0 || got[1].Calling {
		t.Errorf("got %+v, want no phone to ring", got)
	}
}

func TestTheListIsSearched(t *testing.T) {
	s := newAda(t)
	s.user("bob@example.com")
	for query, want := range map[string]int{"": 2, "ADA@": 1, "+57 317-338": 1, "example": 2, "nobody": 0, "%2B": 0} {
		if got := s.list("?q=" + strings.NewReplacer(" ", "%20", "+", "%2B").Replace(query)).Phones; len(got) != want {
			t.Errorf("%q: got %d phones, want %d", query, len(got), want)
		}
	}
	s.do("GET", "/?q=nobody", "", asPage).wantIn("No phone matches")
}

// A phone that was forgotten is off the list, and comes back as the same one.
func TestAForgottenPhone(t *testing.T) {
	s := newAda(t)
	p := s.watch(ada)
	s.do("POST", "/phones/100001/forget", "", http.Header{"Sec-Fetch-Site": {"cross-site"}}).wantStatus(403)
	s.do("POST", "/phones/100001/forget", "", nil).wantStatus(200).wantIn("No phones yet") // it leads back to the list
	if code, why := p.closed(); code != 1000 || why != "the phone was removed" {
		t.Errorf("got %d %q", code, why)
	}
	if got := s.list("").Phones; len(got) != 0 {
		t.Errorf("got %+v, want no phone", got)
	}
	s.do("GET", "/phones/100001", "", asPage).wantStatus(404).wantIn("This phone is gone", `href="/"`)
	s.do("GET", "/phones/100001", "", asJSON).wantStatus(404).wantIn(`"error":"no such phone"`)
	s.do("POST", "/phones/100001/forget", "", nil).wantStatus(404)
	s.call("POST", "/protected/json/users/new", "user[email]=ada@example.com&user[cellphone]=317-338-9302&user[country_code]=57").wantStatus(200)
	if got := s.list("").Phones; len(got) != 1 || got[0].AuthyID != ada {
		t.Errorf("got %+v, want ada's phone again", got)
	}
}

// Whoever opens a phone under another name is led to one that works.
func TestAPageUnderAForeignName(t *testing.T) {
	s := newAda(t)
	header := asPage.Clone()
	header.Set("Host", "phone.example")
	s.do("GET", "/phones/100001", "", header).wantStatus(421).wantIn("phone.example", "SIMULATOR_HOSTS", `href="/static/phone.css"`,
		`href="`+strings.Replace(s.url, "127.0.0.1", "localhost", 1)+`/phones/100001"`)
	s.do("GET", "/static/phone.css", "", header).wantStatus(200)
}

// Where other devices reach the phones, the pages show how to open them there.
func TestPagesForOtherDevices(t *testing.T) {
	s := newAda(t)
	for _, path := range []string{"/", "/phones/100001"} {
		if got := s.do("GET", path, "", asPage); strings.Contains(got.body, `class="qr"`) {
			t.Errorf("%s shows a QR code of nothing", path)
		}
	}
	s = newSim(t, func(c *simulator.Config) {
		c.CallbackURL, c.NetworkURLs = "http://localhost:3000/authy/callback", []string{"http://192.0.2.7:3001", "http://[2001:db8::7]:3001"}
	})
	s.user("ada@example.com")
	for _, path := range []string{"/", "/phones/100001"} {
		s.do("GET", path, "", asPage).wantIn(`<img class="qr" src="data:image/png;base64,`,
			`href="http://192.0.2.7:3001`+path+`"`, `href="http://[2001:db8::7]:3001`+path+`"`, `href="http://localhost:3000`)
	}
	// An address of this machine's own is no link on another one.
	header := asPage.Clone()
	header.Set("Host", "phone.test")
	s = newSim(t, func(c *simulator.Config) {
		c.CallbackURL, c.AllowedHosts = "http://localhost:3000/authy/callback", []string{"phone.test"}
	})
	if got := s.do("GET", "/", "", header).wantStatus(200); strings.Contains(got.body, "http://localhost:3000") {
		t.Error("another device is sent to its own localhost")
	}
}

// People share a number: it is one phone, which names them all.
func TestAPhoneOfTwo(t *testing.T) {
	s := newAda(t)
	const register = "user[cellphone]=317-338-9302&user[country_code]=57&user[email]="
	for _, email := range []string{"bob@example.com", "ada@example.com", "bob@example.com"} {
		s.call("POST", "/protected/json/users/new", register+email).wantStatus(200).wantIn(`"id":100001`)
	}
	s.do("GET", "/phones/100001", "", asJSON).wantIn(`"email":"ada@example.com"`, `"owners":["ada@example.com","bob@example.com"]`)
	for _, path := range []string{"/", "/phones/100001"} {
		s.do("GET", path, "", asPage).wantIn("ada@example.com and bob@example.com")
	}
	if got := s.list("?q=bob").Phones; len(got) != 1 || got[0].AuthyID != ada {
		t.Errorf("got %+v, want the phone of both", got)
	}
	s.restart()
	s.do("GET", "/phones/100001", "", asJSON).wantIn(`"owners":["ada@example.com","bob@example.com"]`)
	// Whoever comes back after a removal has it alone.
	s.call("POST", "/protected/json/users/100001/remove", "").wantStatus(200)
	s.call("POST", "/protected/json/users/new", register+"bob@example.com").wantStatus(200)
	s.do("GET", "/phones/100001", "", asJSON).wantIn(`"owners":["bob@example.com"]`)
}

// A browser without scripts answers by forms.
func TestAPhoneWithoutScript(t *testing.T) {
	s := newAda(t)
	s.ask(ada, "message=Old?")
	uuid := s.ask(ada, "message=Sign+in%3F&details[Place]=Cork")
	form := `<form method="post" action="/phones/100001/requests/` + uuid + `/approve">`
	s.do("GET", "/phones/100001", "", asPage).wantIn("Sign in?", "<bdi>Cork</bdi>", form)
	got := s.do("POST", "/phones/100001/requests/"+uuid+"/approve", "", asPage).wantStatus(200)
	got.wantIn(">Approved</span>")
	if strings.Contains(got.body, form) {
		t.Error("what is answered can be answered again")
	}
	s.do("POST", "/phones/100001/requests/"+uuid+"/deny", "", asPage).wantStatus(200).wantIn(">Approved</span>") // a second tap, on an old page
	s.do("POST", "/phones/100001/requests/nothing/deny", "", asPage).wantStatus(404)
}

// Every fault in force is said on the list and on each phone that it concerns.
func TestFaultsInForceAreShown(t *testing.T) {
	s := newAda(t)
	bob := s.user("bob@example.com")
	p, q := s.watch(ada), s.watch(bob)
	p.until(`"faults":[]`)
	s.inject(`{"api":"rate_limit","api_delay_ms":3500}`)
	p.until(`"faults":["the API replies 429","the API replies 3.5 s late"]`)
	q.until(`"faults":["the API replies 429","the API replies 3.5 s late"]`)
	s.inject(`{"authy_id":100001,"callback":"never","clock_skew_s":-90}`)
	p.until(`"faults":["the API replies 429","answers are not sent","the API replies 3.5 s late","the clock is 90 s slow"]`)
	l := s.list("")
	if len(l.Faults) != 2 || len(l.Phones[0].Faults) != 0 || len(l.Phones[1].Faults) != 2 {
		t.Errorf("got %+v, want two faults for all and two of ada's phone", l)
	}
	s.do("GET", "/", "", asPage).wantIn("the API replies 3.5 s late", "the clock is 90 s slow")
	s.do("GET", "/phones/100001", "", asPage).wantIn("the API replies 3.5 s late; the clock is 90 s slow")
	s.do("DELETE", "/faults?authy_id=100001", "", nil).wantStatus(200)
	p.until(`"faults":["the API replies 429","the API replies 3.5 s late"]`)
	s.do("DELETE", "/faults", "", nil).wantStatus(200)
	q.until(`"faults":[]`)
}
