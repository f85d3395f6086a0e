package simulator

import (
	"net/http"
	"net/url"
	"regexp"

	"nod/simulator/pages"
)

// languageCookie keeps the language that somebody has chosen. Cookies know no ports,
// so it must not be called as one of the application's.
const languageCookie = "phones_language"

// language is the one that pages and phones speak to whoever sends a request.
func (s *Simulator) language(r *http.Request) *pages.Language {
	chosen := ""
	if cookie, err := r.Cookie(languageCookie); err == nil {
		chosen = cookie.Value
	}
	return s.pages.In(chosen, r.Header.Get("Accept-Language"))
}

// ownPages are those that somebody may be led back to.
var ownPages = regexp.MustCompile(`^/(phones/\d+)?$`)

// serveLanguage is POST /language, from a form: it keeps the language, and leads back.
func (s *Simulator) serveLanguage(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	chosen := s.pages.In(r.PostFormValue("language"), "")
	http.SetCookie(w, &http.Cookie{
		Name: languageCookie, Value: chosen.Tag(), Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
	back := "/"
	if from, err := url.Parse(r.Referer()); err == nil && ownPages.MatchString(from.Path) {
		back = from.Path
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
	return nil
}
