package authy

import (
	"slices"
	"strings"
)

// pair is one name and value of a form or query.
type pair struct{ name, value string }

// form keeps the order of its pairs, which url.Values does not: a phone shows
// details in the order received, and the elements of an array are distinguished by
// their order alone.
type form []pair

// encode encodes the form in its order, escaping every name and value.
func (f form) encode(escape func(string) string) string {
	parts := make([]string, 0, len(f))
	for _, p := range f {
		parts = append(parts, escape(p.name)+"="+escape(p.value))
	}
	return strings.Join(parts, "&")
}

// sorted sorts by escaped name and keeps the order of equal names. The "=" is part
// of the comparison: it orders a name and a longer one that starts with it.
func (f form) sorted(escape func(string) string) form {
	ordered := slices.Clone(f)
	slices.SortStableFunc(ordered, func(a, b pair) int {
		return strings.Compare(escape(a.name)+"=", escape(b.name)+"=")
	})
	return ordered
}
