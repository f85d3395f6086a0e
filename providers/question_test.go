package providers_test

import (
	"strings"
	"testing"

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
	transfer.Transfer, err = signin.ParseMoney("Carol", "1250.50", "EUR")
	must(t, err)
	_, err = provider.Ask(t.Context(), handle, transfer)
	must(t, err)
}
