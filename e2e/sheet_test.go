package e2e

import (
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"nod/locales"
)

// A picture's name is that of its state, its language, the width and the colours.
var (
	widths  = []int64{390, 1280}
	schemes = []string{"light", "dark", "forced"}
)

// TestContactSheet takes pictures of the pages in the folder NOD_GALLERY, which the
// test of the same name in views has written, and of the simulated phones, and puts them
// on one sheet: every state as a row, in every language, width and scheme of colours.
func TestContactSheet(t *testing.T) {
	gallery, dir := os.Getenv("NOD_GALLERY"), os.Getenv("NOD_SCREENSHOTS")
	if gallery == "" || dir == "" {
		t.Skip("NOD_GALLERY or NOD_SCREENSHOTS is not set; make pictures sets both")
	}
	if missing != "" {
		t.Skip(missing)
	}
	must(t, os.MkdirAll(dir, 0o755))
	var index struct{ Languages, States []string }
	text, err := os.ReadFile(filepath.Join(gallery, "gallery.json"))
	must(t, err)
	must(t, json.Unmarshal(text, &index))
	// The pages are as the server sends them: no script changes them.
	files := http.FileServer(http.Dir(gallery))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "script-src 'none'")
		files.ServeHTTP(w, r)
	}))
	defer server.Close()
	for _, state := range index.States {
		t.Run(state, func(t *testing.T) {
			tb := (&nod{t: t}).person().tab()
			tb.expect("violates the following Content Security Policy", "404")
			for _, language := range index.Languages {
				tb.look(320, "light")
				tb.open(server.URL + "/" + state + "-" + language + ".html")
				tb.fits(320)
				for _, scheme := range schemes {
					tb.open(server.URL + "/" + state + "-" + language + ".html")
					for _, width := range widths {
						tb.look(width, scheme)
						tb.fits(width)
						tb.picture(filepath.Join(dir, fmt.Sprintf("%s-%s-%d-%s.png", state, language, width, scheme)))
					}
				}
			}
		})
	}
	words, err := locales.New()
	must(t, err)
	for _, state := range phoneStates {
		t.Run(state.name, func(t *testing.T) { state.photograph(t, dir, words.Languages()) })
		index.States = append(index.States, state.name)
	}
	must(t, writeSheet(filepath.Join(dir, "index.html"), index.States, index.Languages))
}

// fits fails a page that is wider than the window.
func (tb *tab) fits(width int64) {
	tb.t.Helper()
	if got := eval[int64](tb, `document.documentElement.scrollWidth`); got > width {
		tb.t.Errorf("the page is %d px wide in a window of %d", got, width)
	}
}

var sheet = template.Must(template.New("").Parse(`<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>Nod: every page in every state</title>
<style>
body { font: 14px/1.4 system-ui; margin: 1rem; background: #bbb; }
h2 { position: sticky; inset-inline-start: 1rem; width: max-content; margin: 1.5rem 0 .5rem; }
div { display: flex; gap: .75rem; align-items: start; } .all { flex-wrap: wrap; }
figure { margin: 0; flex: none; } figcaption { font-size: 12px; }
img { display: block; width: 320px; height: auto; } img.narrow { width: 180px; }
</style>
<h1>Every page in every state</h1>
{{range .States}}{{$state := .}}<h2 id="{{.}}">{{.}}</h2><div>
{{range $.Languages}}{{$language := .}}{{range $.Widths}}{{$width := .}}{{range $.Schemes}}{{$file := printf "%s-%s-%d-%s.png" $state $language $width .}}<figure><figcaption>{{$language}} {{$width}} {{.}}</figcaption><a href="{{$file}}"><img loading="lazy" src="{{$file}}" alt=""{{if lt $width 500}} class="narrow"{{end}}></a></figure>
{{end}}{{end}}{{end}}</div>
{{end}}<h2 id="stories">From the stories</h2><div class="all">
{{range .Others}}<figure><figcaption>{{.}}</figcaption><a href="{{.}}"><img loading="lazy" src="{{.}}" alt=""></a></figure>
{{end}}</div></html>
`))

// writeSheet also shows what pictures the stories have left beside it.
func writeSheet(file string, states, languages []string) error {
	known := map[string]bool{}
	for _, state := range states {
		for _, language := range languages {
			for _, width := range widths {
				for _, scheme := range schemes {
					known[fmt.Sprintf("%s-%s-%d-%s.png", state, language, width, scheme)] = true
				}
			}
		}
	}
	all, err := filepath.Glob(filepath.Join(filepath.Dir(file), "*.png"))
	if err != nil {
		return err
	}
	var others []string
	for _, picture := range all {
		if name := filepath.Base(picture); !known[name] {
			others = append(others, name)
		}
	}
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	defer out.Close()
	return sheet.Execute(out, map[string]any{"States": states, "Languages": languages, "Widths": widths, "Schemes": schemes, "Others": others})
}
