package handlers

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// docs/security.md says the figures of the limits in memory.
func TestTheDocumentedReconnects(t *testing.T) {
	content, err := os.ReadFile("../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("%d new ones of one session at once, then one a second", reconnectBurst)
	checks := fmt.Sprintf("and %d of them may be open", maxChecks)
	if !strings.Contains(strings.Join(strings.Fields(string(content)), " "), checks) {
		t.Errorf("docs/security.md lacks %q", checks)
	}
	if reconnectPause != time.Second || !strings.Contains(strings.Join(strings.Fields(string(content)), " "), want) {
		t.Errorf("docs/security.md lacks %q", want)
	}
}
