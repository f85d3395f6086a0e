package store_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"nod/store"
)

// docs/operations.md says of each table how long its rows are kept.
func TestTheDocumentedRetention(t *testing.T) {
	content, err := os.ReadFile("../docs/operations.md")
	must(t, err)
	for _, kept := range store.Retention() {
		unit := "days"
		if kept[1] == int64(1) {
			unit = "day"
		}
		if want := fmt.Sprintf("`%s` | %d %s |", kept[0], kept[1], unit); !strings.Contains(string(content), want) {
			t.Errorf("docs/operations.md lacks %q", want)
		}
	}
}
