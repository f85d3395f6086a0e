package providers

import (
	"slices"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/bidi"

	"nod/authy"
	"nod/signin"
	"nod/store"
)

// What Authy takes of a message and of a detail, in characters.
const (
	maxMessage = 144
	maxDetail  = 200
)

// request is the question as the app shows it. Our id travels in the hidden
// details and comes back with the answer.
func (a *Authy) request(q signin.Question) authy.ApprovalRequest {
	message, details := loginRequest(q)
	switch q.Kind {
	case store.KindTransfer:
		message, details = transferRequest(q)
	case store.KindConfirm:
		message, details = changeRequest(q, details)
	}
	if q.Shared {
		details = append(details, sharedNumber)
	}
	details = append(details, noticeLine(q.Notices)...)
	return authy.ApprovalRequest{
		Message:         message,
		Details:         append(details, authy.Detail{Label: "Time", Value: signin.Moment(q.AskedAt)}),
		HiddenDetails:   map[string]string{hiddenID: q.ApprovalID},
		Logos:           []authy.Logo{{Res: "default", URL: a.LogoURL}},
		SecondsToExpire: int(q.ExpiresAt.Sub(q.AskedAt).Round(time.Second).Seconds()),
	}
}

// sharedNumber is for a phone that a new account asks: whoever owns it has an account
// already, and may be asked by somebody else.
var sharedNumber = authy.Detail{Label: "Note", Value: "This number already belongs to another account here. Approve only if this one is yours, too."}

const hiddenID = "approval_id"

// loginRequest shows who signs in, from where, and a number to compare with
// the browser's.
func loginRequest(q signin.Question) (message string, details []authy.Detail) {
	details = []authy.Detail{
		{Label: "Number", Value: q.Login.Number},
		{Label: "E-mail", Value: signin.Shorten(q.Email, maxDetail)},
		{Label: "Browser", Value: q.Login.Browser},
		{Label: "Address", Value: q.Login.Address},
	}
	if q.Login.Place != "" {
		details = append(details, authy.Detail{Label: "Place", Value: signin.Shorten(q.Login.Place, maxDetail)})
	}
	return "Sign in to Nod?", details
}

// changeRequest shows what is to be changed beside what a sign-in shows.
func changeRequest(q signin.Question, login []authy.Detail) (message string, details []authy.Detail) {
	change := authy.Detail{Label: "Change", Value: signin.Shorten(q.Change, maxDetail)}
	return "Change your account?", slices.Insert(login, 1, change)
}

func transferRequest(q signin.Question) (message string, details []authy.Detail) {
	amount := q.Transfer.String()
	before, after := "Send "+amount+" to ", "?"
	payee := signin.Shorten(q.Transfer.Payee, maxMessage-utf8.RuneCountInString(before+after)-len(isolate))
	return before + isolated(payee) + after, []authy.Detail{
		{Label: "Payee", Value: q.Transfer.Payee},
		{Label: "Amount", Value: amount},
		{Label: "Account", Value: signin.Shorten(q.Email, maxDetail)},
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
