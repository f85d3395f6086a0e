package simulator_test

import (
	"net/http"
	"strings"
	"testing"
)

const xmlHead = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"

// What authy-java sent until 1.3.1, by its sources: users, SMS, calls and codes
// in XML, with the type application/xml on every request.
func TestAuthyJavaSpeaksXML(t *testing.T) {
	s := newSim(t)
	header := http.Header{"X-Authy-Api-Key": {testKey}, "Content-Type": {"application/xml"}}
	do := func(method, path, body string) reply {
		t.Helper()
		got := s.do(method, "/protected/xml/"+path, body, header)
		if kind := got.header.Get("Content-Type"); kind != "application/xml;charset=utf-8" {
			t.Errorf("%s: got the type %s", path, kind)
		}
		return got
	}
	const ada = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><user><cellphone>317-338-9302</cellphone>` +
		`<country_code>57</country_code><email>ada@example.com</email></user>`
	do("POST", "users/new", ada).want(200, xmlHead+`<hash><message>User created successfully.</message><user><id type="integer">100001</id></user>`+
		`<success type="boolean">true</success></hash>`+"\n")
	do("POST", "users/new", strings.ReplaceAll(ada, "ada@example.com", "nobody")).want(400, xmlHead+
		`<errors><email>is invalid</email><message>User was not valid</message><error-code>60027</error-code></errors>`+"\n")
	do("GET", "sms/100001?force=true", "").want(200, xmlHead+
		`<hash><success type="boolean">true</success><message>SMS token was sent</message><cellphone>+57-XXX-XXX-XX02</cellphone></hash>`+"\n")
	do("GET", "call/100001?force=true", "").wantStatus(200).wantIn("<message>Call started...</message>")
	code := s.messages()[0].Code
	do("GET", "verify/"+code+"/100001?force=true", "").wantStatus(200).wantIn(xmlHead+"<hash><message>Token is valid.</message><token>is valid</token>"+
		"<success>true</success><device>", `<id nil="true"/>`, `<os-type>sms</os-type>`, `<registration-date type="integer">1795546800</registration-date>`)
	do("GET", "verify/"+code+"/100001?force=true", "").want(401, xmlHead+
		`<errors><message>Token is invalid. Token was used recently.</message><error-code>60019</error-code></errors>`+"\n")
	do("GET", "users/100001/status", "").wantStatus(200).wantIn(`<devices type="array"><device>iphone</device></devices>`,
		`<authy-id type="integer">100001</authy-id>`, `<deleted-devices type="array"></deleted-devices>`)
	do("POST", "users/delete/100001", "").wantStatus(200).wantIn("<message>User removed from application</message>")
	do("POST", "users/delete/100001", "").want(404, xmlHead+
		`<errors><message>User not found.</message><error-code>60026</error-code></errors>`+"\n")
}

// Before 2016 the client sent its key in the query.
func TestXMLWithTheKeyInTheQuery(t *testing.T) {
	s := newAda(t)
	wire := http.Header{"Content-Type": {"application/xml"}}
	s.do("GET", "/protected/xml/sms/100001?api_key="+testKey+"&force=true", "", wire).wantStatus(200)
	s.do("GET", "/protected/xml/sms/100001?api_key=x&force=true", "", wire).want(401, xmlHead+
		`<errors><message>Invalid API key</message><error-code>60001</error-code></errors>`+"\n")
}

// The whole API has a twin in XML, also as parameters of a JSON path.
func TestXMLIsEscaped(t *testing.T) {
	s := newAda(t)
	header := http.Header{"X-Authy-Api-Key": {testKey}, "Content-Type": {"text/xml"}}
	const ask = `<hash><message>a &lt;b&gt; &amp; c</message><details><Where>Bogotá</Where></details><seconds-to-expire type="integer">120</seconds-to-expire></hash>`
	s.do("POST", "/onetouch/json/users/100001/approval_requests", ask, header).wantStatus(200)
	s.get("/phones/100001/requests").wantIn(`"message":"a <b> & c"`, `"details":{"Where":"Bogotá"}`, `"expires_at":"2026-11-24T19:02:00.000Z"`)
	s.do("POST", "/protected/xml/users/100001/secret", "label=a%3Cb%3E", http.Header{"X-Authy-Api-Key": {testKey}}).wantStatus(200).
		wantIn("<label>a&lt;b&gt;</label>")
	s.do("GET", "/onetouch/xml/approval_requests/no-such", "", header).wantStatus(404).wantIn("<error-code>60049</error-code>")
}
