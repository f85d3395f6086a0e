package authy_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"testing"

	"nod/authy"
)

// A second implementation of the canonical string, which shares no code with the
// one under test: one pass over the tokens with a stack of open containers, no tree,
// no recursion, and its own escaping.

// open is a container whose end has not been reached.
type open struct {
	key   string
	array bool
	name  string // the member whose value comes next, "" between members
	named bool
	any   bool // whether it has a member or element, rendered or not
	parts []string
}

// nextKey is the key of the next value in the container.
func (o *open) nextKey(top bool) string {
	switch {
	case o.array:
		return o.key + "[]"
	case top:
		return o.name
	default:
		return o.key + "[" + o.name + "]"
	}
}

func percent(s string, tilde bool) string {
	const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c == ' ':
			b.WriteByte('+')
		case strings.IndexByte(plain, c) >= 0, c == '~' && !tilde:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// secondCanonical renders body, a valid JSON object without duplicate names.
func secondCanonical(body []byte, tilde bool) (string, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	c := &canonicalizer{tilde: tilde}
	for {
		token, err := dec.Token()
		if err != nil {
			return "", err
		}
		if done, err := c.take(token); done || err != nil {
			return c.result, err
		}
	}
}

type canonicalizer struct {
	tilde  bool
	stack  []*open
	result string
}

// take consumes one token and reports whether it was the last.
func (c *canonicalizer) take(token json.Token) (done bool, err error) {
	delim, isDelim := token.(json.Delim)
	if len(c.stack) == 0 {
		if delim != '{' {
			return true, fmt.Errorf("not an object: %v", token)
		}
		c.stack = append(c.stack, &open{})
		return false, nil
	}
	top := c.stack[len(c.stack)-1]
	key := top.nextKey(len(c.stack) == 1)
	name, isText := token.(string)
	switch {
	case isText && !top.array && !top.named:
		top.name, top.named = name, true
	case !isDelim:
		top.put(percent(key, c.tilde)+"="+percent(written(token), c.tilde), false)
	case delim == '{' || delim == '[':
		c.stack = append(c.stack, &open{key: key, array: delim == '['})
	default:
		return c.close(top), nil
	}
	return false, nil
}

func (c *canonicalizer) close(o *open) (done bool) {
	part := o.joined(c.tilde)
	c.stack = c.stack[:len(c.stack)-1]
	if len(c.stack) == 0 {
		c.result = part
		return true
	}
	c.stack[len(c.stack)-1].put(part, !o.any)
	return false
}

func (o *open) joined(tilde bool) string {
	switch {
	case o.array && !o.any:
		return percent(o.key+"[]", tilde) + "="
	case !o.array:
		sort.Strings(o.parts)
	}
	return strings.Join(o.parts, "&")
}

// put adds a rendered part; an empty container in an object is left out.
func (o *open) put(part string, empty bool) {
	if o.array || !empty {
		o.parts = append(o.parts, part)
	}
	o.any, o.named = true, false
}

func written(token json.Token) string {
	if token == nil {
		return ""
	}
	return fmt.Sprint(token)
}

// secondSignature signs with the second canonicalizer.
func secondSignature(t testing.TB, key, nonce, method, url string, body []byte, tilde bool) string {
	t.Helper()
	params, err := secondCanonical(body, tilde)
	if err != nil {
		t.Fatal(err)
	}
	return signatureOver(key, nonce, method, url, params)
}

func signatureOver(key, nonce, method, url, params string) string {
	h := hmac.New(sha256.New, []byte(key))
	fmt.Fprintf(h, "%s|%s|%s|%s", nonce, method, url, params)
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

func TestSecondCanonicalizerAgreesWithTheVectors(t *testing.T) {
	for _, v := range vectors(t) {
		if v.Method != "POST" || v.Unsorted {
			continue
		}
		if got := secondSignature(t, v.Key, v.Nonce, v.Method, v.URL, []byte(v.Body), false); got != v.Sig {
			t.Errorf("%s: got %s, want %s", v.Src, got, v.Sig)
		}
	}
}

func TestCanonicalString(t *testing.T) {
	for body, want := range map[string]string{
		`{}`:                             "",
		`{"a":null,"b":"","c":false}`:    "a=&b=&c=false",
		`{"n":1.50,"e":1E+2,"m":-0}`:     "e=1E%2B2&m=-0&n=1.50",
		`{"n":123456789012345678901234}`: "n=123456789012345678901234",
		`{"a1":1,"a":2}`:                 "a1=1&a=2",
		`{"a_b":1,"a":{"c":2}}`:          "a%5Bc%5D=2&a_b=1",
		`{"b":1,"B":2}`:                  "B=2&b=1",
		`{"l":[2,1,[3,[]],{"y":1}]}`:     "l%5B%5D=2&l%5B%5D=1&l%5B%5D%5B%5D=3&l%5B%5D%5B%5D%5B%5D=&l%5B%5D%5By%5D=1",
		`{"a":{"b":[],"c":{}},"d":1}`:    "&d=1",
		`{"k":"a b+c&d=e/f~g*h"}`:        "k=a+b%2Bc%26d%3De%2Ff~g%2Ah",
		`{"é":"☕"}`:                      "%C3%A9=%E2%98%95",
		`{"":{"status":"approved"}}`:     "%5Bstatus%5D=approved",
		`{ "b" : "\u0041" , "a" : [ ] }`: "b=A",
	} {
		if got, err := authy.CallbackQuery([]byte(body)); got != want || err != nil {
			t.Errorf("%s: got %q, %v; want %q", body, got, err, want)
		}
		if got, err := secondCanonical([]byte(body), false); got != want || err != nil {
			t.Errorf("%s: the second canonicalizer: got %q, %v; want %q", body, got, err, want)
		}
	}
}
