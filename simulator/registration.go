package simulator

import (
	"context"
	"database/sql"
	"net/mail"
	"strconv"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"
)

// register is POST users/new. A registered number is no error: the reply has
// its id again, and its e-mail address stays. The phone itself names both owners.
func (s *Simulator) register(c *call) (object, error) {
	email := strings.TrimSpace(c.params.text("user", "email"))
	phone := digitsOf(c.params.text("user", "cellphone"))
	country := strings.TrimPrefix(strings.TrimSpace(c.params.text("user", "country_code")), "+")
	if c.params.at("user", "country_code") == nil {
		country = "1"
	}
	if e := checkUser(email, c.params.text("user", "cellphone"), country); e != nil {
		return nil, e
	}
	code, err := strconv.Atoi(country)
	if err != nil {
		return nil, err
	}
	id, err := s.createUser(c.ctx(), c.now, email, code, phone)
	if err != nil {
		return nil, err
	}
	return object{{"message", "User created successfully."}, {"user", object{{"id", id}}}, {"success", true}}, nil
}

// Random ids have nine digits: far below 2^31, the limit of some clients, and
// never 1234, the id in the dashboard's test callback.
const (
	minRandomID = 100_000_000
	maxRandomID = 999_999_999
)

// newID returns an id that no user of the file has or had. It is random: an
// application keeps the ids of its users, and if the file was lost, restored or
// removed meanwhile, a counter would give one person's id to another, whose
// phone then rang for the first.
func (s *Simulator) newID(ctx context.Context, q querier) (id int64, err error) {
	if s.config.FirstID > 0 {
		err = q.QueryRowContext(ctx, "SELECT max(coalesce(max(authy_id) + 1, 0), ?) FROM users", s.config.FirstID).Scan(&id)
		return id, err
	}
	for taken := true; taken; {
		id = minRandomID + randomBelow(maxRandomID-minRandomID+1)
		if err := q.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM users WHERE authy_id = ?)", id).Scan(&taken); err != nil {
			return 0, err
		}
	}
	return id, nil
}

// createUser adds a user with a new phone that has the app. A number that is
// registered again after a removal gets its old id.
func (s *Simulator) createUser(ctx context.Context, now time.Time, email string, country int, phone string) (id int64, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		back, err := changed(ctx, tx, `UPDATE users SET removed_at = 0, email = ?, confirmed = 0, app_installed = 1, generic_secret = ''
			WHERE country_code = ? AND phone_number = ? AND removed_at <> 0`, email, country, phone)
		if err != nil {
			return err
		}
		if id, err = s.newID(ctx, tx); err != nil {
			return err
		}
		fresh, err := changed(ctx, tx, `INSERT INTO users
			(authy_id, hex_id, email, country_code, phone_number, os, app_secret, created_at, seq)
			SELECT ?, ?, ?, ?, ?, ?, ?, ?, coalesce(max(seq), 0) + 1 FROM users WHERE true
			ON CONFLICT (country_code, phone_number) DO NOTHING`,
			id, randomHex(12), email, country, phone, osOf(phone), newSecret(), toMillis(now))
		if err != nil {
			return err
		}
		if back || fresh {
			if err := count(ctx, tx, now, "users"); err != nil {
				return err
			}
		}
		err = tx.QueryRowContext(ctx, "SELECT authy_id FROM users WHERE country_code = ? AND phone_number = ?",
			country, phone).Scan(&id)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO owners (authy_id, email) VALUES (?, ?) ON CONFLICT DO NOTHING", id, email)
		return err
	})
	if err == nil {
		s.watchers.notify(id)
	}
	return id, err
}

// osOf makes even numbers iPhones and odd ones Androids.
func osOf(phone string) string {
	if (phone[len(phone)-1]-'0')%2 == 0 {
		return "iphone"
	}
	return "android"
}

// checkUser reports all invalid fields, in the words of the recorded replies: a
// blank cellphone is invalid, a blank address also "can't be blank".
func checkUser(email, cellphone, country string) *apiError {
	var fields []member
	add := func(name, what string) {
		if what != "" {
			fields = append(fields, member{name, what})
		}
	}
	add("email", problem(email, validEmail))
	if !validPhone(cellphone) {
		add("cellphone", "is invalid")
	}
	add("country_code", countryProblem(country))
	if len(fields) == 0 {
		return nil
	}
	return &apiError{status: 400, code: codeUserNotValid, message: "User was not valid", fields: fields}
}

func problem(text string, valid func(string) bool) string {
	switch {
	case text == "":
		return "is invalid and can't be blank"
	case !valid(text):
		return "is invalid"
	default:
		return ""
	}
}

func countryProblem(text string) string {
	isNumber := func(s string) bool { return len(s) <= 4 && len(digitsOf(s)) == len(s) }
	if wrong := problem(text, isNumber); wrong != "" {
		return wrong
	}
	switch code, _ := strconv.Atoi(text); {
	case code == 0:
		return "is invalid"
	case !knownCountry(code):
		return "is not supported"
	default:
		return ""
	}
}

func knownCountry(code int) bool {
	return phonenumbers.GetSupportedCallingCodes()[code]
}

func validEmail(text string) bool {
	a, err := mail.ParseAddress(text)
	return err == nil && a.Address == text && len(text) <= 254
}

// validPhone accepts the usual separators, and numbers that do not exist:
// nobody is called.
func validPhone(text string) bool {
	for _, r := range text {
		if (r < '0' || r > '9') && !strings.ContainsRune("-. ()", r) {
			return false
		}
	}
	n := len(digitsOf(text))
	return n >= 5 && n <= 15
}

func digitsOf(text string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, text)
}
