package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
)

// naughty are texts that have broken pages elsewhere: markup that would set
// window.naughty if it ran, templates, statements, paths, numbers that are none, and
// characters that turn, stack, vanish or take no room.
func naughty() (all []string) {
	const run = "window.naughty=1"
	for _, before := range []string{"", `"`, "'", `">`, "'>", "</textarea>", "</title>", "</script>", "-->", "]]>", "</select>"} {
		for _, markup := range []string{
			"<script>" + run + "</script>", "<img src=x onerror=" + run + ">", "<svg onload=" + run + ">", "<iframe srcdoc='<script>parent." + run + "</script>'>",
			"<input autofocus onfocus=" + run + ">", "<a href=javascript:" + run + ">x</a>", "<details open ontoggle=" + run + ">", "<style>*{display:none}</style>",
		} {
			all = append(all, before+markup)
		}
	}
	all = append(all,
		`" onfocus="`+run+`" autofocus="`, `' onmouseover='`+run+`' style='position:fixed;inset:0`, "javascript:"+run, "data:text/html,<script>"+run+"</script>", "&lt;script&gt;"+run+"&lt;/script&gt;", "&#60;b&#62;", "\\u003cscript\\u003e",
		"{{.}}", "{{7*7}}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "{%raw%}", "[[constructor]]", "__proto__", "constructor", "toString", "undefined", "null", "NaN", "Infinity", "true", "-0", "1e309", "0x10", "١٢٣",
		"' OR 1=1 --", `"; DROP TABLE users; --`, "1;SELECT sqlite_version()", "%27%20OR", "\\'; --", "admin'/*", "../../../../etc/passwd", `..\..\win.ini`, "/dev/null", "CON", "file:///etc/passwd", "$(id)", "`id`", "| id", "& calc", "%00", "%0d%0aSet-Cookie:x=y", "%s%s%s%n", "%x", "{0}", "*)(uid=*", "<!ENTITY x SYSTEM 'file:///etc/passwd'>",
		strings.Repeat("a", 5000), strings.Repeat("W", 300), strings.Repeat("ﷺ", 100), strings.Repeat("𒐫", 60), strings.Repeat("👩‍👩‍👧‍👦", 60), "Z"+strings.Repeat("\u0351\u0300\u0323", 100), strings.Repeat("a ", 500),
		"\u202egnp.exe", "\u2066isolated\u2069", "\u200b", "\u200d", "\ufeff", "\u00ad", "\u2028", "\u2029", "\ufffd", "\u00a0", "\u3000", "\u115f", "\u061c", "\U000e0001", "\u0000", "\u0007\u001b[31m", "a\tb", "a\nb", "a\r\nb",
		"🏳️‍🌈", "👍🏿", "🇺🇳", "ı", "İ", "ß", "ſ", "ǆ", "ﬁ", "Å", "A\u030a", "Ω", "中文", "日本語", "한국어", "العربية", "עברית", "हिन्दी", "ไทย", "நிலா", "ኢትዮጵያ", "Ⅷ", "①", "½", "١", "¼", "ʼ", "＜script＞", "ℌ", "𝕊",
		"a@b@c", "a@", "@", "a@-b.example", "a@b..example", "\"a b\"@c.example", "a@[127.0.0.1]", "a@xn--", "ａ@ｂ.example", "mailto:a@b.example", "a@b.example\u0000",
	)
	return all
}

// whole is what must hold of every page, whatever was typed: nothing ran, nothing
// is wider than the window, it has its heading, and it is no failure of ours.
const whole = `(() => {
	const wide = document.documentElement.scrollWidth - innerWidth;
	if (window.naughty) return "what was typed has run";
	if (wide > 1) return "the page is " + wide + " px too wide";
	if (!document.querySelector("h1")?.checkVisibility()) return "the page has no heading: " + document.body.innerText.slice(0, 200);
	if (/^(Something went wrong|The server is busy)/.test(document.querySelector("h1").innerText)) return "the page says: " + document.querySelector("h1").innerText;
	return "";
})()`

// sendNaughty fills the fields of a form with texts in turn, past what the browser itself
// checks, and sends it. A list gets an option for it.
func (tb *tab) sendNaughty(form string, texts []string) {
	tb.t.Helper()
	list, err := json.Marshal(texts)
	must(tb.t, err)
	eval[bool](tb, fmt.Sprintf(`((form, texts) => {
		document.documentElement.dataset.sent = "yes";
		form.noValidate = true;
		const fields = [...form.elements].filter((field) => field.name && field.type !== "hidden" && field.type !== "submit");
		for (const [i, field] of fields.entries()) {
			const text = texts[i %% texts.length];
			if (field.tagName === "SELECT") field.add(new Option(text, text, true, true));
			field.removeAttribute("maxlength");
			field.value = text;
		}
		HTMLFormElement.prototype.submit.call(form);
		return true;
	})(document.querySelector(%q), %s)`, form, list))
	tb.is(`document.readyState === "complete" && !document.documentElement.dataset.sent`)
}

func TestNaughtyTexts(t *testing.T) {
	story(t)
	n := startNod(t)
	p := n.person()
	tb := p.tab()
	tb.expect("the server responded with a status of 4", "Unexpected response code: 429") // so many pages in so little time
	call(tb, page.Enable, page.EnableParams{})                                            // dialogs are told, as what stands on the console
	tb.look(390, "light")
	texts := naughty()
	if len(texts) < 150 {
		t.Fatalf("only %d texts", len(texts))
	}
	// On the sign-up each text is in one field; the others get a part of them.
	tb.tryNaughty("/signup", "#signup-form", texts, 5, 5)
	tb.tryNaughty("/login", "#login-form", texts, 2, 17)
	tb.signUp("ada@example.com", "2015550101").answer("approve")
	tb.at("/protected")
	tb.tryNaughty("/protected", "form[action='/transfers']", texts, 3, 14)
}

// tryNaughty sends a form of so many fields, with that many texts, and then with those a
// step further on. Each text in each field takes minutes, which make long has.
func (tb *tab) tryNaughty(path, form string, texts []string, fields, step int) {
	tb.t.Helper()
	if all() {
		step = 1
	}
	for n := 0; n < len(texts); n += step {
		some := slices.Concat(texts[n:], texts)[:fields]
		tb.open(path)
		tb.sendNaughty(form, some)
		if wrong := eval[string](tb, whole); wrong != "" {
			tb.t.Errorf("%s with %.60q: %s", path, some, wrong)
		}
	}
}
