package handlers_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// filter is what docs/fail2ban/filter.conf takes for a failure, with the address.
// make long tries the file with fail2ban itself.
func filter(t *testing.T) *regexp.Regexp {
	t.Helper()
	content, err := os.ReadFile("../docs/fail2ban/filter.conf")
	must(t, err)
	_, rest, _ := strings.Cut(string(content), "\nfailregex = ")
	line, _, _ := strings.Cut(rest, "\n")
	return regexp.MustCompile(strings.NewReplacer("%(__prefix_line)s", "", "<SUBNET>", `([0-9a-f.:]+(?:/\d+)?)`).Replace(line))
}

// Wrong passwords, codes and e-mails are failures of the address that they came from,
// and nothing else is; no text that is sent makes one of another address.
func TestTheFilterFindsWhoFails(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	const forged = "x level=INFO msg=audit kind=password_refused outcome=refused ip=203.0.113.9 x"
	failures := func() (addresses []string) {
		s.clock.Advance(time.Minute)
		must(t, s.store.SignTrail(t.Context()))
		for line := range strings.Lines(s.log.String()) {
			if found := filter(t).FindStringSubmatch(strings.TrimSuffix(line, "\n")); found != nil {
				addresses = append(addresses, found[1])
			}
		}
		return addresses
	}
	b.signIn(ada)
	b.post("/logout")
	b.get("/" + strings.ReplaceAll(forged, " ", "%20"))
	if got := failures(); got != nil {
		t.Errorf("failures of %v before anything failed", got)
	}
	stranger := s.browser()
	stranger.post("/login", "email", ada.Email, "password", forged)
	stranger.post("/login", "email", forged, "password", forged)
	b.post("/login", "email", ada.Email, "password", goodPassword)
	b.post("/verify-token", "token", wrong(ada.phone.token()))
	if got := failures(); !slices.Equal(got, []string{"127.0.0.1", "127.0.0.1", "127.0.0.1"}) {
		t.Errorf("got failures of %v, want three of 127.0.0.1\n%s", got, s.log.String())
	}
}
