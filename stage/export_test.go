package stage

import (
	"encoding/json"
	"html"
	"regexp"
	"strings"
	"testing"

	"nod/wire"
)

// recorded is the sign-in of signIn, with what the wire carries.
func recorded() Recording {
	hops := signIn()
	hops[0].Body = "_csrf=[masked]&email=ada%40example.com&password=[masked]"
	hops[1].Body = `{"requests":[{"message":"Sign in to Nod?","status":"pending","details_list":[{"label":"Zahl","value":"47"},{"label":"Browser","value":"</script><b>"}]}]}`
	return record(hops, nameOf)
}

func TestARecordingHasStepsScreensAndTimes(t *testing.T) {
	r := recorded()
	if len(r.Steps) != 7 || len(r.Flips) != 1 || r.Flips[0].Seen != r.Steps[6].ID {
		t.Fatalf("got %d steps and the taps %v", len(r.Steps), r.Flips)
	}
	if at := r.Steps[3].At; at != 3100 {
		t.Errorf("the tap comes after %v ms", at)
	}
	typed, asked, approved := r.Steps[0].Browser, r.Steps[1].Phone, r.Steps[3].Phone
	if typed == nil || typed.Lines[0] != "ada@example.com" {
		t.Errorf("the form shows %+v", typed)
	}
	if asked == nil || asked.Title != "Sign in to Nod?" || asked.Number != "47" || len(asked.Lines) != 1 {
		t.Errorf("the phone shows %+v", asked)
	}
	if approved == nil || approved.Tone != "yes" {
		t.Errorf("after the tap the phone shows %+v", approved)
	}
}

// The page loads nothing: its policy names the script and the style that are in it.
func TestAnExportedPageHoldsAllOfIt(t *testing.T) {
	page, err := recorded().html()
	if err != nil {
		t.Fatal(err)
	}
	text := string(page)
	inside := func(open, end string) string {
		_, rest, _ := strings.Cut(text, open)
		content, _, found := strings.Cut(rest, end)
		if !found {
			t.Fatalf("%s is missing", open)
		}
		return content
	}
	policy := html.UnescapeString(inside(`http-equiv="Content-Security-Policy" content="`, `"`))
	for _, part := range []string{"default-src 'none'", digest(inside(`<script type="module">`, "</script>")), digest(inside("<style>", "</style>"))} {
		if !strings.Contains(policy, part) {
			t.Errorf("the policy %q lacks %s", policy, part)
		}
	}
	if found := regexp.MustCompile(`(?i)\b(src|href)="[^#]|@import|url\(|\bfetch\(|\bimport |\nexport `).FindString(text); found != "" {
		t.Errorf("it loads something: %q", found)
	}
	var again Recording
	if err := json.Unmarshal([]byte(inside(`id="recording">`, "</script>")), &again); err != nil || len(again.Steps) != 7 {
		t.Errorf("the recording in it cannot be read: %v", err)
	}
}

func TestMermaidText(t *testing.T) {
	r := Recording{Steps: []RecordedStep{{Step: Step{From: wire.Browser, To: wire.Nod, Text: "a; b #1", Since: 12.34}}}}
	const want = "sequenceDiagram\n    participant browser as Browser\n    participant nod as Nod\n    participant authy as Authy\n    participant phone as Phone\n" +
		"    browser->>nod: a#59; b #35;1 (+12.3 ms)\n"
	if got := string(r.mermaid()); got != want {
		t.Errorf("got %q", got)
	}
}
