package authy_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"nod/authy"
)

// FuzzVerifyCallback compares signer and verifier with the second canonicalizer,
// and the decoded callback with encoding/json.
func FuzzVerifyCallback(f *testing.F) {
	for _, v := range vectors(f) {
		if v.Method == http.MethodPost {
			f.Add([]byte(v.Body))
		}
	}
	for _, body := range []string{
		genuine, `{`, `null`, `{"a":{"b":[]},"c":[{}],"~":"~"}`, `{"status":"denied","ſtatus":"approved"}`, `{"a":1,"a":2}`,
		`{"":{"status":"approved"},"x[y]":[[],[1,{"z":"\ud83d\ude00"}]],"n":-1.50e+3}`, `{"authy_id":1234}`,
		with(f, `"logos":null`, `"transaction][hidden_details":{"x":"1"}`), with(f, `"a-1"`, `"a-1","":"b","x[y]":"c","z][":"d"`),
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		sig, err := authy.SignCallback(testKey, http.MethodPost, testURL, nonce, body)
		if err != nil {
			if _, err := verifyWith(string(body), signatureIfAny("{}")); !errors.Is(err, authy.ErrBadSignature) {
				t.Errorf("cannot be signed, but verified: %v", err)
			}
			return
		}
		for _, tilde := range []bool{false, true} {
			other := secondSignature(t, testKey, nonce, http.MethodPost, testURL, body, tilde)
			if !tilde && other != sig {
				t.Fatalf("signed %s, the second canonicalizer %s", sig, other)
			}
			if _, err := verifyWith(string(body), other); errors.Is(err, authy.ErrBadSignature) {
				t.Fatalf("tilde %v: %v", tilde, err)
			}
		}
		got, err := verifyWith(string(body), sig)
		wantAsDecodedByJSON(t, body, got, err)
		if err == nil {
			wantSameByGet(t, body, got)
		}
	})
}

// wantAsDecodedByJSON compares the callback with encoding/json's map.
func wantAsDecodedByJSON(t *testing.T, body []byte, got authy.Callback, err error) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var m map[string]any
	if err := dec.Decode(&m); err != nil {
		t.Fatalf("%v, but signed", err)
	}
	id, _ := m["authy_id"].(json.Number)
	uuid, _ := m["uuid"].(string)
	status, _ := m["status"].(string)
	n, _ := id.Int64()
	switch {
	case err != nil:
		if got.AuthyID != 0 || got.UUID != "" || got.Status != "" || got.HiddenDetails != nil || got.Ping {
			t.Errorf("an answer came with %v: %+v", err, got)
		}
	case got.Ping:
		if n != 1234 || got.UUID != "" || got.Status != "" {
			t.Errorf("got %+v", got)
		}
	case got.AuthyID != n || n <= 0 || got.UUID != uuid || uuid == "" || string(got.Status) != status || status != "approved" && status != "denied":
		t.Errorf("got %+v, another reader %d, %q, %q", got, n, uuid, status)
	}
}

// wantSameByGet verifies the same callback sent by GET.
func wantSameByGet(t *testing.T, body []byte, want authy.Callback) {
	t.Helper()
	query, err := authy.CallbackQuery(body)
	if err != nil {
		t.Fatal(err)
	}
	if len(query) > 64<<10 {
		return
	}
	sig, err := authy.SignCallback(testKey, http.MethodGet, testURL, nonce, body)
	if err != nil || sig != signatureOver(testKey, nonce, http.MethodGet, testURL, query) {
		t.Fatalf("signed %s, %v", sig, err)
	}
	if got, err := getWith(query, sig); err != nil || !same(got, want) {
		t.Errorf("by GET %+v, %v; by POST %+v", got, err, want)
	}
}

