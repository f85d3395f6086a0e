package simulator

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"image/png"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/pquerna/otp"
)

const (
	defaultQRSize = 300 // pixels
	minQRSize     = 60
	maxQRSize     = 1000
	maxLabel      = 100 // characters; too many for a small QR code
)

// createSecret is POST users/{user}/secret: a new secret for a generic
// authenticator, which replaces the older one, as a QR code. The simulated phone
// has it at once, as if it had scanned the code; a real phone can scan it too.
func (s *Simulator) createSecret(c *call) (object, error) {
	u, err := s.userOf(c)
	if err != nil {
		return nil, err
	}
	size, err := strconv.Atoi(cmp.Or(c.params.text("qr_size"), strconv.Itoa(defaultQRSize)))
	if err != nil || size < minQRSize || size > maxQRSize {
		return nil, invalidParameter("qr_size", fmt.Sprintf("must be between %d and %d", minQRSize, maxQRSize))
	}
	label := firstRunes(cmp.Or(c.params.text("label"), u.email), maxLabel)
	u.genericSecret = newSecret()
	key := keyURL(s.app.name, label, u.genericSecret)
	if _, err := picture(key, size); err != nil {
		return nil, &apiError{status: http.StatusBadRequest, code: codeQRFailed, message: "QR code generation failed"}
	}
	ticket, err := s.storeSecret(c, u, key, size)
	if err != nil {
		return nil, err
	}
	s.watchers.notify(u.authyID)
	return object{{"label", label}, {"issuer", s.app.name}, {"qr_code", baseURL(c.http) + "/qr/" + ticket + ".png"}, {"success", true}}, nil
}

func (s *Simulator) storeSecret(c *call, u user, key string, size int) (ticket string, err error) {
	ticket = rand.Text()
	err = s.tx(c.ctx(), func(tx *sql.Tx) error {
		if err := setSecret(c.ctx(), tx, u); err != nil {
			return err
		}
		if _, err := tx.ExecContext(c.ctx(), "DELETE FROM pictures WHERE authy_id = ?", u.authyID); err != nil {
			return err
		}
		_, err := tx.ExecContext(c.ctx(), "INSERT INTO pictures (ticket, authy_id, url, size, created_at) VALUES (?, ?, ?, ?, ?)",
			ticket, u.authyID, key, size, toMillis(c.now))
		return err
	})
	return ticket, err
}

func setSecret(ctx context.Context, q querier, u user) error {
	_, err := q.ExecContext(ctx, "UPDATE users SET generic_secret = ? WHERE authy_id = ?", u.genericSecret, u.authyID)
	return err
}

// keyURL is the content of a QR code, in the form that authenticators read.
func keyURL(issuer, label, secret string) string {
	u := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + issuer + ":" + label}
	u.RawQuery = strings.ReplaceAll(url.Values{"secret": {secret}, "issuer": {issuer}, "algorithm": {"SHA1"},
		"digits": {"6"}, "period": {"30"}}.Encode(), "+", "%20")
	return u.String()
}

func picture(key string, size int) ([]byte, error) {
	k, err := otp.NewKeyFromURL(key)
	if err != nil {
		return nil, err
	}
	image, err := k.Image(size, size)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = png.Encode(&b, image)
	return b.Bytes(), err
}

// baseURL is the address that the client used; guard has checked the Host
// header.
func baseURL(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// serveQR serves a QR code to clients that know its ticket.
func (s *Simulator) serveQR(w http.ResponseWriter, r *http.Request) error {
	var key string
	var size int
	ticket := strings.TrimSuffix(r.PathValue("name"), ".png")
	err := s.db.QueryRowContext(r.Context(), "SELECT url, size FROM pictures WHERE ticket = ?", ticket).Scan(&key, &size)
	if errors.Is(err, sql.ErrNoRows) {
		return unknownURL(w)
	}
	if err != nil {
		return err
	}
	content, err := picture(key, size)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "image/png")
	_, err = w.Write(content)
	return err
}

// exportSecret is GET users/{user}/secret/export, for customers leaving the
// service.
func (s *Simulator) exportSecret(c *call) (object, error) {
	u, err := s.userOf(c)
	if err != nil {
		return nil, err
	}
	if u.genericSecret == "" {
		u.genericSecret = newSecret()
		if err := setSecret(c.ctx(), s.db, u); err != nil {
			return nil, err
		}
		s.watchers.notify(u.authyID)
	}
	token, err := genericToken.shown(u.genericSecret, c.now)
	if err != nil {
		return nil, err
	}
	return object{{"secret", u.genericSecret}, {"otp", token.Token}, {"success", true}}, nil
}

// exportPhone is GET users/{user}/phone_number, also for customers leaving.
func (s *Simulator) exportPhone(c *call) (object, error) {
	u, err := s.userOf(c)
	if err != nil {
		return nil, err
	}
	return object{{"phone_number", strings.Join(grouped(u.phoneNumber), "-")}, {"country_code", strconv.Itoa(u.countryCode)},
		{"e164", u.e164()}, {"updated_at", second(u.createdAt)}, {"success", true}}, nil
}
