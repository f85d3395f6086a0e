package authy_test

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"nod/authy"
)

// oneOff calls try with s changed in one place. Of every step-th byte it flips the
// bit that changes case, then another bit, then drops the byte; last it appends one.
func oneOff(s string, step int, try func(changed string)) {
	for i := 0; i < len(s); i += step {
		for _, mask := range []byte{0x20, 1 << (i % 5)} {
			changed := []byte(s)
			changed[i] ^= mask
			try(string(changed))
		}
		try(s[:i] + s[i+1:])
	}
	try(s + s[max(0, len(s)-1):])
}

// stepOf limits the work: most of the long vectors are variations of one.
func stepOf(v vector) int {
	if len(v.Body) > 1000 && strings.HasPrefix(v.Src, "made") {
		return 9
	}
	return 1
}

func TestOneByteOffInTheFramingIsRefused(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t) {
		refused := func(what, changed, key, url string, r authy.CallbackRequest) {
			if _, err := authy.VerifyCallback(key, url, r); !errors.Is(err, authy.ErrBadSignature) {
				t.Fatalf("%s: %s %q: got %v, want ErrBadSignature", v.Src, what, changed, err)
			}
		}
		oneOff(v.Key, stepOf(v), func(s string) { refused("key", s, s, v.URL, v.request()) })
		oneOff(v.URL, stepOf(v), func(s string) { refused("URL", s, v.Key, s, v.request()) })
		r := v.request()
		oneOff(v.Nonce, stepOf(v), func(s string) { r.Nonce = s; refused("nonce", s, v.Key, v.URL, r) })
		r = v.request()
		oneOff(v.Sig, stepOf(v), func(s string) {
			if r.Signature = s; s != v.Sig {
				refused("signature", s, v.Key, v.URL, r)
			}
		})
		r = v.request()
		oneOff(v.Method, stepOf(v), func(s string) { r.Method = s; refused("method", s, v.Key, v.URL, r) })
	}
}

// A changed body may still verify, because empty members are not signed. Then the
// canonical string and the callback must be the same.
func TestOneByteOffInTheBodyIsRefusedOrDecodesTheSame(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t) {
		if v.Method != http.MethodPost {
			continue
		}
		want, _ := authy.VerifyCallback(v.Key, v.URL, v.request())
		canonical, err := secondCanonical([]byte(v.Body), false)
		if err != nil {
			t.Fatal(err)
		}
		verified := 0
		r := v.request()
		oneOff(v.Body, stepOf(v), func(body string) {
			r.Body = []byte(body)
			got, err := authy.VerifyCallback(v.Key, v.URL, r)
			if errors.Is(err, authy.ErrBadSignature) {
				return
			}
			verified++
			if now, err := secondCanonical(r.Body, false); now != canonical || err != nil {
				t.Fatalf("%s: %s: verified with another canonical string: %s, %v", v.Src, body, now, err)
			}
			if err == nil && !same(got, want) {
				t.Fatalf("%s: %s: got %+v, want %+v", v.Src, body, got, want)
			}
		})
		if v.Src[0] == 'J' && verified == 0 {
			t.Errorf("%s: not even the name of an empty member could be changed", v.Src)
		}
	}
}

func TestOneByteOffInTheQueryIsRefusedOrDecodesTheSame(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t) {
		if v.Method != http.MethodGet {
			continue
		}
		want, _ := authy.VerifyCallback(v.Key, v.URL, v.request())
		sent := sortedPairs(t, v.Query)
		r := v.request()
		oneOff(v.Query, stepOf(v), func(query string) {
			r.RawQuery = query
			got, err := authy.VerifyCallback(v.Key, v.URL, r)
			if errors.Is(err, authy.ErrBadSignature) {
				return
			}
			if !slices.Equal(sortedPairs(t, query), sent) {
				t.Fatalf("%s: %s: verified with other parameters", v.Src, query)
			}
			if err == nil && !same(got, want) {
				t.Fatalf("%s: %s: got %+v, want %+v", v.Src, query, got, want)
			}
		})
	}
}

// sortedPairs returns the decoded pairs of a query, whatever its spelling and order.
func sortedPairs(t *testing.T, query string) []string {
	t.Helper()
	values, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for name, list := range values {
		for _, value := range list {
			all = append(all, name+"\x00"+value)
		}
	}
	slices.Sort(all)
	return all
}

