package stage

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"nod/stage/pages"
	"nod/wire"
)

// Recording is the last sign-in, to be played where there is no Nod.
type Recording struct {
	Began time.Time      `json:"began"`
	Steps []RecordedStep `json:"steps"`
	Flips []Flip         `json:"flips"`
}

// RecordedStep is a step with all that there is to show of it.
type RecordedStep struct {
	Step
	At      float64  `json:"at"`                // milliseconds after the first step
	Hop     wire.Hop `json:"hop"`               // its bytes, masked
	Browser *Screen  `json:"browser,omitempty"` // from here on
	Phone   *Screen  `json:"phone,omitempty"`
}

// record makes a recording of the last sign-in on the wire; one without steps where
// there was none.
func record(hops []wire.Hop, name namer) (r Recording) {
	byID := map[int64]wire.Hop{}
	for _, h := range hops {
		byID[h.ID] = h
	}
	others := otherBrowsers(hops)
	for _, step := range tell(hops, name) {
		hop := byID[step.ID]
		if r.Began.IsZero() {
			r.Began = hop.At
		}
		recorded := RecordedStep{Step: step, At: ms(hop.At.Sub(r.Began)), Hop: hop, Phone: phoneScreen(hop)}
		if !others[hop.Browser] {
			recorded.Browser = browserScreen(hop)
		}
		r.Steps = append(r.Steps, recorded)
	}
	for _, flip := range flips(hops) {
		if len(r.Steps) > 0 && flip.ID > r.Steps[0].ID {
			r.Flips = append(r.Flips, flip)
		}
	}
	return r
}

// exports are the ways to take a recording along.
var exports = map[string]struct {
	kind, file string
	make       func(Recording) ([]byte, error)
}{
	"html":    {"text/html; charset=utf-8", "nod-sign-in.html", Recording.html},
	"json":    {"application/json", "nod-sign-in.json", func(r Recording) ([]byte, error) { return json.MarshalIndent(r, "", "  ") }},
	"mermaid": {"text/plain; charset=utf-8", "nod-sign-in.mmd", func(r Recording) ([]byte, error) { return r.mermaid(), nil }},
}

// serveExport is GET /stage/export/{kind}.
func serveExport(w http.ResponseWriter, r *http.Request, h *House) error {
	export, ok := exports[r.PathValue("kind")]
	if !ok {
		http.NotFound(w, r)
		return nil
	}
	recording := record(h.room().leaveOut(h.Wire.After(0)), h.namer())
	if len(recording.Steps) == 0 {
		http.Error(w, "Nobody has signed in yet.", http.StatusConflict)
		return nil
	}
	body, err := export.make(recording)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", export.kind)
	w.Header().Set("Content-Disposition", `attachment; filename="`+export.file+`"`)
	_, _ = w.Write(body) // a client that has gone needs no answer
	return nil
}

// mermaid is the sequence as text of Mermaid, which many sites draw.
func (r Recording) mermaid() []byte {
	var b bytes.Buffer
	fmt.Fprint(&b, "sequenceDiagram\n")
	for _, party := range []wire.Party{wire.Browser, wire.Nod, wire.Authy, wire.Phone} {
		fmt.Fprintf(&b, "    participant %s as %s\n", party, strings.ToUpper(string(party[:1]))+string(party[1:]))
	}
	escape := strings.NewReplacer("#", "#35;", ";", "#59;", "\n", " ")
	for _, step := range r.Steps {
		fmt.Fprintf(&b, "    %s->>%s: %s (+%.1f ms)\n", step.From, step.To, escape.Replace(step.Text), step.Since)
	}
	return b.Bytes()
}

// player is what an exported page loads: it has to hold all of it.
var player = struct{ scripts, styles []string }{
	scripts: []string{"page.js", "hop.js", "diagram.js", "flip.js", "player.js"},
	styles:  []string{"stage.css", "player.css"},
}

// html is one page that plays the recording: it holds its script and style itself, and
// its policy lets it load nothing.
func (r Recording) html() ([]byte, error) {
	script, err := bundle(player.scripts)
	if err != nil {
		return nil, err
	}
	style, err := joined(player.styles)
	if err != nil {
		return nil, err
	}
	var page bytes.Buffer
	err = templates.ExecuteTemplate(&page, "export.html", map[string]any{
		"Policy": fmt.Sprintf("default-src 'none'; script-src '%s'; style-src '%s'; base-uri 'none'; form-action 'none'", digest(script), digest(style)),
		"Script": template.JS(script), "Style": template.CSS(style), "Recording": r,
	})
	return page.Bytes(), err
}

// bundle makes one script of modules that stand in the order of their imports: a page
// from a disk may not load any.
func bundle(names []string) (string, error) {
	text, err := joined(names)
	if err != nil {
		return "", err
	}
	var one strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "import ") {
			one.WriteString(strings.TrimPrefix(line, "export "))
		}
	}
	return one.String(), nil
}

func joined(names []string) (string, error) {
	var all strings.Builder
	for _, name := range names {
		text, err := pages.FS.ReadFile("static/" + name)
		if err != nil {
			return "", err
		}
		all.Write(text)
	}
	return all.String(), nil
}

// digest names a script or style in a policy.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
