package authy

import (
	"slices"
	"strings"
)

// pair is a name and a value of a form or query.
type pair struct{ name, value string }

// form keeps its pairs in their order, which url.Values does not: a phone
// shows details in the order in which they arrive, and the elements of an
// array differ by nothing else.
type form []pair

// encode writes the form as it stands, every name and value escaped.
func (f form) encode(escape func(string) string) string {
	parts := make([]string, 0, len(f))
	for _, p := range f {
		parts = append(parts, escape(p.name)+"="+escape(p.value))
	}
	return strings.Join(parts, "&")
}

// sorted orders by the name as it is escaped and keeps the order of equal
// names. The equals sign takes part: it decides between a name and a longer
// one that begins with it.
func (f form) sorted(escape func(string) string) form {
	ordered := slices.Clone(f)
	slices.SortStableFunc(ordered, func(a, b pair) int {
		return strings.Compare(escape(a.name)+"=", escape(b.name)+"=")
	})
	return ordered
}
