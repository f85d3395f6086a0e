package providers_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"nod/authy"
	"nod/providers"
	"nod/store"
)

// shown is a detail of a request, and whether there is one.
func shown(r authy.ApprovalRequest, label string) (string, bool) {
	i := slices.IndexFunc(r.Details, func(d authy.Detail) bool { return d.Label == label })
	if i < 0 {
		return "", false
	}
	return r.Details[i].Value, true
}

func TestARequestCarriesTheNewestNotice(t *testing.T) {
	asked, provider := &asked{}, &providers.Authy{Words: words(t)}
	provider.API = asked
	q := question("ada@example.com")
	_, err := provider.Ask(t.Context(), "1", q)
	must(t, err)
	if line, ok := shown(asked.request, "Notice"); ok {
		t.Errorf("without a notice: %q", line)
	}
	at := time.Date(2026, time.November, 24, 18, 59, 0, 0, time.UTC)
	q.Notices = []store.Notice{{Kind: store.NoticeDenied, At: at}}
	for more, want := range []string{"a request was denied, 24 Nov 2026, 18:59 UTC", "a request was denied, 24 Nov 2026, 18:59 UTC; 1 more on your account page"} {
		_, err = provider.Ask(t.Context(), "1", q)
		must(t, err)
		if line, _ := shown(asked.request, "Notice"); line != want {
			t.Errorf("with %d more: got %q, want %q", more, line, want)
		}
		q.Notices = append(q.Notices, store.Notice{Kind: store.NoticeNewBrowser, At: at})
	}
}

func TestEveryNoticeHasWordsForThePhone(t *testing.T) {
	source, err := os.ReadFile("../store/words.go")
	must(t, err)
	kinds := regexp.MustCompile(`NoticeKind = "([a-z_]+)"`).FindAllStringSubmatch(string(source), -1)
	if len(kinds) < 10 {
		t.Fatalf("only %d kinds of notices: the search is broken", len(kinds))
	}
	for _, kind := range kinds {
		asked, q := &asked{}, question("ada@example.com")
		q.Notices = []store.Notice{{Kind: store.NoticeKind(kind[1])}}
		_, err := (&providers.Authy{API: asked, Words: words(t)}).Ask(t.Context(), "1", q)
		must(t, err)
		if line, _ := shown(asked.request, "Notice"); strings.HasPrefix(line, "ring.") {
			t.Errorf("the phone has no words for %s", kind[1])
		}
	}
}

func TestThePhoneShowsThePlace(t *testing.T) {
	for _, place := range []string{"", "Bogotá, Colombia"} {
		asked, q := &asked{}, question("ada@example.com")
		q.Login.Place = place
		_, err := (&providers.Authy{API: asked, Words: words(t)}).Ask(t.Context(), "1", q)
		must(t, err)
		if got, ok := shown(asked.request, "Place"); got != place || ok != (place != "") {
			t.Errorf("got %q, %v, want %q", got, ok, place)
		}
	}
}
