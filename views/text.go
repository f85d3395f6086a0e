package views

import (
	"fmt"
	"html/template"
	"regexp"
	"strings"
)

// Text finds the words for a key. Arguments are names and values in turn.
type Text func(key string, args ...any) string

// funcs are what templates write words with.
func (text Text) funcs(direction string) template.FuncMap {
	t := text
	if direction == "rtl" {
		t = text.isolating()
	}
	w := text.waiting()
	return template.FuncMap{"t": t, "rich": text.rich, "el": element, "time": moment, "soon": soon, "soft": soft, "step": newStep, "minutes": minutes,
		"state": StateOf, "shows": shows, "waiting": func() waiting { return w }}
}

// minutes writes a wait as clocks do: 8:05.
func minutes(seconds int) string { return fmt.Sprintf("%d:%02d", seconds/60, seconds%60) }

// isolating keeps arguments, which may be e-mails and numbers, from being turned
// round by the words beside them, or turning those.
func (text Text) isolating() Text {
	return func(key string, args ...any) string {
		for i := 1; i < len(args); i += 2 {
			if arg, ok := args[i].(string); ok {
				args[i] = "\u2068" + arg + "\u2069"
			}
		}
		return text(key, args...)
	}
}

// fixed is a sentence that is the same each time its page is shown.
var fixed = regexp.MustCompile(`{{t "([^"]+)"}}`)

// write writes the fixed sentences into a file. A page has up to a hundred:
// looking all of them up at each request would make rendering four times slower.
func (text Text) write(source string) string {
	return fixed.ReplaceAllStringFunc(source, func(call string) string {
		return template.HTMLEscapeString(text(fixed.FindStringSubmatch(call)[1]))
	})
}

// rich is a sentence with markup in it: arguments that are HTML stay as they
// are, and all else is escaped. Each argument is represented by a mark until the
// sentence itself is escaped, so no argument can pass for another.
func (text Text) rich(key string, args ...any) template.HTML {
	marked := make([]any, len(args))
	var marks []string
	for i, arg := range args {
		marked[i] = arg
		if i%2 == 1 {
			mark := fmt.Sprintf("[%d]", i)
			marked[i], marks = mark, append(marks, mark, string(escaped(arg)))
		}
	}
	sentence := template.HTMLEscapeString(text(key, marked...))
	return template.HTML(strings.NewReplacer(marks...).Replace(sentence))
}

// moment is a Time as an element of a sentence.
func moment(t Time) template.HTML { return element("time", t.Text, "datetime", t.Machine) }

// soon is moment for a time near by: on the same day the hour is enough.
func soon(t Time) template.HTML {
	return element("time", t.Text, "datetime", t.Machine, "data-soon", "")
}

// element is an HTML element around a text. Attributes are names and values
// in turn, in the order given; one without a value is written as its name.
func element(name string, text any, attributes ...string) template.HTML {
	var b strings.Builder
	b.WriteString("<" + name)
	for i := 0; i+1 < len(attributes); i += 2 {
		b.WriteString(" " + attributes[i])
		if value := attributes[i+1]; value != "" {
			b.WriteString(`="` + template.HTMLEscapeString(value) + `"`)
		}
	}
	b.WriteString(">" + string(escaped(text)) + "</" + name + ">")
	return template.HTML(b.String())
}

func escaped(value any) template.HTML {
	if html, ok := value.(template.HTML); ok {
		return html
	}
	return template.HTML(template.HTMLEscapeString(fmt.Sprint(value)))
}

// soft lets an e-mail that is too long for its line break where it is read: after the @
// and before a dot.
func soft(email string) template.HTML {
	return template.HTML(strings.NewReplacer("@", "@<wbr>", ".", "<wbr>.").Replace(template.HTMLEscapeString(email)))
}

// step is how far a sign-in has come, and whether it began with a recovery code in the
// place of a forgotten password.
type step struct {
	Now   int
	Reset bool
}

func newStep(now int, reset bool) step { return step{now, reset} }
