package simulator

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// verification proves that somebody has a number. It is a separate API of the
// service, without users and with codes of four digits.
type verification struct {
	country    int
	number     string
	uuid, code string
	expiresAt  time.Time
	verifiedAt time.Time
}

// display formats the number as the service does: +1 775-461-5609.
func (v verification) display() string {
	return fmt.Sprintf("+%d %s", v.country, strings.Join(grouped(v.number), "-"))
}

// readNumber reads the two parameters that make up a number.
func readNumber(c *call) (v verification, err error) {
	country := strings.TrimPrefix(c.params.text("country_code"), "+")
	phone := c.params.text("phone_number")
	switch {
	case country == "":
		return v, invalidParameter("country_code", "Parameter is required")
	case phone == "":
		return v, invalidParameter("phone_number", "Parameter is required")
	case countryProblem(country) != "":
		return v, invalidParameter("country_code", "Parameter is not valid")
	case !validPhone(phone):
		return v, &apiError{status: http.StatusBadRequest, code: codeInvalidPhone, codeFirst: true, message: "Phone number is invalid"}
	}
	return verification{country: atoi(country), number: digitsOf(phone)}, nil
}

// atoi parses a number that was checked before.
func atoi(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}

// startVerification is POST phones/verification/start. Within ten minutes it
// sends the same code again.
func (s *Simulator) startVerification(c *call) (object, error) {
	v, err := readNumber(c)
	if err != nil {
		return nil, err
	}
	via := cmp.Or(strings.ToLower(c.params.text("via")), "sms")
	if via != "sms" && via != "call" {
		return nil, invalidParameter("via", "Parameter must be sms or call")
	}
	if v.code, err = readCode(c.params); err != nil {
		return nil, err
	}
	v.uuid, v.expiresAt = uuid.NewString(), c.now.Add(codeLife)
	if v, err = s.storeVerification(c, v, via); err != nil {
		return nil, err
	}
	s.notifyNumber(c.ctx(), v.country, v.number)
	return object{{"carrier", "Simulated"}, {"is_cellphone", true}, {"message", startedText(via, c.params.text("locale"), v.display())},
		{"seconds_to_expire", int(v.expiresAt.Sub(c.now) / time.Second)}, {"uuid", v.uuid}, {"success", true}}, nil
}

// readCode generates a code, of four digits by default, or returns the one that
// the application chose.
func readCode(p params) (string, error) {
	if code := p.text("custom_code"); code != "" {
		if digitsOf(code) != code || len(code) < 4 || len(code) > 10 {
			return "", invalidParameter("custom_code", "Parameter must be 4 to 10 digits")
		}
		return code, nil
	}
	length, err := strconv.Atoi(cmp.Or(p.text("code_length"), "4"))
	if err != nil || length < 4 || length > 10 {
		return "", invalidParameter("code_length", "Parameter must be between 4 and 10")
	}
	return randomDigits(length), nil
}

// storeVerification stores v, or finds a pending one, and sends its code.
func (s *Simulator) storeVerification(c *call, v verification, via string) (verification, error) {
	err := s.tx(c.ctx(), func(tx *sql.Tx) error {
		old, err := findVerification(c.ctx(), tx, v)
		switch {
		case err == nil && old.verifiedAt.IsZero() && c.now.Before(old.expiresAt):
			v = old
		case err != nil && !errors.Is(err, sql.ErrNoRows):
			return err
		default:
			if err := putVerification(c.ctx(), tx, v); err != nil {
				return err
			}
		}
		text := strings.ReplaceAll(c.params.text("custom_message"), "{{code}}", v.code)
		m := outgoing{v.country, v.number, "verification", via, v.code, "", cmp.Or(text, s.codeText(via, v.code, "", ""))}
		return send(c.ctx(), tx, m, c.now)
	})
	return v, err
}

func putVerification(ctx context.Context, q querier, v verification) error {
	_, err := q.ExecContext(ctx, `INSERT INTO verifications (country_code, phone_number, uuid, code, expires_at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (country_code, phone_number) DO UPDATE
		SET uuid = excluded.uuid, code = excluded.code, expires_at = excluded.expires_at, verified_at = 0`,
		v.country, v.number, v.uuid, v.code, toMillis(v.expiresAt))
	return err
}

