package simulator

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"nod/simulator/pages"
)

// Listed is a phone on the page of all phones, with what happens on it.
type Listed struct {
	Phone
	Waiting int      `json:"waiting"` // requests that can be answered
	Calling bool     `json:"calling"`
	Faults  []string `json:"faults"` // of this phone alone, in words
}

// PhoneList is the page of all phones.
type PhoneList struct {
	Phones []Listed `json:"phones"` // newest first
	Faults []string `json:"faults"` // for all phones, in words
}

const listQuery = "SELECT " + userColumns + `,
	(SELECT count(*) FROM requests r WHERE r.authy_id = users.authy_id AND r.status = 'pending' AND r.pushed = 1
		AND (r.expires_at = 0 OR r.expires_at > ?)),
	EXISTS (SELECT 1 FROM messages m WHERE m.country_code = users.country_code AND m.phone_number = users.phone_number AND m.ringing = 1 AND m.answered = 0)
	FROM users WHERE removed_at = 0 ORDER BY seq DESC`

// list returns the phones that match what is searched for, all for "".
func (s *Simulator) list(ctx context.Context, search string, in *pages.Language) (l PhoneList, err error) {
	l.Faults = s.faults.own(0).words(in)
	l.Phones, err = collect(ctx, s.db, func(scan func(...any) error) (one Listed, err error) {
		u, err := scanUser(func(to ...any) error { return scan(append(to, &one.Waiting, &one.Calling)...) })
		one.Phone, one.Faults = phoneOf(u), s.faults.own(u.authyID).words(in)
		return one, err
	}, listQuery, toMillis(s.now()))
	l.Phones = slices.DeleteFunc(l.Phones, func(one Listed) bool { return !one.matches(search) })
	return l, err
}

// matches reports whether an owner's e-mail address or the number contains the text; in
// numbers only digits count.
func (p Phone) matches(text string) bool {
	text = strings.ToLower(strings.TrimSpace(text))
	digits := digitsOf(text)
	return strings.Contains(strings.ToLower(strings.Join(p.Owners, " ")), text) || digits != "" && strings.Contains(p.digits(), digits)
}

// serveIndex is the page of all phones; ?q= searches. Its script reads it again as
// JSON.
func (s *Simulator) serveIndex(w http.ResponseWriter, r *http.Request) error {
	search := r.URL.Query().Get("q")
	list, err := s.list(r.Context(), search, s.language(r))
	if err != nil {
		return err
	}
	if wantsJSON(r) {
		return writeJSON(w, http.StatusOK, list)
	}
	elsewhere, err := s.elsewhere("/")
	if err != nil {
		return err
	}
	return s.render(w, r, "index.html", map[string]any{
		"AppName": s.app.name, "AppURL": s.appLink(r), "List": list, "Search": search, "Faults": s.faults.own(0),
		"Elsewhere": elsewhere,
	})
}

// wantsJSON reports whether a client accepts only JSON.
func wantsJSON(r *http.Request) bool {
	accept := r.Header.Get("Accept")
	return strings.Contains(accept, "json") && !strings.Contains(accept, "html")
}

// serveForget is POST /phones/{id}/forget, from a form: it takes a phone off the
// list. An application that asks for it later registers it again.
func (s *Simulator) serveForget(w http.ResponseWriter, r *http.Request) error {
	u, err := findUser(r.Context(), s.db, phoneID(r))
	if err != nil {
		return err
	}
	if err := s.removePhone(r.Context(), u.authyID, s.now()); err != nil {
		return err
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}
