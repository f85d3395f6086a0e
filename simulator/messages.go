package simulator

import (
	"context"
	"database/sql"
	"errors"
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

	ringing, answered bool // of a call
}

// Call is a call that rings or is being read out: it ends with hanging up, or
// with the next call.
type Call struct {
	Answered bool   `json:"answered"`
	Text     string `json:"text,omitempty"` // once it is answered
	Code     string `json:"code,omitempty"` // once it is answered
	At       Stamp  `json:"at"`
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
		until, err := s.noCodesUntil(c.ctx(), tx, u, c.now)
		if err != nil {
			return err
		}
		if !until.IsZero() {
			return &apiError{status: http.StatusTooManyRequests, code: codeTooManyRequests, codeFirst: true,
				message: "DoS protection: User has requested too many tokens in the last hour.", retryAfter: until.Sub(c.now)}
		}
		if err := send(c.ctx(), tx, m, c.now); err != nil {
			return err
		}
		return count(c.ctx(), tx, c.now, map[string]string{"sms": "sms", "call": "calls"}[via])
	})
}

// noCodesUntil is when the next code may go to a phone that has got its number of the
// hour; zero if one may go now.
func (s *Simulator) noCodesUntil(ctx context.Context, q querier, u user, now time.Time) (time.Time, error) {
	var at int64
	err := q.QueryRowContext(ctx, `SELECT at FROM messages WHERE country_code = ? AND phone_number = ? AND kind = 'token'
		AND via <> 'email' AND at > ? ORDER BY at DESC LIMIT 1 OFFSET ?`,
		u.countryCode, u.phoneNumber, toMillis(now.Add(-time.Hour)), s.config.CodesPerHour-1).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	return fromMillis(at).Add(time.Hour), err
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

// messagesTo returns the newest messages to a number, newest first. A call has its
// code also if nobody has answered it: scripts and tests have no ears.
func (s *Simulator) messagesTo(ctx context.Context, country int, number string) ([]Message, error) {
	return collect(ctx, s.db, func(scan func(...any) error) (m Message, err error) {
		var at int64
		err = scan(&m.Via, &m.Code, &m.Text, &at, &m.ringing, &m.answered)
		m.At = Stamp{fromMillis(at)}
		return m, err
	}, "SELECT via, code, text, at, ringing, answered FROM messages WHERE country_code = ? AND phone_number = ? ORDER BY seq DESC LIMIT ?",
		country, number, maxListed)
}

// heard is what a person finds on the phone: the call in progress, nil without one,
// and of a call that nobody has answered nothing but that it was missed.
func heard(messages []Message) (call *Call, shown []Message) {
	shown = []Message{}
	for _, m := range messages {
		secret := m.Via == "call" && !m.answered
		if secret {
			m.Text, m.Code = "", ""
		}
		if m.ringing {
			call = &Call{m.answered, m.Text, m.Code, m.At}
		}
		if !secret || !m.ringing {
			shown = append(shown, m)
		}
	}
	return call, shown
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

// serveAnswerCall answers the call in progress, if there is one: from now on the
// phone shows what the voice says.
func (s *Simulator) serveAnswerCall(w http.ResponseWriter, r *http.Request) error {
	const answer = "UPDATE messages SET answered = 1 WHERE country_code = ? AND phone_number = ? AND ringing = 1"
	return s.changeCall(w, r, func(u user) error {
		_, err := s.db.ExecContext(r.Context(), answer, u.countryCode, u.phoneNumber)
		return err
	})
}

// serveHangUp ends the call in progress, if there is one.
func (s *Simulator) serveHangUp(w http.ResponseWriter, r *http.Request) error {
	return s.changeCall(w, r, func(u user) error { return hangUp(r.Context(), s.db, u.countryCode, u.phoneNumber) })
}

// changeCall does what a person does about a call, sent as JSON or as a form.
func (s *Simulator) changeCall(w http.ResponseWriter, r *http.Request, do func(user) error) error {
	if err := readJSON(w, r, &struct{}{}); err != nil {
		return err
	}
	u, err := findUser(r.Context(), s.db, phoneID(r))
	if err != nil {
		return err
	}
	if err := do(u); err != nil {
		return err
	}
	s.watchers.notify(u.authyID)
	if byForm(r) {
		return backToPhone(w, r)
	}
	return writeJSON(w, http.StatusOK, phoneOf(u))
}
