package command

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nod/phone"
	"nod/phone/phonetest"
)

// signedReceipt is what a phone has signed, as the account page offers it.
func signedReceipt(t *testing.T) string {
	t.Helper()
	keys := phonetest.New("https://nod.example", "nod.example")
	r := phone.Receipt{Version: 1, Phone: "Pixel", At: "2026-11-26T12:00:00.000Z", Key: keys.Passkey(), Message: phone.Message{
		Origin: "https://nod.example", Request: "R1", Decision: "approved", Nonce: "N1", Number: "470811",
		Shown: phone.Shown{Kind: "transfer", Email: "ada@example.com", Payee: "Grace\nHopper", Amount: "12.50", Currency: "EUR"},
	}}
	r.Approval = keys.Approve(r.Message.Digest())
	content, err := json.Marshal(r)
	must(t, err)
	return string(content)
}

func TestVerifyReceipt(t *testing.T) {
	good := signedReceipt(t)
	for name, test := range map[string]struct {
		content string
		status  int
		says    string
	}{
		"as it was signed": {good, 0, `"12.50 EUR"`},
		"another amount":   {strings.Replace(good, "12.50", "99.50", 1), 1, "signature"},
		"another payee":    {strings.Replace(good, "Grace", "Eve", 1), 1, "signature"},
		"a denial":         {strings.Replace(good, "approved", "denied", 1), 1, "signature"},
		"no receipt":       {"{}", 1, "no receipt"},
		"no JSON":          {"hello", 1, "no receipt"},
	} {
		file := filepath.Join(t.TempDir(), "receipt.json")
		must(t, os.WriteFile(file, []byte(test.content), 0o600))
		var out strings.Builder
		err := run(t.Context(), []string{"verify-receipt", file}, os.LookupEnv, &out, &out)
		said := out.String()
		if err != nil {
			said += err.Error()
		}
		if exitStatus(err) != test.status || !strings.Contains(said, test.says) {
			t.Errorf("%s: status %d: %s", name, exitStatus(err), said)
		}
	}
	var out strings.Builder
	if err := run(t.Context(), []string{"verify-receipt"}, os.LookupEnv, &out, &out); exitStatus(err) != 2 {
		t.Errorf("without a file: got %v", err)
	}
	must(t, run(t.Context(), []string{"verify-receipt", "-h"}, os.LookupEnv, &out, &out))
}
