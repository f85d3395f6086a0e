package locales

import (
	"math"
	"strings"
	"time"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
	"golang.org/x/text/message"
	"golang.org/x/text/number"
)

// Reader is how somebody reads: a language of the catalogue, and the habits of the
// country that they read it in, as far as that is known.
type Reader struct {
	*Language
	habit language.Tag // of the same language: de-CH for de
}

// Reader finds out how somebody reads by what they have said, the strongest first:
// tags, or Accept-Language headers. English for somebody who has said nothing.
func (c *Catalogue) Reader(said ...string) Reader {
	var wanted []language.Tag
	for _, one := range said {
		wanted = append(wanted, Accepted(one)...)
	}
	_, best, _ := c.matcher.Match(wanted...)
	r := Reader{c.languages[best], c.languages[best].tag}
	r.habit = r.habitOf(wanted)
	return r
}

// habitOf is the country of the first tag in the reader's language that names one.
func (r Reader) habitOf(wanted []language.Tag) language.Tag {
	base, _ := r.tag.Base()
	for _, tag := range wanted {
		region, confidence := tag.Region()
		if b, _ := tag.Base(); b != base || confidence != language.Exact || !region.IsCountry() {
			continue
		}
		if habit, err := language.Compose(r.tag, region); err == nil {
			return habit
		}
	}
	return r.tag
}

// Habit is the tag by which Catalogue.Reader finds this reader again, such as
// "de-CH".
func (r Reader) Habit() string { return r.habit.String() }

// Amount writes minor units with so many decimals, in groups: 1,000,000.00.
func (r Reader) Amount(minor int64, decimals int) string {
	major := float64(minor) / math.Pow10(decimals)
	return message.NewPrinter(r.habit).Sprint(number.Decimal(major, number.Scale(decimals)))
}

// Moment is a time to the second, in UTC: nobody has said which zone the reader is
// in.
func (l *Language) Moment(t time.Time) string { return l.at(t, "time.moment") }

// Minute is Moment to the minute.
func (l *Language) Minute(t time.Time) string { return l.at(t, "time.minute") }

// at writes a time by a layout of package time, which is a sentence of its own:
// x/text knows no dates.
func (l *Language) at(t time.Time, layout string) string { return t.UTC().Format(l.Text(layout)) }

// Wait is a duration in words, rounded up.
func (l *Language) Wait(d time.Duration) string {
	if s := max(1, int(math.Ceil(d.Seconds()))); s < 90 {
		return l.Text("duration.seconds", "count", s)
	}
	if m := int(math.Ceil(d.Minutes())); m < 90 {
		return l.Text("duration.minutes", "count", m)
	}
	return l.Text("duration.hours", "count", int(math.Ceil(d.Hours())))
}

// Browser is a browser by the name that package signin gives it: "Firefox on
// Linux".
func (l *Language) Browser(name string) string {
	browser, system, known := strings.Cut(name, " on ")
	switch {
	case known:
		return l.Text("browser.on", "browser", browser, "system", system)
	case name == "an unknown browser":
		return l.Text("browser.unknown")
	}
	return name
}

// Region is the name of a country by its ISO 3166 code.
func (l *Language) Region(code string) string {
	// x/text has the names of 2017.
	if name := l.Text("country." + code); name != "country."+code {
		return name
	}
	region, err := language.ParseRegion(code)
	if err != nil {
		return code
	}
	return display.Regions(l.tag).Name(region)
}

// Compare orders names as a dictionary of the language does. It is not safe for
// concurrent use.
func (l *Language) Compare() func(a, b string) int {
	return collate.New(l.tag, collate.IgnoreCase).CompareString
}
