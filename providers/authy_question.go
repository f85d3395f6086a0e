package providers

import (
	"slices"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/bidi"

	"nod/authy"
	"nod/locales"
	"nod/signin"
	"nod/store"
)

// What Authy takes of a message and of a detail, in characters.
const (
	maxMessage = 144
	maxDetail  = 200
)

// asker writes a question in the language of the account. Who reads it is rung: that
// may be somewhere else than where the browser is.
type asker struct {
	locales.Reader
	q signin.Question
}

// request is the question as the app shows it. Our id travels in the hidden
// details and comes back with the answer.
func (a *Authy) request(q signin.Question) authy.ApprovalRequest {
	ask := asker{a.Words.Reader(q.Language), q}
	message, details := ask.login()
	switch q.Kind {
	case store.KindTransfer:
		message, details = ask.transfer()
	case store.KindConfirm:
		message, details = ask.change(details)
	}
	if q.Shared {
		// Whoever owns the number has an account already, and may be asked by
		// somebody else.
		details = append(details, ask.detail("ring.note", ask.Text("ring.shared")))
	}
	details = append(details, ask.noticeLine()...)
	return authy.ApprovalRequest{
		Message:         message,
		Details:         append(details, ask.detail("ring.time", ask.Moment(q.AskedAt))),
		HiddenDetails:   map[string]string{hiddenID: q.ApprovalID},
		Logos:           []authy.Logo{{Res: "default", URL: a.LogoURL}},
		SecondsToExpire: int(q.ExpiresAt.Sub(q.AskedAt).Round(time.Second).Seconds()),
	}
}

const hiddenID = "approval_id"

// detail is a line below the message.
func (a asker) detail(label, value string) authy.Detail {
	return authy.Detail{Label: a.Text(label), Value: signin.Shorten(value, maxDetail)}
}

// login shows who signs in, from where, and first a number to compare with the
// browser's.
func (a asker) login() (message string, details []authy.Detail) {
	from := a.q.Login
	details = []authy.Detail{
		a.detail("ring.number", from.Number),
		a.detail("ring.email", a.q.Email),
		a.detail("ring.browser", a.Browser(from.Browser)),
		a.detail("ring.address", from.Address),
	}
	if from.Place != "" {
		details = append(details, a.detail("ring.place", from.Place))
	}
	if from.Resets {
		return a.Text("ring.reset"), details
	}
	return a.Text("ring.login"), details
}

// change shows what is to be changed beside what a sign-in shows.
func (a asker) change(login []authy.Detail) (message string, details []authy.Detail) {
	return a.Text("ring.confirm"), slices.Insert(login, 1, a.detail("ring.change", a.q.Change))
}

func (a asker) transfer() (message string, details []authy.Detail) {
	m := a.q.Transfer
	amount := a.Amount(m.Minor, m.Decimals()) + " " + m.Currency
	around := utf8.RuneCountInString(a.Text("ring.transfer", "amount", amount, "payee", "")) + len(isolate)
	payee := isolated(signin.Shorten(m.Payee, maxMessage-around))
	return a.Text("ring.transfer", "amount", amount, "payee", payee), []authy.Detail{
		a.detail("ring.payee", m.Payee),
		a.detail("ring.amount", amount),
		a.detail("ring.account", a.q.Email),
	}
}

// isolate opens and closes a text whose direction is its own.
var isolate = [2]string{"\u2068", "\u2069"}

// isolated keeps a name that is written from right to left from moving the
// amount beside it.
func isolated(text string) string {
	for _, r := range text {
		switch properties, _ := bidi.LookupRune(r); properties.Class() {
		case bidi.R, bidi.AL, bidi.AN:
			return isolate[0] + text + isolate[1]
		}
	}
	return text
}
