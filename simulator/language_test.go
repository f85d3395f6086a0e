package simulator_test

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The pages speak the reader's language: the chosen one, else the browser's.
func TestPagesSpeakTheReadersLanguage(t *testing.T) {
	s := newAda(t)
	s.inject(`{"api_delay_ms":3500}`)
	for _, test := range []struct{ accept, cookie, lang, words string }{
		{"", "", "en", "the API replies 3.5 s late"},
		{"de-AT, en;q=0.5", "", "de", "die API antwortet 3,5 s zu spät"},
		{"fr", "", "en", "<h1>Phones</h1>"},
		{"de", "en", "en", "<h1>Phones</h1>"},
		{"en", "de", "de", "<h1>Handys</h1>"},
		{"de", "xx", "de", "<h1>Handys</h1>"},
	} {
		header := http.Header{"Accept": {"text/html"}, "Accept-Language": {test.accept}, "Cookie": {"phones_language=" + test.cookie}}
		s.do("GET", "/", "", header).wantStatus(200).wantIn(`<html lang="`+test.lang+`">`, test.words)
		s.do("GET", "/phones/1", "", header).wantStatus(404).wantIn(`<html lang="`+test.lang+`">`, `action="/language"`)
	}
	// What scripts of clients read stays English, unless they ask for another language.
	s.do("GET", "/", "", asJSON).wantIn("the API replies 3.5 s late")
	s.do("GET", "/phones/1", "", http.Header{"Accept-Language": {"de"}}).wantIn(`"no such phone"`)
}

// The switch needs no script, and leads back to where it was used.
func TestALanguageIsChosen(t *testing.T) {
	s := newAda(t)
	for from, back := range map[string]string{
		"": "/", s.url + "/phones/100001": "/phones/100001", s.url + "/?q=ada": "/", "https://example.com/phones/x": "/", s.url + "//example.com": "/",
	} {
		req, err := http.NewRequestWithContext(t.Context(), "POST", s.url+"/language", strings.NewReader("language=de"))
		must(t, err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Referer", from)
		res, err := http.DefaultTransport.RoundTrip(req)
		must(t, err)
		res.Body.Close()
		if cookie := res.Header.Get("Set-Cookie"); res.StatusCode != 303 || res.Header.Get("Location") != back || !strings.HasPrefix(cookie, "phones_language=de;") {
			t.Errorf("from %q: got %d to %q and the cookie %q", from, res.StatusCode, res.Header.Get("Location"), cookie)
		}
	}
}

// Every sentence is there in every language, with the same arguments, and used.
func TestSentences(t *testing.T) {
	english, german := sentencesOf(t, "en"), sentencesOf(t, "de")
	hole := regexp.MustCompile(`\{\{\.\w+\}\}`)
	holes := func(text string) []string {
		found := hole.FindAllString(text, -1)
		slices.Sort(found)
		return found
	}
	source := pageSource(t)
	for key, text := range english {
		if !slices.Equal(holes(text), holes(german[key])) {
			t.Errorf("%s: %q and %q take other arguments", key, text, german[key])
		}
		if !isUsed(source, key) {
			t.Errorf("%s is not used", key)
		}
	}
	for key := range german {
		if english[key] == "" {
			t.Errorf("%s is German only", key)
		}
	}
	for _, use := range regexp.MustCompile(`(?:\{\{t |\(t |say\()"([\w.]+)"`).FindAllStringSubmatch(source, -1) {
		if english[use[1]] == "" {
			t.Errorf("%s has no sentence", use[1])
		}
	}
}

func sentencesOf(t *testing.T, lang string) (sentences map[string]string) {
	t.Helper()
	text, err := os.ReadFile("pages/words/" + lang + ".json")
	must(t, err)
	must(t, json.Unmarshal(text, &sentences))
	return sentences
}

// pageSource is everything that shows sentences.
func pageSource(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, pattern := range []string{"*.go", "pages/*.go", "pages/*.html", "pages/static/*.js"} {
		paths, err := fs.Glob(os.DirFS("."), pattern)
		must(t, err)
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			text, err := os.ReadFile(path)
			must(t, err)
			all.Write(text)
		}
	}
	return all.String()
}

// made are the beginnings of keys whose ends are states, which no source spells out.
var made = []string{"request.", "messages.", "fault.api.", "fault.callback."}

func isUsed(source, key string) bool {
	return strings.Contains(source, `"`+key+`"`) || slices.ContainsFunc(made, func(begin string) bool { return strings.HasPrefix(key, begin) })
}
