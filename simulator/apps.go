package simulator

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/pquerna/otp"
)

// A phone also has an authenticator app for everybody's codes. It scans a QR code,
// or is given the text under it, and shows codes from then on, without the service.

// maxApps is how many entries one phone has, and maxScan how long a scanned text is.
// A secret that is typed has at least minTyped characters, which are 128 bits: RFC
// 4226 wants as many, and a word is not taken for one. Of a link that says it is one,
// any secret is taken, as apps do.
const (
	maxApps  = 20
	maxScan  = 1000
	minTyped = 26
)

// ScannedApp is an entry of that app, and the code that it shows.
type ScannedApp struct {
	Name string `json:"name"`
	Token
}

// scannedSecret reads what a QR code says, or a secret as typed.
func scannedSecret(text string) (name, secret string, err error) {
	if len(text) > maxScan {
		return "", "", badRequest("scan must have at most %d characters", maxScan)
	}
	name = "Added by hand"
	secret = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '-' {
			return -1
		}
		return unicode.ToUpper(r)
	}, text)
	link := strings.HasPrefix(text, "otpauth:")
	if link {
		key, err := otp.NewKeyFromURL(strings.TrimSpace(text))
		if err != nil || key.Type() != "totp" || key.Digits() != otp.DigitsSix || key.Period() != 30 || key.Algorithm() != otp.AlgorithmSHA1 {
			return "", "", badRequest("scan must be otpauth://totp/… with SHA-1, six digits and half a minute")
		}
		name, secret = key.Issuer()+" ("+key.AccountName()+")", key.Secret()
	}
	if _, err := genericToken.at(secret, 0); err != nil || secret == "" {
		return "", "", badRequest("scan must be otpauth://totp/… or a secret in base32")
	}
	if !link && len(strings.TrimRight(secret, "=")) < minTyped {
		return "", "", badRequest("this is no otpauth://totp/… link, and too short for a secret: that has at least %d characters", minTyped)
	}
	return firstRunes(name, maxLabel), secret, nil
}

// serveScannedApp is POST /phones/{id}/apps: somebody scans a QR code with the app.
func (s *Simulator) serveScannedApp(w http.ResponseWriter, r *http.Request) error {
	var by struct {
		Scan string `json:"scan"`
	}
	if err := readJSON(w, r, &by); err != nil {
		return err
	}
	if err := s.addApp(r.Context(), phoneID(r), by.Scan); err != nil {
		return err
	}
	return s.serveScannedApps(w, r)
}

// addApp adds an entry, or replaces the one of the same name.
func (s *Simulator) addApp(ctx context.Context, authyID int64, text string) error {
	name, secret, err := scannedSecret(text)
	if err != nil {
		return err
	}
	u, err := findUser(ctx, s.db, authyID)
	if err != nil {
		return err
	}
	const add = `
		INSERT INTO apps (authy_id, name, secret, at)
		SELECT ?1, ?2, ?3, ?4
		WHERE ?5 > (SELECT COUNT(*) FROM apps WHERE authy_id = ?1 AND name <> ?2)
		ON CONFLICT (authy_id, name) DO UPDATE SET secret = excluded.secret, at = excluded.at`
	added, err := changed(ctx, s.db, add, u.authyID, name, secret, toMillis(s.now()), maxApps)
	if err != nil {
		return err
	}
	if !added {
		return &requestError{http.StatusConflict, fmt.Sprintf("the app has %d entries already", maxApps)}
	}
	s.watchers.notify(u.authyID)
	return nil
}

// serveScannedApps is GET /phones/{id}/apps.
func (s *Simulator) serveScannedApps(w http.ResponseWriter, r *http.Request) error {
	u, err := findUser(r.Context(), s.db, phoneID(r))
	if err != nil {
		return err
	}
	apps, err := s.apps(r.Context(), u)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, apps)
}

// apps are the entries of a phone, oldest first, by the clock of the phone.
func (s *Simulator) apps(ctx context.Context, u user) ([]ScannedApp, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT name, secret FROM apps WHERE authy_id = ? ORDER BY rowid", u.authyID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	clock, all := s.now().Add(s.faults.effective(u.authyID).clockSkew()), []ScannedApp{}
	for rows.Next() {
		var app ScannedApp
		var secret string
		if err := rows.Scan(&app.Name, &secret); err != nil {
			return nil, err
		}
		if app.Token, err = genericToken.shown(secret, clock); err != nil {
			return nil, err
		}
		all = append(all, app)
	}
	return all, rows.Err()
}

// soonest is when the first of them shows another code.
func soonest(apps []ScannedApp, next time.Duration) time.Duration {
	for _, app := range apps {
		next = min(next, time.Duration(app.ExpiresIn)*time.Second)
	}
	return next
}
