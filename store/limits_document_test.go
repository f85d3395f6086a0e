package store_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"nod/store"
)

// rewriteLimits is how the document is brought up to date after a change of the table.
const rewriteLimits = "go test ./store -run TestTheDocumentedLimits -write"

var write = flag.Bool("write", false, "write the limits into docs/security.md instead of comparing them")

// What stands between these lines of docs/security.md is made from the table.
const (
	limitsBegin = "<!-- limits: " + rewriteLimits + " -->\n"
	limitsEnd   = "<!-- end of limits -->\n"
)

func TestTheDocumentedLimits(t *testing.T) {
	const path = "../docs/security.md"
	content, err := os.ReadFile(path)
	must(t, err)
	before, rest, found := strings.Cut(string(content), limitsBegin)
	_, after, ended := strings.Cut(rest, limitsEnd)
	if !found || !ended {
		t.Fatalf("%s has no place for the limits", path)
	}
	want := before + limitsBegin + limitsTable(t) + limitsEnd + after
	if *write {
		must(t, os.WriteFile(path, []byte(want), 0o644))
		return
	}
	if string(content) != want {
		t.Errorf("%s does not say what the table of limits says; this writes it: %s", path, rewriteLimits)
	}
}

var actionWords = map[store.Action]string{
	store.ActPassword: "wrong passwords", store.ActSignIn: "sign-ins begun with the right password", store.ActSignUp: "sign-ups",
	store.ActPush: "requests to a phone, for whatever", store.ActTakeOver: "sign-ins that take the place of one in another browser",
	store.ActCodeSent: "codes by SMS and call", store.ActCodeTry: "codes tried", store.ActRecovery: "recovery codes tried", store.ActProof: "wrong passwords, or codes of one's own, given together",
	store.ActForgot: "wrong recovery codes in the place of a password", store.ActAsked: "codes that the provider is asked about", store.ActCorrection: "corrections of a number",
	store.ActNewPhone: "changes of the phone begun", store.ActPhoneCode: "codes shown to add a phone of one's own", store.ActEnrol: "wrong codes to add a phone of one's own",
	store.ActPasskey: "wrong passkeys",
}

var scopeWords = map[store.Scope]string{
	store.PerAccount: "account", store.PerPhone: "phone", store.PerDevice: "browser of an account", store.PerVisitor: "address at an account",
	store.PerSource: "IPv4 address, IPv6 /64", store.PerSource56: "IPv6 /56", store.PerSource48: "IPv6 /48",
	store.PerCountry: "country", store.PerSite: "site",
}

var whoWords = map[store.Who]string{store.Everybody: "all", store.Strangers: "unknown browsers", store.Known: "known browsers"}

// ofNobody are acts that say nothing of an account: at one address none is a newcomer's.
var ofNobody = []store.Action{store.ActSignUp, store.ActEnrol}

func limitsTable(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("| what | by | of | at most | beyond it | name |\n|---|---|---|---|---|---|\n")
	for _, l := range (store.Options{}).Limits() {
		what, per, who := actionWords[l.Action], scopeWords[l.Per], whoWords[l.Who]
		if what == "" || per == "" || who == "" {
			t.Fatalf("limit %s has no words: add them here", l.Name)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %d in %s | %s | `%s` |\n", what, per, who, l.N, span(l.Window), beyond(l), l.Name)
	}
	return b.String()
}

func beyond(l store.Limit) string {
	switch {
	case l.Pace == 0:
		return "none"
	case l.Newcomers:
		return "one in " + span(l.Pace) + ", from an address that has not failed there"
	case l.Per == store.PerSource && slices.Contains(ofNobody, l.Action):
	case l.Per != store.PerVisitor && l.Per != store.PerDevice:
		return "one in " + span(l.Pace) + ", newcomers first"
	}
	return "one in " + span(l.Pace)
}

// span is a time in words.
func span(d time.Duration) string {
	for _, unit := range []struct {
		of   time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		switch n := d / unit.of; {
		case d%unit.of != 0:
		case n == 1:
			return "1 " + unit.name
		default:
			return fmt.Sprintf("%d %ss", n, unit.name)
		}
	}
	return d.String()
}

// Limits that are no rows: the document says the figures of the code.
func TestTheDocumentedQueue(t *testing.T) {
	content, err := os.ReadFile("../docs/security.md")
	must(t, err)
	for _, want := range []string{
		fmt.Sprintf("%d passwords of one address wait", store.QueuePerSource),
		fmt.Sprintf("%d for each place to hash", store.QueuePerHash),
		fmt.Sprintf("%d codes in one sign-in", store.CodeTriesPerAttempt),
	} {
		if !strings.Contains(strings.Join(strings.Fields(string(content)), " "), want) {
			t.Errorf("docs/security.md lacks %q", want)
		}
	}
}
