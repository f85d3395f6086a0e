package store_test

import (
	"regexp"
	"testing"

	"nod/store"
)

// SQLite would parse it again at every run; the results are the same, and no other
// test could see it.
func TestHotQueriesCompareNoBareParameter(t *testing.T) {
	bare := regexp.MustCompile(`[a-z_.]+ = \?\d*`)
	set := regexp.MustCompile(`(?s)\bSET\b.*?\bWHERE\b`) // an assignment, not a comparison
	all := store.HotQueries()
	for _, query := range all {
		if found := bare.FindString(set.ReplaceAllString(query, "WHERE")); found != "" {
			t.Errorf("%s\nin %s", found, query)
		}
	}
	if len(all) < 8 {
		t.Errorf("got %d statements", len(all))
	}
}
