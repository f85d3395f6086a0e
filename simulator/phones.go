package simulator

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Phone is the phone of a registered user.
type Phone struct {
	AuthyID      int64    `json:"authy_id"`
	Email        string   `json:"email"`
	Owners       []string `json:"owners"`       // e-mails of all who registered the number, Email first
	PhoneNumber  string   `json:"phone_number"` // national, digits only
	CountryCode  int      `json:"country_code"` // calling code
	Devices      []string `json:"devices"`      // "iphone" or "android"; empty without the app
	AppInstalled bool     `json:"app_installed"`
}

// Request is an approval request as the phone shows it. Details has the same
// pairs as DetailsList, for scripts that look one up by its label.
type Request struct {
	UUID        string            `json:"uuid"`
	Message     string            `json:"message"`
	Details     map[string]string `json:"details"`
	DetailsList []Detail          `json:"details_list"`
	Logo        string            `json:"logo"`   // URL, "" = none
	Status      string            `json:"status"` // pending, approved, denied, expired, withdrawn
	CreatedAt   Stamp             `json:"created_at"`
	ExpiresAt   Stamp             `json:"expires_at"`         // null = never
	Why         string            `json:"why,omitempty"`      // of a withdrawn one: cancelled, replaced, elsewhere, withdrawn
	Delivery    string            `json:"delivery,omitempty"` // of an answer: sending, delivered, undelivered
}

// How far the answer to a request has come. The phone knows no more: what the
// application makes of it is the application's own affair.
const (
	Sending     = "sending"     // the application has not taken it yet
	Delivered   = "delivered"   // the application has taken it
	Undelivered = "undelivered" // it is kept here, and the application may ask for it
)

// delivery is how far the answer has come; "" without one.
func (a approval) delivery() string {
	switch {
	case a.status != Approved && a.status != Denied:
		return ""
	case a.notified:
		return Delivered
	case a.callbackUntil.IsZero():
		return Undelivered
	default:
		return Sending
	}
}

// digits is the whole number.
func (p Phone) digits() string { return fmt.Sprint(p.CountryCode) + p.PhoneNumber }

const maxListed = 100 // of the newest requests and messages

func phoneOf(u user) Phone {
	return Phone{u.authyID, u.email, u.owners, u.phoneNumber, u.countryCode, u.devices(), u.appInstalled}
}

func requestOf(a approval) Request {
	r := Request{UUID: a.uuid, Message: a.message, Details: map[string]string{}, DetailsList: a.details,
		Logo: bestLogo(a.logos), Status: a.status, CreatedAt: Stamp{a.createdAt}, ExpiresAt: Stamp{a.expiresAt}, Why: a.withdrawn, Delivery: a.delivery()}
	if a.withdrawn != "" {
		r.Status = Withdrawn
	}
	if r.DetailsList == nil {
		r.DetailsList = []Detail{}
	}
	for _, d := range a.details {
		r.Details[d.Label] = d.Value
	}
	return r
}

// bestLogo is the URL of the logo with the highest resolution.
func bestLogo(logos []logo) string {
	for _, res := range []string{"high", "med", "default", "low"} {
		if i := slices.IndexFunc(logos, func(l logo) bool { return l.Res == res }); i >= 0 {
			return logos[i].URL
		}
	}
	return ""
}

func (s *Simulator) phones(ctx context.Context) ([]Phone, error) {
	return collect(ctx, s.db, func(scan func(...any) error) (Phone, error) {
		u, err := scanUser(scan)
		return phoneOf(u), err
	}, "SELECT "+userColumns+" FROM users WHERE removed_at = 0 ORDER BY seq")
}

// requests returns the newest requests that reached the phone, newest first.
func (s *Simulator) requests(ctx context.Context, authyID int64) ([]Request, error) {
	if _, err := findUser(ctx, s.db, authyID); err != nil {
		return nil, err
	}
	if err := s.expire(ctx, authyID, s.now()); err != nil {
		return nil, err
	}
	return collect(ctx, s.db, func(scan func(...any) error) (Request, error) {
		a, err := scanApproval(scan)
		return requestOf(a), err
	}, "SELECT "+approvalColumns+" FROM requests WHERE authy_id = ? AND pushed = 1 ORDER BY seq DESC LIMIT ?", authyID, maxListed)
}

// setApp installs the app on a phone, or removes it.
func (s *Simulator) setApp(ctx context.Context, authyID int64, installed bool) error {
	found, err := changed(ctx, s.db, "UPDATE users SET app_installed = ? WHERE authy_id = ? AND removed_at = 0", installed, authyID)
	if err == nil && !found {
		err = ErrNoPhone
	}
	s.watchers.notify(authyID)
	return err
}

func (s *Simulator) servePhones(w http.ResponseWriter, r *http.Request) error {
	phones, err := s.phones(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, phones)
}

func (s *Simulator) serveRequests(w http.ResponseWriter, r *http.Request) error {
	requests, err := s.requests(r.Context(), phoneID(r))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, requests)
}

// serveAnswer is a tap on Approve or Deny, sent as JSON or as a form. A browser without
// scripts is led back to the phone, whatever became of it: the phone says so.
func (s *Simulator) serveAnswer(status string) errHandler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := readJSON(w, r, &struct{}{}); err != nil {
			return err
		}
		a, err := s.answer(r.Context(), phoneID(r), r.PathValue("uuid"), status)
		if byForm(r) && (err == nil || errors.Is(err, ErrNotPending)) {
			return backToPhone(w, r)
		}
		if err != nil {
			return err
		}
		return writeJSON(w, http.StatusOK, requestOf(a))
	}
}

// byForm reports whether a person without scripts has sent a form.
func byForm(r *http.Request) bool { return strings.Contains(r.Header.Get("Accept"), "text/html") }

func backToPhone(w http.ResponseWriter, r *http.Request) error {
	parts := strings.SplitN(r.URL.Path, "/", 4) // it may be that of a room
	http.Redirect(w, r, strings.Join(parts[:3], "/"), http.StatusSeeOther)
	return nil
}

// serveToken serves the app's token, or with ?kind=generic that of the generic
// authenticator.
func (s *Simulator) serveToken(w http.ResponseWriter, r *http.Request) error {
	u, err := findUser(r.Context(), s.db, phoneID(r))
	if err != nil {
		return err
	}
	token, generic, err := s.tokens(u)
	if err != nil {
		return err
	}
	missing := ErrNoApp
	if r.URL.Query().Get("kind") == "generic" {
		token, missing = generic, &requestError{http.StatusConflict, "no generic authenticator was set up"}
	}
	if token == nil {
		return missing
	}
	return writeJSON(w, http.StatusOK, token)
}

// servePhoneChange is POST /phones/{id}: it installs or removes the app.
func (s *Simulator) servePhoneChange(w http.ResponseWriter, r *http.Request) error {
	var change struct {
		AppInstalled *bool `json:"app_installed"`
	}
	if err := readJSON(w, r, &change); err != nil {
		return err
	}
	if change.AppInstalled == nil {
		return badRequest("app_installed must be true or false")
	}
	id := phoneID(r)
	if err := s.setApp(r.Context(), id, *change.AppInstalled); err != nil {
		return err
	}
	u, err := findUser(r.Context(), s.db, id)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, phoneOf(u))
}

// phoneID parses the id in the path. It returns 0 (no phone) if the segment is
// not a number.
func phoneID(r *http.Request) int64 {
	id, _ := parseAuthyID(r.PathValue("id"))
	return id
}