// FuzzSignatureParameters varies everything but the body: only the signatures that
// the wire format allows are accepted, and a query is decoded as it was signed.
func FuzzSignatureParameters(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(v.Key, v.Nonce, v.Method, v.URL, v.Sig, v.Query)
	}
	sig := signatureOver(testKey, nonce, http.MethodGet, testURL, genuineQuery)
	for _, method := range []string{http.MethodGet, http.MethodPost, "HEAD", "get", ""} {
		f.Add(testKey, nonce, method, testURL, sig, genuineQuery)
	}
	f.Add("", nonce, "GET", "", "", "status=approved&status=denied")
	f.Add("k", "1|GET|u|", "GET", "u", strings.Repeat("=", 44), "%zz")
	f.Add("k", "n", "GET", "u", strings.Repeat("A", 43)+"=", "&&a~=~&%7E=%7e&STATUS=+")
	f.Fuzz(func(t *testing.T, key, nonce, method, address, signature, query string) {
		body := []byte(genuine)
		r := authy.CallbackRequest{Method: method, RawQuery: query, Body: body, Signature: signature, Nonce: nonce}
		_, err := authy.VerifyCallback(key, address, r)
		if good := !errors.Is(err, authy.ErrBadSignature); good != slices.Contains(goodSignatures(key, nonce, method, address, query), signature) {
			t.Fatalf("good %v, but there are %v", good, goodSignatures(key, nonce, method, address, query))
		}
		for _, r.Signature = range goodSignatures(key, nonce, method, address, query) {
			got, err := authy.VerifyCallback(key, address, r)
			if errors.Is(err, authy.ErrBadSignature) {
				t.Fatalf("%s: %v", r.Signature, err)
			}
			if err == nil && method == http.MethodGet {
				wantOneOfEachField(t, query, got)
			}
		}
	})
}

// goodSignatures returns the signatures to accept, by the rules of the wire format
// and without the code under test.
func goodSignatures(key, nonce, method, address, query string) []string {
	invalid := strings.ContainsFunc(nonce, func(r rune) bool { return r <= ' ' || r > '~' || r == '|' })
	if key == "" || nonce == "" || len(nonce) > 128 || invalid {
		return nil
	}
	switch method {
	case http.MethodPost:
		params, _ := secondCanonical([]byte(genuine), false)
		return []string{signatureOver(key, nonce, method, address, params)}
	case http.MethodGet:
		var good []string
		for _, params := range spellings(query) {
			good = append(good, signatureOver(key, nonce, method, address, params))
		}
		return good
	}
	return nil
}

// spellings returns the ways a query may have been written when it was signed;
// none if it cannot be parsed.
func spellings(query string) []string {
	values, err := url.ParseQuery(strings.ReplaceAll(query, ";", "%3B"))
	count := 0
	for name, list := range values {
		count += len(list)
		if !isUTF8(name) || slices.ContainsFunc(list, func(s string) bool { return !isUTF8(s) }) {
			return nil
		}
	}
	if err != nil || count > 200 || len(query) > 64<<10 {
		return nil
	}
	all := []string{query}
	for _, tilde := range []bool{false, true} {
		var names []string
		for name := range values {
			names = append(names, name)
		}
		slices.SortFunc(names, func(a, b string) int { return strings.Compare(percent(a, tilde)+"=", percent(b, tilde)+"=") })
		var parts []string
		for _, name := range names {
			for _, value := range values[name] {
				parts = append(parts, percent(name, tilde)+"="+percent(value, tilde))
			}
		}
		all = append(all, strings.Join(parts, "&"))
	}
	return all
}

func isUTF8(s string) bool { return strings.ToValidUTF8(s, "") == s }

// wantOneOfEachField compares a callback with net/url's reading of the query.
func wantOneOfEachField(t *testing.T, query string, got authy.Callback) {
	t.Helper()
	values, err := url.ParseQuery(strings.ReplaceAll(query, ";", "%3B"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"uuid", "status", "authy_id", "callback_action"} {
		if len(values[name]) > 1 {
			t.Errorf("%s occurs %d times", name, len(values[name]))
		}
	}
	if !got.Ping && (values.Get("uuid") != got.UUID || values.Get("status") != string(got.Status)) {
		t.Errorf("got %+v of %s", got, query)
	}
}
