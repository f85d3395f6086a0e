package signin

import "github.com/mileusna/useragent"

// UnknownBrowser is the name of a browser that does not say which it is.
const UnknownBrowser = "an unknown browser"

// BrowserName is what a person would call the browser of a User-Agent header,
// in at most 60 characters.
func BrowserName(agent string) string {
	ua := useragent.Parse(agent)
	name := ua.Name
	if name == "" {
		return UnknownBrowser
	}
	if ua.OS != "" {
		name += " on " + ua.OS
	}
	// The header is the visitor's, and the phone shows what is made of it.
	name, ok := readable(name)
	if !ok || !visible(name) {
		return UnknownBrowser
	}
	return Shorten(name, 60)
}

// Shorten cuts s to at most n characters.
func Shorten(s string, n int) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	return string(runes[:n-1]) + "…"
}
