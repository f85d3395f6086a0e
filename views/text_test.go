package views

import (
	"fmt"
	"html/template"
	"testing"
)

func TestRichEscapesAllButMarkup(t *testing.T) {
	text := Text(func(_ string, args ...any) string { return fmt.Sprintf("a < b: %v, %v", args[1], args[3]) })
	tests := []struct {
		name string
		args []any
		want template.HTML
	}{
		{"an element", []any{"x", element("strong", "1 & 2", "id", "n"), "y", "z"}, `a &lt; b: <strong id="n">1 &amp; 2</strong>, z`},
		{"plain text", []any{"x", "<i>", "y", `"`}, `a &lt; b: &lt;i&gt;, &#34;`},
		{"text that reads like a mark", []any{"x", "[3]", "y", "z"}, "a &lt; b: [3], z"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := text.rich("key", test.args...); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestElement(t *testing.T) {
	tests := []struct{ got, want template.HTML }{
		{element("code", 7), "<code>7</code>"},
		{element("a", "<x>", "href", `/"&`), `<a href="/&#34;&amp;">&lt;x&gt;</a>`},
		{element("span", element("b", "x"), "data-seconds", ""), "<span data-seconds><b>x</b></span>"},
	}
	for _, test := range tests {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}
