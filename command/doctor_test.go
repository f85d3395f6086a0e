package command

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"nod/authy"
	"nod/providers"
)

const (
	doctorKey  = "an-application-key-for-tests-only"
	doctorSite = "https://nod.example"
	doctorText = `{"authy_id":1001,"uuid":"0123abcd-0000-0000-0000-000000000000","status":"denied","callback_action":"approval_request_status"}`
)

// saved is a callback as nc writes it to a file.
func saved(t *testing.T, address, body string) string {
	t.Helper()
	nonce := fmt.Sprint(time.Date(2026, time.November, 26, 7, 0, 0, 0, time.UTC).Unix())
	signature, err := authy.SignCallback(doctorKey, http.MethodPost, address, nonce, []byte(body))
	must(t, err)
	return "POST /authy/callback HTTP/1.1\r\nHost: nod.example\r\nContent-Type: application/json\r\nX-Authy-Signature: " + signature +
		"\r\nX-Authy-Signature-Nonce: " + nonce + "\r\nContent-Length: " + fmt.Sprint(len(body)) + "\r\n\r\n" + body
}

// What nod doctor says of a file, and the status that it ends with.
func TestTheDoctor(t *testing.T) {
	t.Chdir(t.TempDir())
	const own = doctorSite + "/authy/callback"
	good := saved(t, own, doctorText)
	ping := `{"authy_id":1234,"uuid":"","status":"approved","callback_action":"approval_request_status"}`
	unusable := strings.Replace(doctorText, "denied", "maybe", 1)
	query, err := authy.CallbackQuery([]byte(doctorText))
	must(t, err)
	nonce := "1764140400"
	signature, err := authy.SignCallback(doctorKey, http.MethodGet, own, nonce, []byte(doctorText))
	must(t, err)
	for name, test := range map[string]struct {
		file   string
		status int
		says   string
	}{
		"as it came":        {good, 0, "The answer to request 0123abcd-0000-0000-0000-000000000000 is \"denied\".\nIts nonce is the time 2026-11-26 07:00:00 UTC"},
		"from an editor":    {strings.ReplaceAll(good, "\r\n", "\n") + "\n", 0, "Its signature is right."},
		"without a length":  {strings.Replace(good, fmt.Sprintf("Content-Length: %d\r\n", len(doctorText)), "", 1) + "\n", 0, "Its signature is right."},
		"in chunks":         {strings.NewReplacer(fmt.Sprintf("Content-Length: %d", len(doctorText)), "Transfer-Encoding: chunked", doctorText, fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(doctorText), doctorText)).Replace(good), 0, "Its signature is right."},
		"a GET":             {"GET /authy/callback?" + query + " HTTP/1.1\r\nHost: nod.example\r\nX-Authy-Signature: " + signature + "\r\nX-Authy-Signature-Nonce: " + nonce + "\r\n\r\n", 0, "Its signature is right."},
		"a test callback":   {saved(t, own, ping), 0, "It is the test callback of Authy's dashboard."},
		"signed over http":  {saved(t, "http://nod.example/authy/callback", doctorText), 1, "Its signature is refused: it would match with http: set PUBLIC_URL to http://nod.example "},
		"signed elsewhere":  {strings.ReplaceAll(saved(t, "https://front.test/authy/callback", doctorText), "Host: nod.example", "Host: front.test"), 1, "it would match with the host front.test: set PUBLIC_URL"},
		"unusable":          {saved(t, own, unusable), 1, "Its signature is right, but the message cannot be used: "},
		"of another path":   {strings.Replace(good, "/authy/callback", "/callback", 1), 1, "It is refused: Nod takes callbacks at /authy/callback."},
		"as text":           {strings.Replace(good, "application/json", "text/plain", 1), 1, "It is refused: its Content-Type is \"text/plain\", not application/json."},
		"compressed":        {strings.Replace(good, "Host:", "Content-Encoding: gzip\r\nHost:", 1), 1, "It is refused: its body is compressed."},
		"unsigned":          {strings.Replace(good, "X-Authy-Signature:", "X-Other:", 1), 1, "Its signature is refused: the header X-Authy-Signature is missing"},
		"cut off":           {good[:len(good)-1], 1, fmt.Sprintf("its body has %d bytes, and its Content-Length says %d: save the whole request", len(doctorText)-1, len(doctorText))},
		"something else":    {doctorText, 1, "it is no raw HTTP/1.1 request: "},
		"something large":   {strings.Repeat("x", 300_000), 1, "it is larger than 262144 bytes, which no callback is"},
		"no file of a name": {"", 1, "none.txt: no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			file := "callback.txt"
			must(t, os.WriteFile(file, []byte(test.file), 0o600))
			if test.file == "" {
				file = "none.txt"
			}
			var out strings.Builder
			err := run(t.Context(), []string{"doctor", file}, environment("AUTHY_API_KEY", doctorKey, "PUBLIC_URL", doctorSite), &out, t.Output())
			said := out.String() + fmt.Sprint(err)
			if exitStatus(err) != test.status || !strings.Contains(said, test.says) {
				t.Errorf("got status %d and\n%s\nwant status %d and %q", exitStatus(err), said, test.status, test.says)
			}
			right, err := authy.SignCallback(doctorKey, http.MethodPost, own, fmt.Sprint(time.Date(2026, time.November, 26, 7, 0, 0, 0, time.UTC).Unix()), []byte(doctorText))
			must(t, err)
			if strings.Contains(said, right) || strings.Contains(said, doctorKey) {
				t.Errorf("it shows a secret:\n%s", said)
			}
		})
	}
}

func TestTheDoctorNeedsAKeyAndAFile(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, os.WriteFile("callback.txt", nil, 0o600))
	err := run(t.Context(), []string{"doctor", "callback.txt"}, environment(), io.Discard, t.Output())
	if exitStatus(err) != 2 || !strings.Contains(fmt.Sprint(err), "AUTHY_API_KEY: ") {
		t.Errorf("without a key: got %v with status %d", err, exitStatus(err))
	}
	for _, args := range [][]string{{"doctor"}, {"doctor", "a", "b"}, {"doctor", "-x"}} {
		if err := run(t.Context(), args, environment(), io.Discard, t.Output()); exitStatus(err) != 2 {
			t.Errorf("nod %v: got %v with status %d", args, err, exitStatus(err))
		}
	}
	var out strings.Builder
	must(t, run(t.Context(), []string{"doctor", "--help"}, environment(), &out, t.Output()))
	if !strings.HasPrefix(out.String(), "nod doctor FILE\n") {
		t.Errorf("got %q", &out)
	}
}

// The page about it says what the doctor says.
func TestTheTroubleshootingPage(t *testing.T) {
	read := func(name string) string {
		content, err := os.ReadFile(name)
		must(t, err)
		return strings.Join(strings.Fields(string(content)), " ")
	}
	page, code := read("../docs/troubleshooting.md"), read("../providers/doctor.go")
	for _, said := range []string{
		"it would match ", "with the host ", "with port ", "without the port", "with a slash at the end", "with the path ", "with the query ",
		"without the byte order mark", "as the JSON that this form was", "encoded in UTF-8 once, not twice", "without the HTML escapes", "with the numbers",
		"looks like an auth token of Twilio", "no usual mistake makes it match", "its nonce is from ",
	} {
		if !strings.Contains(page, said) || !strings.Contains(code, said) {
			t.Errorf("%q is not in both", said)
		}
	}
	if want := fmt.Sprintf("more than %d minutes", int(providers.NonceAge.Minutes())); !strings.Contains(page, want) {
		t.Errorf("the page lacks %q", want)
	}
}
