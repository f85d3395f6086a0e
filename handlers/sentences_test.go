package handlers

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"nod/locales"
	"nod/store"
	"nod/views"
)

// Each limit says which it is.
func TestEveryLimitHasASentence(t *testing.T) {
	words, err := locales.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range append((store.Options{}).Limits(), store.Limit{Name: store.LimitPaused}) {
		if text := words.English().Text("limit."+l.Name, "wait", "a minute"); !strings.Contains(text, "in a minute") {
			t.Errorf("limit %s: got %q", l.Name, text)
		}
	}
}

// constant is a constant of a named type, as its package declares it.
type constant struct{ name, value string }

// constants finds all constants of a type in the source of a package.
func constants(t *testing.T, pkg, typ string) []constant {
	t.Helper()
	paths, err := filepath.Glob("../" + pkg + "/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var found []constant
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok && isIdent(spec.Type, typ) {
				for i, name := range spec.Names {
					found = append(found, constant{pkg + "." + name.Name, textOf(t, name, spec.Values[i:])})
				}
			}
			return true
		})
	}
	if len(found) == 0 {
		t.Fatalf("package %s has no constants of type %s: the search is broken", pkg, typ)
	}
	return found
}

func isIdent(e ast.Expr, name string) bool {
	ident, ok := e.(*ast.Ident)
	return ok && ident.Name == name
}

// textOf is the text of the first value, which must be written out.
func textOf(t *testing.T, name *ast.Ident, values []ast.Expr) string {
	t.Helper()
	if len(values) > 0 {
		if lit, ok := values[0].(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if text, err := strconv.Unquote(lit.Value); err == nil {
				return text
			}
		}
	}
	t.Fatalf("the value of %s must be a string, so that its sentence can be found", name.Name)
	return ""
}

