package simulator

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// An application may leave it to the app to register a user: it shows a QR code
// that names the user by an id of the application's own, a person scans it with
// the app, and the application asks for the Authy id meanwhile. So it need not
// know the phone number.

// registrationStatus is GET registrations/status. The path and the parameter are
// those of Python's authy 2.2.5 and later (users.registration_status) and of a
// fork of Ruby's; the reply after the scan is one that a project with the Python
// client noted down. No reply from before the scan is recorded. Programs take
// anything but 200 as pending, and one expects the Authy id in every 200, so it
// is an error; its code and its text are a choice.
func (s *Simulator) registrationStatus(c *call) (object, error) {
	customID := c.params.text("custom_user_id")
	if customID == "" {
		return nil, invalidParameter("custom_user_id", "Parameter is required")
	}
	var id int64
	err := s.db.QueryRowContext(c.ctx(), "SELECT authy_id FROM scans WHERE custom_user_id = ?", customID).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, &apiError{status: http.StatusNotFound, code: codeNoRegistration, message: "Registration not found."}
	}
	if err != nil {
		return nil, err
	}
	return object{{"registration", object{{"authy_id", id}, {"status", "completed"}}}, {"success", true}}, nil
}

const scanPrefix = "authy://account?token="

// scanned returns the application's id of the user in a QR code. This is
// authy://account?token= with a JWT, signed with the API key by HMAC-SHA256, as
// the tutorials for the Python client and several projects make it.
func (s *Simulator) scanned(qr string, now time.Time) (customID string, err error) {
	token, ok := strings.CutPrefix(qr, scanPrefix)
	if !ok {
		return "", badRequest("qr must begin with %s", scanPrefix)
	}
	head, claimed, signed := splitToken(token)
	var header struct {
		Algorithm string `json:"alg"`
	}
	var claims struct {
		Expires float64 `json:"exp"` // seconds; Python's time.time() has a fraction
		Context struct {
			CustomID scalar `json:"custom_user_id"`
			AppID    scalar `json:"authy_app_id"`
		} `json:"context"`
	}
	if !signed || decodePart(head, &header) != nil || decodePart(claimed, &claims) != nil {
		return "", badRequest("the token in qr is no JWT")
	}
	switch {
	case header.Algorithm != "HS256" || !s.tokenSigned(token):
		return "", badRequest("the token in qr must be signed with the API key, by HS256")
	case claims.Expires <= float64(now.UnixMilli())/1000:
		return "", badRequest("the token in qr has expired")
	case claims.Context.AppID != scalar(strconv.FormatInt(s.app.serial, 10)):
		return "", badRequest("authy_app_id in qr must be %d, as in app/details", s.app.serial)
	case claims.Context.CustomID == "":
		return "", badRequest("custom_user_id in qr is missing")
	}
	return string(claims.Context.CustomID), nil
}

// scalar is a text or a number in JSON: projects write ids as either.
type scalar string

func (v *scalar) UnmarshalJSON(text []byte) error {
	if text[0] != '"' {
		var n json.Number
		err := json.Unmarshal(text, &n)
		*v = scalar(n)
		return err
	}
	return json.Unmarshal(text, (*string)(v))
}

func splitToken(token string) (head, claims string, ok bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return "", "", false
	}
	return parts[0], parts[1], true
}

func decodePart(part string, v any) error {
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, v)
}

func (s *Simulator) tokenSigned(token string) bool {
	dot := strings.LastIndexByte(token, '.')
	mac := hmac.New(sha256.New, []byte(s.app.key))
	mac.Write([]byte(token[:dot]))
	got, err := base64.RawURLEncoding.DecodeString(token[dot+1:])
	return err == nil && hmac.Equal(got, mac.Sum(nil))
}

// scan registers the owner of a phone, new or known, under an application's id.
// Whoever scans has the app. A later scan for the same id takes its place.
func (s *Simulator) scan(ctx context.Context, customID, email string, country int, phone string) (user, error) {
	id, err := s.createUser(ctx, s.now(), email, country, phone)
	if err != nil {
		return user{}, err
	}
	if err := s.setApp(ctx, id, true); err != nil {
		return user{}, err
	}
	_, err = s.db.ExecContext(ctx, `INSERT INTO scans (custom_user_id, authy_id)
		SELECT ?, authy_id FROM users WHERE authy_id = ? AND removed_at = 0
		ON CONFLICT (custom_user_id) DO UPDATE SET authy_id = excluded.authy_id`, customID, id)
	if err != nil {
		return user{}, err
	}
	return findUser(ctx, s.db, id)
}

// serveScan is POST /phones: somebody scans an application's QR code with the
// app on a phone.
func (s *Simulator) serveScan(w http.ResponseWriter, r *http.Request) error {
	var by struct {
		QR          string `json:"qr"`
		Email       string `json:"email"`
		CountryCode int    `json:"country_code"`
		PhoneNumber string `json:"phone_number"`
	}
	if err := readJSON(w, r, &by); err != nil {
		return err
	}
	customID, err := s.scanned(by.QR, s.now())
	if err != nil {
		return err
	}
	if e := checkUser(by.Email, by.PhoneNumber, strconv.Itoa(by.CountryCode)); e != nil {
		return badRequest("%s %v", strings.Replace(e.fields[0].key, "cellphone", "phone_number", 1), e.fields[0].value)
	}
	u, err := s.scan(r.Context(), customID, by.Email, by.CountryCode, digitsOf(by.PhoneNumber))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, phoneOf(u))
}
