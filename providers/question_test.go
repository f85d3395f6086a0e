package providers_test

import (
	"context"
	"strings"
	"testing"

	"nod/authy"
	"nod/providers"
	"nod/signin"
	"nod/store"
)

// Authy takes 200 characters of a detail, and an e-mail may have 254: the phone
// rings all the same.
func TestTheLongestEmailRings(t *testing.T) {
	provider, handle := simulated(t)
	local, domain := strings.Repeat("a", 64), strings.Repeat("b", 60)
	email := local + "@" + domain + "." + domain + "." + domain + ".eu"
	email += strings.Repeat("x", 254-len(email))

	login := question(email)
	_, err := provider.Ask(t.Context(), handle, login)
	must(t, err)

	transfer := question(email)
	transfer.Kind = store.KindTransfer
	transfer.Transfer, err = signin.ParseMoney("Carol", "1250.50", "EUR", "1,000,000")
	must(t, err)
	_, err = provider.Ask(t.Context(), handle, transfer)
	must(t, err)
}

// A name that is written from right to left is shown whole, and the amount
// beside it stays as it is.
func TestAPayeeCannotTurnTheAmountRound(t *testing.T) {
	for payee, want := range map[string]string{
		"Carol":                         "Send 120.50 EUR to Carol?",
		"\u05e9\u05dc\u05d5\u05dd 00.1": "Send 120.50 EUR to \u2068\u05e9\u05dc\u05d5\u05dd 00.1\u2069?",
		"\u0633\u0644\u0627\u0645":      "Send 120.50 EUR to \u2068\u0633\u0644\u0627\u0645\u2069?",
	} {
		q := question("ada@example.com")
		q.Kind = store.KindTransfer
		var err error
		q.Transfer, err = signin.ParseMoney(payee, "120.50", "EUR", "1,000,000")
		must(t, err)
		asked := &asked{}
		_, err = (&providers.Authy{API: asked, Words: words(t)}).Ask(t.Context(), "1", q)
		must(t, err)
		if asked.request.Message != want {
			t.Errorf("%+q: the phone shows %+q, want %+q", payee, asked.request.Message, want)
		}
	}
}

// asked remembers the last request.
type asked struct {
	providers.AuthyAPI
	request authy.ApprovalRequest
}

func (a *asked) UserStatus(context.Context, int64) (authy.UserStatus, error) {
	return authy.UserStatus{Confirmed: true, Registered: true, Devices: []string{"android"}}, nil
}

func (a *asked) RequestApproval(_ context.Context, _ int64, r authy.ApprovalRequest) (string, error) {
	a.request = r
	return "uuid", nil
}

// What rings is in the language of the account, with the habits of its country.
func TestThePhoneIsAskedInTheLanguageOfTheAccount(t *testing.T) {
	asked := &asked{}
	provider := &providers.Authy{API: asked, Words: words(t)}
	q := question("ada@example.com")
	q.Language = "de-CH"
	_, err := provider.Ask(t.Context(), "1", q)
	must(t, err)
	for label, want := range map[string]string{"Zahl": "42", "Browser": "Firefox unter Linux", "Zeit": "24.11.2026, 19:00:00 UTC"} {
		if got, _ := shown(asked.request, label); got != want {
			t.Errorf("%s: got %q, want %q", label, got, want)
		}
	}
	if asked.request.Details[0].Value != "42" {
		t.Errorf("the number is not the first detail: %v", asked.request.Details)
	}
	q.Kind = store.KindTransfer
	for language, want := range map[string]string{
		"de": "1.250,50 EUR an Grace senden?", "de-CH": "1’250.50 EUR an Grace senden?",
		"": "Send 1,250.50 EUR to Grace?", "en-IN": "Send 1,250.50 EUR to Grace?", "tlh": "Send 1,250.50 EUR to Grace?",
	} {
		q.Language, q.Transfer = language, signin.Money{Payee: "Grace", Minor: 125050, Currency: "EUR"}
		_, err := provider.Ask(t.Context(), "1", q)
		must(t, err)
		if asked.request.Message != want {
			t.Errorf("in %q: got %q, want %q", language, asked.request.Message, want)
		}
	}
}