// keys are the keys of all English sentences.
func keys(t *testing.T) map[string]bool {
	t.Helper()
	text, err := os.ReadFile("../locales/en.json")
	if err != nil {
		t.Fatal(err)
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for key := range raw {
		known[key] = true
	}
	return known
}

// group is a type of which each constant has a sentence, unless it is one of
// without.
type group struct {
	pkg, typ string
	key      func(value string) string // "": the page shows nothing
	without  []string
}

func prefixed(prefix string) func(string) string {
	return func(value string) string { return prefix + value }
}

var groups = []group{
	{pkg: "signin", typ: "Problem", key: prefixed("problem.")},
	{pkg: "signin", typ: "NotSentReason", key: prefixed("code_not_sent.")},
	{pkg: "store", typ: "CodeState", key: func(value string) string {
		switch value {
		case "sent", "ignored":
			return ""
		}
		return "notice.code_" + value
	}, without: []string{"sent", "ignored"}}, // the lead says so; code_not_sent.has_app
	{pkg: "store", typ: "Method", key: prefixed("method.")},
	{pkg: "store", typ: "NoticeKind", key: prefixed("told.")},
	{pkg: "store", typ: "TransferStatus", key: prefixed("transfers.")},
	{pkg: "store", typ: "ApprovalStatus", key: func(value string) string { return "approval." + value + ".title" }},
	{
		pkg: "store", typ: "EventKind",
		key: func(value string) string { return eventKey(store.Event{Kind: store.EventKind(value)}) },
		without: []string{
			"session_ended", "account_closed", "sign_up_ended", // the first has a line by its reason
			"email_unknown", "foreign_form", "stale_form", "callback_forged", "malformed",
		},
	},
	{
		pkg: "store", typ: "Reason",
		key: func(value string) string {
			return eventKey(store.Event{Kind: store.EventSessionEnded, Detail: value})
		},
		without: append([]string{
			"replaced", "signed_in", // the next step has a line of its own
			"expired", "idle", "not_kept", "account_closed", "email_taken", "rekeyed",
		}, ofRequestsOnly...),
	},
	{pkg: "store", typ: "Reason", key: func(value string) string {
		return eventKey(store.Event{Kind: store.EventApprovalCancelled, Detail: value})
	}},
}

// ofRequestsOnly are reasons that no session ends for.
var ofRequestsOnly = []string{"by_user", "no_device", "unavailable", "push_paused", "under_way", "superseded", "other_method", "changed", "unconfirmed", "wrong_number", "phone_gone", "rate_limited"}

func TestEveryConstantHasItsSentence(t *testing.T) {
	known := keys(t)
	meant := map[string]bool{"event.limited." + store.LimitPaused: true, "told.denied_transfer": true}
	for _, g := range groups {
		for _, c := range constants(t, g.pkg, g.typ) {
			key := g.key(c.value)
			meant[key] = true
			switch without := slices.Contains(g.without, c.value); {
			case key == "" && !without:
				t.Errorf("%s (%s) has no sentence: give it one, or list it as one without", c.name, g.typ)
			case key != "" && without:
				t.Errorf("%s (%s) is listed as one without a sentence, but the page shows %q", c.name, g.typ, key)
			case key != "" && !known[key]:
				t.Errorf("%s (%s) has no sentence %q", c.name, g.typ, key)
			}
		}
	}
	for key := range known {
		prefix, _, _ := strings.Cut(key, ".")
		if slices.Contains([]string{"problem", "code_not_sent", "method", "event", "told"}, prefix) && !meant[key] {
			t.Errorf("no constant has the sentence %q", key)
		}
	}
}

// ends are the states of the waiting page that have a reason, and the reasons
// that are told by the general sentence of the state or never come up in it.
var ends = []struct {
	status  string
	general []string
}{
	{"cancelled", []string{
		"changed",               // of a transfer, which has no waiting page
		"replaced", "signed_in", // the request is superseded, or another method was used
		"cancelled", "too_many_codes", "account_closed", "email_taken", "expired", "idle", "not_kept", "ended_by_owner", "ended_by_operator", // the request's reason is signed_out
		"unconfirmed", "rekeyed", // of a pending request; of a session that goes on
	}},
	{"signed_out", append([]string{
		"signed_out", "cancelled", "too_many_codes", "expired", "idle", "not_kept", "ended_by_owner", "ended_by_operator",
		"signed_in", "rekeyed", // the state is signed_in
	}, ofRequestsOnly...)},
}

// The general sentences hide no reason that was forgotten.
func TestTheWaitingPageHasAStateForEveryReason(t *testing.T) {
	reasons := constants(t, "store", "Reason")
	page := render(t, views.Approval{})
	for _, end := range ends {
		for _, r := range reasons {
			state := end.status + "-" + r.value
			heading := strings.Contains(page, `<span data-state="`+state+`"`)
			section := strings.Contains(page, `<section class="outcome" data-state="`+state+`"`)
			switch general := slices.Contains(end.general, r.value); {
			case general && (heading || section):
				t.Errorf("%s has the state %s, but is listed as one without", r.name, state)
			case !general && !(heading && section):
				t.Errorf("%s has no heading and section with the state %s in approval.html", r.name, state)
			}
		}
	}
	for _, found := range regexp.MustCompile(`data-state="(?:cancelled|signed_out)-([a-z_]+)"`).FindAllStringSubmatch(page, -1) {
		if !slices.ContainsFunc(reasons, func(r constant) bool { return r.value == found[1] }) {
			t.Errorf("approval.html has a state for %q, which is no reason", found[1])
		}
	}
}

// An end is a row of views/ends.go and its two sentences: none is missing, and none is left
// over.
func TestEveryEndHasItsSentences(t *testing.T) {
	catalogue, err := locales.New()
	if err != nil {
		t.Fatal(err)
	}
	page := html.UnescapeString(render(t, views.Approval{}))
	if strings.Contains(page, ">approval.") {
		t.Error("an end shows a key in the place of a sentence")
	}
	for key := range keys(t) {
		if regexp.MustCompile(`^approval\.[a-z_]+\.(title|text)$`).MatchString(key) && !strings.HasPrefix(key, "approval.pending.") && !strings.Contains(page, ">"+catalogue.English().Text(key)+"<") {
			t.Errorf("no end has the sentence %q", key)
		}
	}
}

// The server shows a state itself to a browser that runs no script.
func TestTheServerShowsWhyARequestWasCancelled(t *testing.T) {
	for _, r := range constants(t, "store", "Reason") {
		if slices.Contains(ends[0].general, r.value) {
			continue
		}
		state := "cancelled-" + r.value
		page := render(t, views.Approval{Status: "cancelled", Reason: r.value})
		if !strings.Contains(page, `data-now="`+state+`"`) || !strings.Contains(page, `<span data-state="`+state+`">`) {
			t.Errorf("%s: the waiting page does not show the state %s", r.name, state)
		}
	}
}

func TestEveryTransferStatusIsShown(t *testing.T) {
	for _, status := range constants(t, "store", "TransferStatus") {
		page := views.Protected{Currencies: []string{"EUR"}, Transfers: []views.Transfer{{Status: status.value}}}
		if shown := `data-state="` + status.value + `">`; !strings.Contains(render(t, page), shown) {
			t.Errorf("%s: the ledger does not show it", status.name)
		}
	}
}

// render is a page in English.
func render(t *testing.T, page any) string {
	t.Helper()
	catalogue, err := locales.New()
	if err != nil {
		t.Fatal(err)
	}
	pages, err := views.Parse(catalogue.Languages())
	if err != nil {
		t.Fatal(err)
	}
	name := "protected"
	if _, ok := page.(views.Approval); ok {
		name = "approval"
	}
	var out bytes.Buffer
	if err := pages.Render(&out, name, page); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
