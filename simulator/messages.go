package simulator

import (
	"context"
	"database/sql"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	codeLife   = 10 * time.Minute // of codes by SMS and voice; not documented by the service
	codeDigits = 7
	maxAction  = 255 // characters
)

// Message is an SMS, a call or an e-mail with a code. E-mails are listed with
// the number of their user.
type Message struct {
	Via  string `json:"via"` // sms, call, email
	Code string `json:"code"`
	Text string `json:"text"`
	At   Stamp  `json:"at"`
}

// Call is a call that rings or is being read out: it ends with hanging up, or
// with the next call.
type Call struct {
	Text string `json:"text"`
	Code string `json:"code"`
	At   Stamp  `json:"at"`
}

// outgoing is a message to send.
type outgoing struct {
	country            int
	number             string
	kind, via          string
	code, action, text string
}

// send stores a message for its phone. A new call ends the one before.
func send(ctx context.Context, q querier, m outgoing, now time.Time) error {
	if m.via == "call" {
		if err := hangUp(ctx, q, m.country, m.number); err != nil {
			return err
		}
	}
	_, err := q.ExecContext(ctx, `INSERT INTO messages
		(country_code, phone_number, kind, via, code, action, text, at, expires_at, ringing)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		m.country, m.number, m.kind, m.via, m.code, m.action, m.text, toMillis(now), toMillis(now.Add(codeLife)), m.via == "call")
	return err
}

func hangUp(ctx context.Context, q querier, country int, number string) error {
	_, err := q.ExecContext(ctx, "UPDATE messages SET ringing = 0 WHERE country_code = ? AND phone_number = ? AND ringing = 1",
		country, number)
	return err
}

// notifyNumber notifies the pages of the phone with a number, if a user has it.
func (s *Simulator) notifyNumber(ctx context.Context, country int, number string) {
	var id int64
	err := s.db.QueryRowContext(ctx, "SELECT authy_id FROM users WHERE country_code = ? AND phone_number = ?", country, number).Scan(&id)
	if err == nil {
		s.watchers.notify(id)
	}
}

// sendSMS is GET sms/{user}.
func (s *Simulator) sendSMS(c *call) (object, error) {
	return s.sendCode(c, "sms", "SMS token was sent",
		"Ignored: SMS is not needed for smartphones. Pass force=true if you want to actually send it anyway.")
}

// startCall is GET call/{user}.
func (s *Simulator) startCall(c *call) (object, error) {
	return s.sendCode(c, "call", "Call started...",
		"Call ignored. User is using  App Tokens and this call is not necessary. "+
			"Pass force=true if you still want to call users that are using the App.")
}

// sendCode sends nothing to a phone with the app, unless the call has
// force=true. The service reports that as a success: a trap for clients that
// ignore "ignored".
func (s *Simulator) sendCode(c *call, via, sent, ignored string) (object, error) {
	u, err := s.userOf(c)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"action", "action_message"} {
		if utf8.RuneCountInString(c.params.text(name)) > maxAction {
			return nil, invalidParameter(name, "is too long (maximum is 255 characters)")
		}
	}
	if u.appInstalled && !c.params.flag("force") {
		return object{{"message", ignored}, {"cellphone", maskedCellphone(u)}, {"device", u.os},
			{"ignored", true}, {"success", true}}, nil
	}
	if err := s.deliverCode(c, u, via); err != nil {
		return nil, err
	}
	s.notifyNumber(c.ctx(), u.countryCode, u.phoneNumber)
	return object{{"success", true}, {"message", sent}, {"cellphone", maskedCellphone(u)}}, nil
}

// deliverCode counts and sends in one transaction, so that concurrent calls
// cannot exceed the limit.
func (s *Simulator) deliverCode(c *call, u user, via string) error {
	code := randomDigits(codeDigits)
	m := outgoing{u.countryCode, u.phoneNumber, "token", via, code, c.params.text("action"),
		s.codeText(via, code, c.params.text("action_message"), c.params.text("locale"))}
	return s.tx(c.ctx(), func(tx *sql.Tx) error {
		var n int
		err := tx.QueryRowContext(c.ctx(), `SELECT count(*) FROM messages
			WHERE country_code = ? AND phone_number = ? AND kind = 'token' AND via <> 'email' AND at > ?`,
			u.countryCode, u.phoneNumber, toMillis(c.now.Add(-time.Hour))).Scan(&n)
		if err != nil {
			return err
		}
		if n >= s.config.CodesPerHour {
			return &apiError{status: http.StatusTooManyRequests, code: codeTooManyRequests, codeFirst: true,
				message: "DoS protection: User has requested too many tokens in the last hour."}
		}
		if err := send(c.ctx(), tx, m, c.now); err != nil {
			return err
		}
		return count(c.ctx(), tx, c.now, map[string]string{"sms": "sms", "call": "calls"}[via])
	})
}

// codeText is the text of a message, in English if the phones do not speak its
// language; a call spells out the code, twice.
func (s *Simulator) codeText(via, code, about, locale string) string {
	if about != "" {
		about += " "
	}
	key := "message.code"
	if via == "call" {
		key, code = "message.call", strings.Join(strings.Split(code, ""), ", ")
	}
	return about + s.pages.In(locale, "").Text(key, "app", s.app.name, "code", code)
}

func randomDigits(n int) string {
	var b strings.Builder
	for range n {
		b.WriteByte(byte('0' + randomBelow(10)))
	}
	return b.String()
}

// messagesTo returns the newest messages to a number, newest first.
func (s *Simulator) messagesTo(ctx context.Context, country int, number string) ([]Message, error) {
	return collect(ctx, s.db, func(scan func(...any) error) (m Message, err error) {
		var at int64
		err = scan(&m.Via, &m.Code, &m.Text, &at)
		m.At = Stamp{fromMillis(at)}
		return m, err
	}, "SELECT via, code, text, at FROM messages WHERE country_code = ? AND phone_number = ? ORDER BY seq DESC LIMIT ?",
		country, number, maxListed)
}

// ringing returns the call in progress; nil without one.
func (s *Simulator) ringing(ctx context.Context, u user) (*Call, error) {
	calls, err := collect(ctx, s.db, func(scan func(...any) error) (c Call, err error) {
		var at int64
		err = scan(&c.Text, &c.Code, &at)
		c.At = Stamp{fromMillis(at)}
		return c, err
	}, "SELECT text, code, at FROM messages WHERE country_code = ? AND phone_number = ? AND ringing = 1", u.countryCode, u.phoneNumber)
	if err != nil || len(calls) == 0 {
		return nil, err
	}
	return &calls[0], nil
}

func (s *Simulator) serveMessages(w http.ResponseWriter, r *http.Request) error {
	u, err := findUser(r.Context(), s.db, phoneID(r))
	if err != nil {
		return err
	}
	messages, err := s.messagesTo(r.Context(), u.countryCode, u.phoneNumber)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, messages)
}

// serveNumber serves the messages to any number: phone verifications go to
// numbers that no user has.
func (s *Simulator) serveNumber(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	country, number := query.Get("country_code"), digitsOf(query.Get("phone_number"))
	if countryProblem(country) != "" || number == "" {
		return badRequest("a valid country_code and a phone_number are required")
	}
	messages, err := s.messagesTo(r.Context(), atoi(country), number)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, messages)
}

// serveHangUp ends the call in progress, if there is one.
func (s *Simulator) serveHangUp(w http.ResponseWriter, r *http.Request) error {
	if err := readJSON(w, r, &struct{}{}); err != nil {
		return err
	}
	u, err := findUser(r.Context(), s.db, phoneID(r))
	if err != nil {
		return err
	}
	if err := hangUp(r.Context(), s.db, u.countryCode, u.phoneNumber); err != nil {
		return err
	}
	s.watchers.notify(u.authyID)
	return writeJSON(w, http.StatusOK, phoneOf(u))
}