func findVerification(ctx context.Context, q querier, v verification) (verification, error) {
	var expires, verified int64
	err := q.QueryRowContext(ctx, `SELECT uuid, code, expires_at, verified_at FROM verifications
		WHERE country_code = ? AND phone_number = ?`, v.country, v.number).Scan(&v.uuid, &v.code, &expires, &verified)
	v.expiresAt, v.verifiedAt = fromMillis(expires), fromMillis(verified)
	return v, err
}

func startedText(via, locale, number string) string {
	spanish := strings.HasPrefix(strings.ToLower(locale), "es")
	switch {
	case via == "call" && spanish:
		return fmt.Sprintf("Llamada a %s fue iniciada.", number)
	case via == "call":
		return fmt.Sprintf("Call to %s initiated.", number)
	case spanish:
		return fmt.Sprintf("Mensaje de texto enviado a %s.", number)
	default:
		return fmt.Sprintf("Text message sent to %s.", number)
	}
}

// checkVerification is GET phones/verification/check. A correct code ends the
// verification: the next check finds none.
func (s *Simulator) checkVerification(c *call) (object, error) {
	v, err := readNumber(c)
	if err != nil {
		return nil, err
	}
	code := c.params.text("verification_code")
	if code == "" {
		return nil, invalidParameter("verification_code", "Parameter is required")
	}
	correct, err := changed(c.ctx(), s.db, `UPDATE verifications SET verified_at = ?
		WHERE country_code = ? AND phone_number = ? AND code = ? AND verified_at = 0 AND expires_at > ?`,
		toMillis(c.now), v.country, v.number, code, toMillis(c.now))
	if err != nil {
		return nil, err
	}
	if correct {
		return object{{"message", "Verification code is correct."}, {"success", true}}, nil
	}
	old, err := findVerification(c.ctx(), s.db, v)
	if errors.Is(err, sql.ErrNoRows) || (err == nil && (!old.verifiedAt.IsZero() || !c.now.Before(old.expiresAt))) {
		return nil, noVerification(v.display())
	}
	if err != nil {
		return nil, err
	}
	return nil, &apiError{status: http.StatusUnauthorized, code: codeIncorrectCode, codeFirst: true,
		message: "Verification code is incorrect"}
}

func noVerification(of string) error {
	return &apiError{status: http.StatusNotFound, code: codeNoVerification,
		message: fmt.Sprintf("No pending verifications for %s found.", of)}
}

// verificationOf finds a verification by its number or, as the documentation
// has it, by its uuid.
func (s *Simulator) verificationOf(c *call) (v verification, err error) {
	id := c.params.text("uuid")
	if id == "" {
		if v, err = readNumber(c); err != nil {
			return v, err
		}
	} else {
		err = s.db.QueryRowContext(c.ctx(), "SELECT country_code, phone_number FROM verifications WHERE uuid = ?", id).Scan(&v.country, &v.number)
	}
	if err == nil {
		v, err = findVerification(c.ctx(), s.db, v)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return v, noVerification(cmp.Or(id, v.display()))
	}
	return v, err
}

// verificationStatus is GET phones/verification/status. No reply of the service
// is recorded; the one client that calls it returns the body unread.
func (s *Simulator) verificationStatus(c *call) (object, error) {
	v, err := s.verificationOf(c)
	if err != nil {
		return nil, err
	}
	status, left := "pending", max(0, int(v.expiresAt.Sub(c.now)/time.Second))
	switch {
	case !v.verifiedAt.IsZero():
		status = "verified"
	case !c.now.Before(v.expiresAt): // left may be 0 before that: it is rounded down
		status = "expired"
	}
	return object{{"message", "Phone Verification status."}, {"status", status},
		{"seconds_to_expire", left}, {"uuid", v.uuid}, {"success", true}}, nil
}

// phoneInfo is GET phones/info. Every number is a cellphone.
func (s *Simulator) phoneInfo(c *call) (object, error) {
	if _, err := readNumber(c); err != nil {
		return nil, err
	}
	return object{{"message", "Phone number information as of " + c.now.UTC().Format("2006-01-02 15:04:05 UTC")},
		{"type", "cellphone"}, {"provider", "Simulated"}, {"ported", false}, {"success", true}}, nil
}
