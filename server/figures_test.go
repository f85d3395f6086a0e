package server

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// docs/security.md says the figures of the limits in memory.
func TestTheDocumentedConnections(t *testing.T) {
	content, err := os.ReadFile("../docs/security.md")
	must(t, err)
	want := fmt.Sprintf("%d of one address on each listener", perSource)
	if !strings.Contains(strings.Join(strings.Fields(string(content)), " "), want) {
		t.Errorf("docs/security.md lacks %q", want)
	}
}
