package handlers_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

var (
	noScript  = regexp.MustCompile(`(?s)<noscript>.*?</noscript>`)
	refreshes = regexp.MustCompile(`<meta http-equiv="refresh" content="([^"]+)">`)
)

// reloads is where a page that runs scripts loads itself again by its markup,
// "" for nowhere.
func (p page) reloads() string {
	if found := refreshes.FindStringSubmatch(noScript.ReplaceAllString(p.Body, "")); found != nil {
		return found[1]
	}
	return ""
}

func TestTheWaitingPageWithoutScripts(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	events := b.waits(ada)
	for _, test := range []struct{ query, reloads string }{
		{"", ""},
		{"?plain=0", ""},
		{"?plain=-1", ""},
		{"?plain=x", ""},
		{"?plain=1", "5; url=/login/approval?plain=2"},
		{"?plain=8", "5; url=/login/approval?plain=9"},
		{"?plain=9", "5; url=/login/approval?plain=9"},
		{"?plain=123456789", "5; url=/login/approval?plain=9"},
	} {
		p := b.get("/login/approval" + test.query)
		wantStatus(t, p, http.StatusOK)
		if got := p.reloads(); got != test.reloads {
			t.Errorf("%q loads itself again by %q, want %q", test.query, got, test.reloads)
		}
		if got, want := strings.Contains(p.Body, `type="module"`), test.reloads == ""; got != want {
			t.Errorf("%q has modules: %v, want %v", test.query, got, want)
		}
		// Nothing on the page without scripts may look as if it moved.
		if got, want := strings.Contains(noScript.ReplaceAllString(p.Body, ""), "asking every 5 s"), test.reloads != ""; got != want {
			t.Errorf("%q says how often it asks: %v, want %v", test.query, got, want)
		}
	}
	ada.phone.approve(ada.phone.pending())
	events.want("approved")
	p := b.get("/login/approval?plain=3")
	if got := p.reloads(); got != "" {
		t.Errorf("an approved request loads itself again: %s", got)
	}
	if !strings.Contains(p.Body, words("approval.approved.text_plain")) {
		t.Error("the page does not say what to press")
	}
}
