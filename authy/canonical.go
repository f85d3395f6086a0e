package authy

import (
	"net/url"
	"slices"
	"strings"
)

// style covers what is not known about the version of Ruby on Rails that signs
// callbacks. The recorded callbacks are the same in every style, and a signature
// in any style covers the same message.
type style struct {
	// tilde: escape "~", as Ruby before 2.5 does.
	tilde bool
	// unsorted: keep the order of the members of an object inside an array, as
	// Rails does since 5.2.1; earlier versions sort them too.
	unsorted bool
}

func (s style) escape(text string) string {
	escaped := url.QueryEscape(text)
	if s.tilde {
		escaped = strings.ReplaceAll(escaped, "~", "%7E")
	}
	return escaped
}

// canonical renders a message as Rails' Hash#to_query does: the parts of an object
// are sorted by their encoded text, arrays keep their order, and members whose
// value is an empty object or array are left out.
func (s style) canonical(message value) string {
	return s.object(message, func(name string) string { return name })
}

// canonicals returns the renderings in every style that makes a difference. The
// first is the style that SignCallback uses.
func canonicals(message value) []string {
	all := []string{style{}.canonical(message)}
	for _, s := range []style{{tilde: true}, {unsorted: true}, {tilde: true, unsorted: true}} {
		tilde, objectInArray := strings.Contains(all[0], "~"), strings.Contains(all[0], "%5B%5D%5B")
		if s.tilde && !tilde || s.unsorted && !objectInArray {
			continue
		}
		all = append(all, s.canonical(message))
	}
	return all
}

func (s style) render(v value, key string) string {
	switch v.kind {
	case object:
		return s.object(v, func(name string) string { return key + "[" + name + "]" })
	case array:
		return s.array(v, key+"[]")
	default:
		return s.escape(key) + "=" + s.escape(v.text)
	}
}

func (s style) object(v value, keyOf func(string) string) string {
	parts := make([]string, 0, len(v.members))
	for _, m := range v.members {
		if !m.value.empty() {
			parts = append(parts, s.render(m.value, keyOf(m.name)))
		}
	}
	if !s.unsorted || !strings.Contains(keyOf(""), "[][") {
		slices.Sort(parts)
	}
	return strings.Join(parts, "&")
}

func (s style) array(v value, key string) string {
	if len(v.items) == 0 {
		return s.escape(key) + "="
	}
	parts := make([]string, 0, len(v.items))
	for _, item := range v.items {
		parts = append(parts, s.render(item, key))
	}
	return strings.Join(parts, "&")
}
