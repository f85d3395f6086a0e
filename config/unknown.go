package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Unknown reports names that look like settings and are none: mistyped ones
// would be ignored without a word. In the file at path that is every name that
// is no setting; in environ (NAME=value), which holds the names of all other
// programs, those that differ from a setting in a letter or two, or begin as
// only names of Nod do.
func Unknown(path string, environ []string) []string {
	file, err := readDotEnv(path)
	if err != nil {
		return nil // reported already
	}
	var found []string
	for _, name := range slices.Sorted(maps.Keys(file)) {
		if !isSetting(name) {
			found = append(found, fmt.Sprintf("%s: %s is no setting%s", path, name, suggestion(name)))
		}
	}
	slices.Sort(environ)
	for _, pair := range environ {
		name, _, _ := strings.Cut(pair, "=")
		if !isSetting(name) && (nearest(name) != "" || looksOurs(name)) {
			found = append(found, fmt.Sprintf("environment: %s is no setting%s", name, suggestion(name)))
		}
	}
	return found
}

func isSetting(name string) bool {
	return slices.ContainsFunc(settings, func(s Setting) bool { return s.Name == name })
}

func suggestion(name string) string {
	if like := nearest(name); like != "" {
		return "; do you mean " + like + "?"
	}
	return ""
}

// looksOurs is true for beginnings that other programs hardly use. NOD_TEST_
// and the like steer the project's own tests.
func looksOurs(name string) bool {
	return slices.ContainsFunc([]string{"AUTHY_", "SIMULATOR_", "TRUSTED_PROX", "NOD_ADDR", "NOD_AUTHY", "NOD_PUBLIC", "NOD_DATABASE"},
		func(prefix string) bool { return strings.HasPrefix(strings.ToUpper(name), prefix) })
}

// nearest is the setting that name was probably meant to be, "" for none.
func nearest(name string) string {
	best, least := "", len(name)+1
	for _, s := range settings {
		// A short name is soon like another one.
		most := min(3, len(s.Name)/4)
		if d := distance(strings.ToUpper(name), s.Name); d <= most && d < least {
			best, least = s.Name, d
		}
	}
	return best
}

// distance counts the letters to put in, take out, change or swap with the next
// one to make b of a.
func distance(a, b string) int {
	var before, row []int
	next := make([]int, len(b)+1)
	for j := range next {
		next[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, row, next = row, next, make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			change := row[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			next[j] = min(change, row[j]+1, next[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
	}
	return next[len(b)]
}
