package pages_test

import (
	"bytes"
	"io/fs"
	"testing"

	"nod/simulator/pages"
	"nod/static"
)

// The simulator imports nothing of the application, so it has a copy of what both
// look like.
func TestThePhonesLookAsTheApplicationDoes(t *testing.T) {
	ours, err := fs.ReadFile(static.FS, "tokens.css")
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := fs.ReadFile(pages.FS, "static/tokens.css")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(ours, theirs) {
		t.Error("static/tokens.css and simulator/pages/static/tokens.css differ: copy the one that you changed over the other")
	}
}
