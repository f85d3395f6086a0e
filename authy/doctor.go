package authy

import (
	"cmp"
	"html"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Received is a callback as it arrived, with what tells under which address.
type Received struct {
	CallbackRequest
	Path      string // of the request line, without the query
	Host      string // the header
	Forwarded string // X-Forwarded-Host, "" without one
}

// Diagnosis is what a callback is signed over, if that is one of the usual
// mistakes.
type Diagnosis struct {
	Found  bool
	URL    string  // the URL that it is signed over
	Method string  // the method that it is signed for
	Change Changed // what became of its body or query on the way
}

// Changed is what something in between has done to a message.
type Changed string

// What proxies, firewalls and gateways do to bodies.
const (
	Unchanged    Changed = ""
	AddedMark    Changed = "mark"     // a byte order mark before the JSON
	AsForm       Changed = "form"     // the JSON has become a form
	TwiceEncoded Changed = "encoding" // text in UTF-8 was taken for Latin-1 and encoded again
	AsHTML       Changed = "html"     // characters are escaped as in HTML
	AsFloats     Changed = "numbers"  // whole numbers are written with a fraction or exponent
)

// diagnosisBudget is how many bytes are hashed at most for one diagnosis: some
// milliseconds.
const diagnosisBudget = 4 << 20

// Diagnose looks for what a callback with a wrong signature is signed over. It is
// for people who look for a mistake: a callback is never to be accepted for what it
// returns. The signature that would be right is not part of it.
func Diagnose(apiKey, callbackURL string, r Received) Diagnosis {
	budget := diagnosisBudget
	messages := received(r.CallbackRequest)
	for _, address := range addresses(callbackURL, r) {
		for _, m := range messages {
			if m.change != Unchanged && address.changes > 1 {
				continue // two mistakes at once are enough
			}
			for _, method := range []string{r.Method, otherMethod(r.Method)} {
				if budget -= m.size() + len(m.renderings)*len(address.url); budget < 0 {
					return Diagnosis{}
				}
				as := CallbackRequest{Method: method, Signature: r.Signature, Nonce: r.Nonce}
				if signed(apiKey, address.url, as, m.renderings) {
					return Diagnosis{Found: true, URL: address.url, Method: method, Change: m.change}
				}
			}
		}
	}
	return Diagnosis{}
}

func otherMethod(method string) string {
	if method == http.MethodGet {
		return http.MethodPost
	}
	return http.MethodGet
}

// candidate is a message as it may have been, with its canonical strings.
type candidate struct {
	change     Changed
	renderings []string
}

func (c candidate) size() (n int) {
	for _, r := range c.renderings {
		n += len(r)
	}
	return n
}

// received are the messages that may have become this one, the unchanged first.
func received(r CallbackRequest) (all []candidate) {
	add := func(change Changed, renderings []string) {
		if len(renderings) > 0 {
			all = append(all, candidate{change, renderings})
		}
	}
	if r.Method == http.MethodGet {
		add(Unchanged, queryRenderings(r.RawQuery))
		return all
	}
	body := string(r.Body)
	add(Unchanged, bodyRenderings(body))
	if rest, marked := strings.CutPrefix(body, "\uFEFF"); marked {
		add(AddedMark, bodyRenderings(rest))
	}
	if !strings.HasPrefix(strings.TrimSpace(body), "{") {
		add(AsForm, queryRenderings(strings.TrimSpace(body)))
	}
	if once, ok := encodedOnce(body); ok {
		add(TwiceEncoded, bodyRenderings(once))
	}
	if plain := html.UnescapeString(body); plain != body {
		add(AsHTML, bodyRenderings(plain))
	}
	if message, err := parse(r.Body); err == nil && wholeNumbers(&message) {
		add(AsFloats, canonicals(message))
	}
	return all
}

func bodyRenderings(body string) []string {
	message, err := parse([]byte(body))
	if err != nil {
		return nil
	}
	return canonicals(message)
}

func queryRenderings(rawQuery string) []string {
	query, err := parseQuery(rawQuery)
	if err != nil || len(query) == 0 {
		return nil
	}
	return append([]string{rawQuery}, sortedRenderings(query)...)
}

// encodedOnce undoes the second encoding of what was UTF-8 before.
func encodedOnce(text string) (string, bool) {
	var once strings.Builder
	for _, c := range text {
		if c > 0xFF {
			return "", false
		}
		once.WriteByte(byte(c))
	}
	return once.String(), once.Len() < len(text) && utf8.ValidString(once.String())
}

// wholeNumbers writes 1.0 and 1e3 as whole numbers, and says whether there was one.
func wholeNumbers(v *value) (changed bool) {
	if v.kind == number {
		if whole, ok := wholeNumber(v.text); ok {
			v.text, changed = whole, true
		}
	}
	for i := range v.members {
		changed = wholeNumbers(&v.members[i].value) || changed
	}
	for i := range v.items {
		changed = wholeNumbers(&v.items[i]) || changed
	}
	return changed
}

// wholeNumber is the usual spelling of a whole number that has another one.
func wholeNumber(text string) (string, bool) {
	if !strings.ContainsAny(text, ".eE") {
		return "", false
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n != math.Trunc(n) || math.Abs(n) >= 1<<53 {
		return "", false
	}
	return strconv.FormatInt(int64(n), 10), true
}

// address is a URL that a callback may be signed over.
type address struct {
	url     string
	changes int // from the one that is configured
}

// addresses are the URLs that may have been meant, those with the fewest changes
// first.
func addresses(callbackURL string, r Received) (all []address) {
	own, err := url.Parse(callbackURL)
	if err != nil || own.Host == "" {
		return nil
	}
	differs := func(a, b string) int {
		if a == b {
			return 0
		}
		return 1
	}
	hosts, ports := hostsAndPorts(own, r)
	for _, scheme := range distinct(own.Scheme, "https", "http") {
		for _, host := range hosts {
			for _, port := range ports {
				for _, path := range paths(own.Path, r.Path) {
					for _, query := range queries(r) {
						changes := differs(scheme, own.Scheme) + differs(host, own.Hostname()) + differs(port, own.Port()) + differs(path, own.Path) + differs(query, "")
						all = append(all, address{scheme + "://" + joined(host, port) + path + query, changes})
					}
				}
			}
		}
	}
	slices.SortStableFunc(all, func(a, b address) int { return cmp.Compare(a.changes, b.changes) })
	return all
}

// hostsAndPorts are those of the configured URL, of the request, and the usual
// ones.
func hostsAndPorts(own *url.URL, r Received) (hosts, ports []string) {
	hosts, ports = []string{own.Hostname()}, []string{own.Port()}
	for _, named := range []string{r.Host, r.Forwarded} {
		if len(named) > 255 {
			continue
		}
		if u, err := url.Parse("//" + named); err == nil && u.Host != "" && u.Host == named {
			hosts, ports = append(hosts, u.Hostname()), append(ports, u.Port())
		}
	}
	if rest, ok := strings.CutPrefix(own.Hostname(), "www."); ok {
		hosts = append(hosts, rest)
	} else {
		hosts = append(hosts, "www."+own.Hostname())
	}
	return distinct(append(hosts, "localhost", "127.0.0.1")...), distinct(append(ports, "", "443", "80")...)
}

func joined(host, port string) string {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port == "" {
		return host
	}
	return host + ":" + port
}

// paths are the configured and the requested one, with and without a slash at the
// end.
func paths(own, asked string) []string {
	all := []string{own, slashed(own)}
	if asked != "" && len(asked) <= 255 {
		all = append(all, asked, slashed(asked))
	}
	return distinct(all...)
}

func slashed(path string) string {
	if rest, ok := strings.CutSuffix(path, "/"); ok {
		return rest
	}
	return path + "/"
}

// queries: a callback URL may have been entered with a query of its own, which
// arrives with a POST.
func queries(r Received) []string {
	if r.Method != http.MethodPost || r.RawQuery == "" || len(r.RawQuery) > 1024 {
		return []string{""}
	}
	return []string{"", "?" + r.RawQuery}
}

// distinct leaves out what was named before.
func distinct(all ...string) (once []string) {
	for _, s := range all {
		if !slices.Contains(once, s) {
			once = append(once, s)
		}
	}
	return once
}
