package handlers_test

import (
	"regexp"
	"strings"
	"testing"
)

var timeElement = regexp.MustCompile(`<time datetime="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z">[^<]* UTC</time>`)

// A script can show in the reader's own zone only what says when it was.
func TestEveryTimeSaysItsMoment(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	b.signIn(s.account("ada@example.com"))
	wantRedirect(t, b.post("/transfers", "payee", "Grace", "amount", "1", "currency", "EUR"), "/protected#transfers")
	got := b.get("/protected")
	if n := len(timeElement.FindAllString(got.Body, -1)); n < 1+1+6 { // the sign-in, the transfer, the activity
		t.Errorf("the page has %d times", n)
	}
	if rest := timeElement.ReplaceAllString(got.Body, ""); strings.Contains(rest, "UTC") {
		t.Errorf("a time stands outside of its element:\n%s", rest)
	}
	wantBody(t, got, `src="/static/times.js"`)
}
