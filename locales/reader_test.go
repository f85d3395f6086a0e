package locales

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/nyaruka/phonenumbers"
)

func TestReadersByWhatTheySay(t *testing.T) {
	catalogue := read(t)
	for _, test := range []struct {
		said  []string
		want  string
		habit string
	}{
		{nil, "en", "en"},
		{[]string{""}, "en", "en"},
		{[]string{"de"}, "de", "de"},
		{[]string{"de-AT,de;q=0.9,en;q=0.8"}, "de", "de-AT"},
		{[]string{"gsw-CH,de-CH;q=0.9"}, "de", "de-CH"},
		{[]string{"fr-FR,fr;q=0.9,de;q=0.5"}, "de", "de"},
		{[]string{"en-GB,en;q=0.9,de;q=0.8"}, "en", "en-GB"},
		{[]string{"es-419"}, "en", "en"},
		{[]string{"de", "en-GB,en"}, "de", "de"},
		{[]string{"en", "de-CH,en-IE;q=0.5"}, "en", "en-IE"},
		{[]string{"xx", "de-DE"}, "de", "de-DE"},
		{[]string{"de-u-nu-arab"}, "de", "de"},
		{[]string{"*"}, "en", "en"},
		{[]string{"no language at all; q=x, de"}, "de", "de"},
		{[]string{strings.Repeat("fr-FR,", 1000) + "de"}, "en", "en"},
	} {
		r := catalogue.Reader(test.said...)
		if r.Tag() != test.want || r.Habit() != test.habit {
			t.Errorf("%.60q: got %s with the habits of %s, want %s and %s", test.said, r.Tag(), r.Habit(), test.want, test.habit)
		}
		if again := catalogue.Reader(r.Habit()); again.Tag() != r.Tag() || again.Habit() != r.Habit() {
			t.Errorf("%s is found again as %s", r.Habit(), again.Habit())
		}
	}
}

func TestAmountsInTheHabitOfTheReader(t *testing.T) {
	catalogue := read(t)
	for tag, want := range map[string]string{"en": "1,000,000.00", "de": "1.000.000,00", "de-CH": "1’000’000.00", "en-IN": "10,00,000.00"} {
		if got := catalogue.Reader(tag).Amount(100_000_000, 2); got != want {
			t.Errorf("%s: got %s, want %s", tag, got, want)
		}
	}
	if got := catalogue.English().Amount(1250, 0); got != "1,250" {
		t.Errorf("yen read %s", got)
	}
}

// What a layout of package time does not know would stand there as it is.
func TestMomentsReadBack(t *testing.T) {
	at := time.Date(2026, time.November, 4, 5, 31, 2, 0, time.UTC)
	for _, l := range read(t).Languages() {
		for layout, text := range map[string]string{"time.moment": l.Moment(at), "time.minute": l.Minute(at)} {
			got, err := time.Parse(l.Text(layout), text)
			if err != nil || !got.Truncate(time.Minute).Equal(at.Truncate(time.Minute)) || !strings.HasSuffix(text, " UTC") {
				t.Errorf("%s: %s reads %q", l.Tag(), layout, text)
			}
		}
	}
}

func TestWaits(t *testing.T) {
	english, german := read(t).English(), read(t).Reader("de")
	for wait, want := range map[time.Duration][2]string{
		0:                                {"1 second", "1 Sekunde"},
		89 * time.Second:                 {"89 seconds", "89 Sekunden"},
		90 * time.Second:                 {"2 minutes", "2 Minuten"},
		89*time.Minute + 1:               {"2 hours", "2 Stunden"},
		24 * time.Hour:                   {"24 hours", "24 Stunden"},
		1500 * time.Millisecond:          {"2 seconds", "2 Sekunden"},
		61*time.Minute + 1:               {"62 minutes", "62 Minuten"},
		100*time.Minute + 20*time.Minute: {"2 hours", "2 Stunden"},
	} {
		if got := [2]string{english.Wait(wait), german.Wait(wait)}; got != want {
			t.Errorf("%v: got %q, want %q", wait, got, want)
		}
	}
}

func TestBrowsersAndCountries(t *testing.T) {
	catalogue := read(t)
	for name, want := range map[string]string{
		"Firefox on Linux": "Firefox unter Linux", "an unknown browser": "ein unbekannter Browser", "Lynx": "Lynx",
	} {
		if got := catalogue.Reader("de").Browser(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
		if got := catalogue.English().Browser(name); got != name {
			t.Errorf("%s: got %q", name, got)
		}
	}
	for code, want := range map[string][2]string{
		"CO": {"Colombia", "Kolumbien"}, "MK": {"North Macedonia", "Nordmazedonien"}, "SZ": {"Eswatini", "Eswatini"}, "TR": {"Türkiye", "Türkei"}, "??": {"??", "??"},
	} {
		if got := [2]string{catalogue.English().Region(code), catalogue.Reader("de").Region(code)}; got != want {
			t.Errorf("%s: got %q, want %q", code, got, want)
		}
	}
	for key := range sentences(t, "en") {
		if code, ok := strings.CutPrefix(key, "country."); ok && !phonenumbers.GetSupportedRegions()[code] {
			t.Errorf("%s is the name of no country that has phones", key)
		}
	}
}

func TestNamesAreInTheOrderOfTheLanguage(t *testing.T) {
	names := []string{"Zypern", "Ägypten", "Oman", "Österreich", "afrika", "Osttimor"}
	slices.SortFunc(names, read(t).Reader("de").Compare())
	if want := []string{"afrika", "Ägypten", "Oman", "Österreich", "Osttimor", "Zypern"}; !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
}

func TestLanguagesSayTheirNameAndDirection(t *testing.T) {
	catalogue, err := Read(fstest.MapFS{
		"en.json": {Data: []byte(`{"a.b": "A"}`)}, "ar.json": {Data: []byte(`{"a.b": "Alif"}`)}, "de.json": {Data: []byte(`{}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range catalogue.Languages() {
		got = append(got, l.Tag()+" "+l.Direction()+" "+l.Name()+" "+l.Text("a.b"))
	}
	if want := []string{"en ltr English A", "ar rtl العربية Alif", "de ltr Deutsch A"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if catalogue.Find("ar") == nil || catalogue.Find("fr") != nil {
		t.Error("languages are not found by their tags")
	}
	if _, err := Read(fstest.MapFS{"en.json": {Data: []byte(`{`)}}); err == nil {
		t.Error("a broken file was read")
	}
}
