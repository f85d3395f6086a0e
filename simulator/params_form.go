package simulator

import (
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// parseForm adds urlencoded pairs to root by the rules of Rack, the framework
// that the service used: a[b]=1 is an object, a[]=1 a list, and with a[][b] a
// new element begins where b repeats.
func parseForm(root *node, query string, budget *int) error {
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" { // some clients write a=1&&b=2
			continue
		}
		if *budget--; *budget < 0 {
			return errTooMany
		}
		name, value, err := unescapePair(pair)
		if err != nil {
			return err
		}
		path := formPath(name)
		if len(path) > maxLevels {
			return errTooMany
		}
		root.put(path, value)
	}
	return nil
}

func unescapePair(pair string) (name, value string, err error) {
	name, value, _ = strings.Cut(pair, "=")
	name, err = url.QueryUnescape(name)
	if err != nil {
		return "", "", invalidRequest("A parameter is not escaped correctly")
	}
	value, err = url.QueryUnescape(value)
	if err != nil {
		return "", "", invalidRequest("A parameter is not escaped correctly")
	}
	if !utf8.ValidString(name) || !utf8.ValidString(value) {
		return "", "", errEncoding
	}
	return name, value, nil
}

// formPath splits a name: a[b][] is "a", "b", "". A name of another form is one
// segment.
func formPath(name string) []string {
	open := strings.IndexByte(name, '[')
	if open <= 0 || !strings.HasSuffix(name, "]") {
		return []string{name}
	}
	path := []string{name[:open]}
	path = append(path, strings.Split(name[open+1:len(name)-1], "][")...)
	return path
}

// put stores a value at a path below n. A later pair overwrites an earlier one.
func (n *node) put(path []string, value string) {
	switch {
	case len(path) == 0:
		*n = *scalarNode(value)
	case path[0] != "":
		n.becomeObject()
		n.field(path[0]).put(path[1:], value)
	default:
		n.element(path[1:]).put(path[1:], value)
	}
}

// becomeObject turns a scalar or a list into an object, because a later pair
// overwrites an earlier one.
func (n *node) becomeObject() {
	if n.scalar || n.items != nil {
		*n = node{}
	}
}

// element returns the list element that the rest of a path belongs to: the last
// one, or a new one if the last already has that member.
func (n *node) element(rest []string) *node {
	if n.scalar || n.fields != nil {
		*n = node{}
	}
	if len(n.items) > 0 && len(rest) > 0 && !n.items[len(n.items)-1].has(rest) {
		return n.items[len(n.items)-1]
	}
	n.items = append(n.items, &node{})
	return n.items[len(n.items)-1]
}

// has reports whether n already has a value at the path.
func (n *node) has(path []string) bool {
	if n.scalar || slices.Contains(path, "") {
		return n.scalar
	}
	for _, key := range path {
		if n = n.fields[key]; n == nil {
			return false
		}
	}
	return true
}
