package authy

import (
	"net/url"
	"slices"
	"strings"
)

// canonical renders a message as Rails' Hash#to_query does: members with
// empty objects and arrays left out, each object's parts sorted as encoded
// text, arrays in their order.
func canonical(v value) string { return render(v, "") }

func render(v value, key string) string {
	switch v.kind {
	case object:
		return renderObject(v, key)
	case array:
		if len(v.items) == 0 {
			return url.QueryEscape(key+"[]") + "="
		}
		parts := make([]string, 0, len(v.items))
		for _, item := range v.items {
			parts = append(parts, render(item, key+"[]"))
		}
		return strings.Join(parts, "&")
	default:
		return url.QueryEscape(key) + "=" + url.QueryEscape(v.text)
	}
}

func renderObject(v value, key string) string {
	parts := make([]string, 0, len(v.members))
	for _, m := range v.members {
		if empty(m.value) {
			continue
		}
		name := m.name
		if key != "" {
			name = key + "[" + m.name + "]"
		}
		parts = append(parts, render(m.value, name))
	}
	slices.Sort(parts)
	return strings.Join(parts, "&")
}

func empty(v value) bool {
	return v.kind == object && len(v.members) == 0 || v.kind == array && len(v.items) == 0
}