func TestInvalidSignatureHeadersAreRefused(t *testing.T) {
	v := vectorNamed(t, "S1") // its signature has a slash
	raw, err := base64.StdEncoding.DecodeString(v.Sig)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*authy.CallbackRequest){
		"no signature":             func(r *authy.CallbackRequest) { r.Signature = "" },
		"two signatures":           func(r *authy.CallbackRequest) { r.Signature += ", " + v.Sig },
		"doubled":                  func(r *authy.CallbackRequest) { r.Signature += v.Sig },
		"no padding":               func(r *authy.CallbackRequest) { r.Signature = strings.TrimRight(v.Sig, "=") },
		"more padding":             func(r *authy.CallbackRequest) { r.Signature += "=" },
		"URL alphabet":             func(r *authy.CallbackRequest) { r.Signature = base64.URLEncoding.EncodeToString(raw) },
		"trailing bytes":           func(r *authy.CallbackRequest) { r.Signature = base64.StdEncoding.EncodeToString(append(raw, 0)) },
		"a byte short":             func(r *authy.CallbackRequest) { r.Signature = base64.StdEncoding.EncodeToString(raw[:31]) },
		"newline after":            func(r *authy.CallbackRequest) { r.Signature += "\n" },
		"newline within":           func(r *authy.CallbackRequest) { r.Signature = v.Sig[:20] + "\r\n" + v.Sig[20:] },
		"space before":             func(r *authy.CallbackRequest) { r.Signature = " " + v.Sig },
		"hex":                      func(r *authy.CallbackRequest) { r.Signature = hex.EncodeToString(raw) },
		"lower case":               func(r *authy.CallbackRequest) { r.Signature = strings.ToLower(v.Sig) },
		"unused bits set":          func(r *authy.CallbackRequest) { r.Signature = v.Sig[:42] + string(v.Sig[42]+1) + "=" },
		"that of another message":  func(r *authy.CallbackRequest) { r.Signature = vectorNamed(t, "J2").Sig },
		"that of the empty object": func(r *authy.CallbackRequest) { r.Signature = signatureOver(v.Key, v.Nonce, "POST", v.URL, "") },
	} {
		r := v.request()
		change(&r)
		if _, err := authy.VerifyCallback(v.Key, v.URL, r); !errors.Is(err, authy.ErrBadSignature) {
			t.Errorf("%s: got %v, want ErrBadSignature", name, err)
		}
	}
}

// These are refused although the signature covers them.
func TestInvalidNoncesAreRefused(t *testing.T) {
	v := vectorNamed(t, "made for Nod: a short callback")
	for _, nonce := range []string{"", " ", "1600000000, 1600000000", "1600000000|POST", "1600000000\n", "16ø", strings.Repeat("1", 8<<10), "\x00"} {
		r := v.request()
		r.Nonce, r.Signature = nonce, secondSignature(t, v.Key, nonce, v.Method, v.URL, r.Body, false)
		if _, err := authy.VerifyCallback(v.Key, v.URL, r); !errors.Is(err, authy.ErrBadSignature) {
			t.Errorf("nonce %.40q: got %v, want ErrBadSignature", nonce, err)
		}
		if _, err := authy.SignCallback(v.Key, v.Method, v.URL, nonce, r.Body); !errors.Is(err, authy.ErrBadCallback) {
			t.Errorf("nonce %.40q: signed: %v", nonce, err)
		}
	}
}

func TestEmptyKeyVerifiesNothing(t *testing.T) {
	v := vectorNamed(t, "made for Nod: a short callback")
	r := v.request()
	r.Signature = secondSignature(t, "", v.Nonce, v.Method, v.URL, r.Body, false)
	if _, err := authy.VerifyCallback("", v.URL, r); !errors.Is(err, authy.ErrBadSignature) {
		t.Errorf("got %v, want ErrBadSignature", err)
	}
	if _, err := authy.SignCallback("", v.Method, v.URL, v.Nonce, r.Body); !errors.Is(err, authy.ErrBadCallback) {
		t.Errorf("signed without a key: %v", err)
	}
}

func TestOtherURLsAreRefused(t *testing.T) {
	v := vectorNamed(t, "J1")
	for _, url := range []string{"http://requestb.in/ui9vdiui", "https://requestb.in:443/ui9vdiui", v.URL + "/", v.URL + "?a=b", v.URL + "#", "https://REQUESTB.IN/ui9vdiui", ""} {
		if _, err := authy.VerifyCallback(v.Key, url, v.request()); !errors.Is(err, authy.ErrBadSignature) {
			t.Errorf("%s: got %v, want ErrBadSignature", url, err)
		}
	}
}
