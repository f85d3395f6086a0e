package command

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// typed is a command line of nod in the docs: its settings and its arguments.
func typed(t *testing.T, line string) (settings, args []string) {
	t.Helper()
	words := strings.Fields(line)
	for name, value, set := strings.Cut(words[0], "="); set; name, value, set = strings.Cut(words[0], "=") {
		settings, words = append(settings, name, value), words[1:]
	}
	text, ok := strings.CutPrefix(strings.Join(words, " ")+" ", "go run . ")
	if !ok {
		text, ok = strings.CutPrefix(text, "nod ")
	}
	if !ok {
		t.Fatalf("%q does not run nod", line)
	}
	return settings, strings.Fields(text)
}

// What docs/audit.md has an operator type does what it says, in the order in which it
// stands there.
func TestTheOperatorsStory(t *testing.T) {
	text := document(t, "docs/audit.md")
	settings, p := database(t)
	p.end()
	said := map[string]string{
		"nod audit": "The audit trail is whole.", "nod audit verify": "The audit trail is whole.", "nod audit export": `"kind":"user_created"`,
		"nod user": "user_created", "nod user end-sessions": "Ended", "nod user reset-factors": "new recovery codes", "nod user close": "is closed",
	}
	p = start(t, lastWords, nil, settings...) // signs what is there
	checkpoint := ""
	for checkpoint == "" {
		whole, _ := nod(t, settings, "audit", "verify")
		checkpoint = regexp.MustCompile(`(?m)^\d+:\S+$`).FindString(whole)
	}
	p.end()
	for _, found := range regexp.MustCompile(`(?m)^    (nod \S.*?)(  .*)?$`).FindAllStringSubmatch(text, -1) {
		line, _, _ := strings.Cut(strings.Replace(found[1], "12:HASH", checkpoint, 1), " >")
		_, args := typed(t, line)
		name := strings.TrimSpace(strings.NewReplacer(" ada@example.com", "", " "+checkpoint, "").Replace(line))
		words, known := said[name]
		if !known {
			t.Errorf("nothing is known of %q", name)
		}
		want(t, settings, 0, words, args...)
		delete(said, name)
	}
	if len(said) > 0 {
		t.Errorf("docs/audit.md lacks %v", said)
	}
}

// The commands of docs/simulator.md start it, and scan the QR code of an application
// with a phone.
func TestTheSimulatorsStory(t *testing.T) {
	for _, tool := range []string{"sh", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("NOD_TEST_ALL") != "" {
				t.Fatal(err)
			}
			t.Skipf("no %s here; the simulator's story is left out", tool)
		}
	}
	text := document(t, "docs/simulator.md")
	claims, scan, reply := block(t, text, "```json\n{\"iss\""), block(t, text, "```sh\ncurl "), block(t, text, "```json\n{\"registration\"")
	settings, args := typed(t, block(t, text, "```sh\nAUTHY_API_KEY="))
	key := settings[1]
	p := start(t, "--help says", args, append([]string{"ADDR", ""}, settings...)...)

	var app struct {
		App struct {
			ID int64 `json:"app_id"`
		}
	}
	must(t, json.Unmarshal([]byte(p.asks(key, "/protected/json/app/details")), &app))
	now := time.Now().Unix()
	claims = strings.NewReplacer("1795546800", strconv.FormatInt(now, 10), "1795547100", strconv.FormatInt(now+300, 10), "12345", strconv.FormatInt(app.App.ID, 10)).Replace(claims)
	scan = strings.NewReplacer("token=JWT", "token="+signed(key, claims), "http://localhost:3001", p.phones).Replace(scan)
	command := exec.CommandContext(t.Context(), "sh", "-c", strings.Replace(scan, "curl ", "curl -sSf ", 1))
	phone, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, phone)
	}
	path := regexp.MustCompile(`GET (/protected/json/registrations/status\S+?)` + "`").FindStringSubmatch(text)
	id := regexp.MustCompile(`"authy_id":(\d+)`)
	want := id.ReplaceAllString(reply, string(id.Find(phone)))
	if got := p.asks(key, path[1]); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	p.end()
}

// asks calls the API.
func (p *program) asks(key, path string) string {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.phones+path, nil)
	must(p.t, err)
	req.Header.Set("X-Authy-API-Key", key)
	res, err := http.DefaultClient.Do(req)
	must(p.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	must(p.t, err)
	if res.StatusCode != http.StatusOK {
		p.t.Fatalf("%s: %d %s", path, res.StatusCode, body)
	}
	return string(body)
}

// signed is a JWT by HS256.
func signed(key, claims string) string {
	part := base64.RawURLEncoding.EncodeToString
	token := part([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + part([]byte(claims))
	mac := hmac.New(sha256.New, []byte(key))
	fmt.Fprint(mac, token)
	return token + "." + part(mac.Sum(nil))
}
