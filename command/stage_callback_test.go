package command

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// played is what became of a callback that the stage has sent.
type played struct {
	Signature, Right string
	Trick            struct {
		Status        int
		Rule          string
		Before, After map[string]any
	}
}

// play sends a callback in some way; problem is why it was not sent.
func (p *program) play(how, phone string) (got played, problem string) {
	p.t.Helper()
	res, err := http.PostForm(p.phones+"/stage/callback", url.Values{"how": {how}, "phone": {phone}})
	must(p.t, err)
	text := p.browser().text(res)
	if res.StatusCode != http.StatusOK {
		return got, fmt.Sprint(res.StatusCode, " ", text)
	}
	must(p.t, json.Unmarshal([]byte(text), &got))
	return got, ""
}

var phoneID = regexp.MustCompile(`"authy_id":(\d+),"email":"ada@`)

// waitFor asks until an answer contains something.
func (b *demoBrowser) waitFor(address, part string) string {
	b.t.Helper()
	for {
		if _, text := b.page(address); strings.Contains(text, part) {
			return text
		}
		if err := b.t.Context().Err(); err != nil {
			b.t.Fatal(err)
		}
	}
}

// Each way to send a callback again is really sent, and changes no row.
func TestTheStageSendsCallbacksAgain(t *testing.T) {
	p := startDemo(t)
	b := p.browser()
	_, phones := b.page(p.phones + "/phones")
	found := phoneID.FindStringSubmatch(phones)
	if found == nil {
		t.Fatalf("Ada has no phone: %s", phones)
	}
	phone := p.phones + "/phones/" + found[1]
	for _, how := range []string{"replay", "late"} {
		if _, problem := p.play(how, found[1]); !strings.HasPrefix(problem, "409 ") {
			t.Errorf("%s before anybody has signed in: %q", how, problem)
		}
	}

	b.signIn("/login?as=1")
	var requests []struct{ UUID string }
	_, list := b.page(phone + "/requests")
	must(t, json.Unmarshal([]byte(list), &requests))
	b.text(second(http.PostForm(phone+"/requests/"+requests[0].UUID+"/approve", nil)))
	b.waitFor(phone+"/requests", `"delivered"`)

	for _, test := range []struct {
		how, rule string
		status    int
		meets     bool
	}{
		{"replay", "Nod: decided already, nothing changes", 200, true},
		{"change", "Nod refuses it: the signature does not match", 401, false},
		{"old", "Nod refuses it: its nonce is not of now", 401, true},
		{"unsigned", "Nod refuses it: it is not signed", 401, false},
	} {
		p.wants(test.how, found[1], test.status, test.rule, "approved", test.meets)
	}

	other := p.browser()
	other.signIn("/login?as=1")
	other.send("/login/cancel", "/login/approval")
	b.waitFor(phone+"/requests", `"withdrawn"`)
	p.wants("late", found[1], 200, "Nod: too late, nothing changes", "cancelled", true)
	p.end()
}

func second(res *http.Response, _ error) *http.Response { return res }

func (p *program) wants(how, phone string, status int, rule, row string, meets bool) {
	p.t.Helper()
	got, problem := p.play(how, phone)
	trick := got.Trick
	if problem != "" || trick.Status != status || trick.Rule != rule || (got.Signature == got.Right) != meets {
		p.t.Errorf("%s: got %+v %s", how, got, problem)
	}
	if !reflect.DeepEqual(trick.Before, trick.After) || trick.Before["status"] != row {
		p.t.Errorf("%s: the row was %v and is %v", how, trick.Before, trick.After)
	}
}

// send sends a form of a page that has but its token.
func (b *demoBrowser) send(form, page string) {
	b.t.Helper()
	_, text := b.page(b.p.url + page)
	found := values.FindStringSubmatch(text)
	if found == nil {
		b.t.Fatalf("%s has no form", page)
	}
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.p.url+form, strings.NewReader(url.Values{"_csrf": {found[2]}}.Encode()))
	must(b.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", b.p.url)
	res, err := b.Do(req)
	must(b.t, err)
	b.text(res)
}
