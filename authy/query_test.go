package authy_test

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"nod/authy"
)

func getWith(query, sig string) (authy.Callback, error) {
	return authy.VerifyCallback(testKey, testURL, authy.CallbackRequest{Method: http.MethodGet, RawQuery: query, Signature: sig, Nonce: nonce})
}

func getSigned(query string) (authy.Callback, error) {
	return getWith(query, signatureOver(testKey, nonce, http.MethodGet, testURL, query))
}

const genuineQuery = "approval_request%5Btransaction%5D%5Bhidden_details%5D%5Bapproval_id%5D=a-1&authy_id=7&" +
	"callback_action=approval_request_status&list%5B%5D=b&list%5B%5D=a&status=approved&uuid=u-1"

func TestQueryRewrittenByAProxyVerifies(t *testing.T) {
	want, err := getSigned(genuineQuery)
	if err != nil || want.AuthyID != 7 || want.UUID != "u-1" || want.HiddenDetails["approval_id"] != "a-1" {
		t.Fatalf("got %+v, %v", want, err)
	}
	sig := signatureOver(testKey, nonce, http.MethodGet, testURL, genuineQuery)
	parts := strings.Split(genuineQuery, "&")
	slices.Reverse(parts)
	parts[2], parts[3] = parts[3], parts[2] // the array keeps its order
	for name, query := range map[string]string{
		"reordered":          strings.Join(parts, "&"),
		"unescaped brackets": strings.NewReplacer("%5B", "[", "%5D", "]").Replace(genuineQuery),
		"lower hex":          strings.NewReplacer("%5B", "%5b", "%5D", "%5d").Replace(genuineQuery),
		"over-escaped":       strings.Replace(genuineQuery, "status=approved&", "%73tatus=%61pproved&", 1),
		"empty pairs":        "&" + strings.ReplaceAll(genuineQuery, "&", "&&") + "&",
	} {
		if got, err := getWith(query, sig); err != nil || !same(got, want) {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
	parts[2], parts[3] = parts[3], parts[2]
	if _, err := getWith(strings.Join(parts, "&"), sig); !errors.Is(err, authy.ErrBadSignature) {
		t.Errorf("an array in another order: got %v, want ErrBadSignature", err)
	}
}

// With two logos the canonical order is that of the elements, which only the raw
// query has.
func TestQueryWithTwoLogosVerifies(t *testing.T) {
	body := with(t, `"logos":null`, `"logos":[{"res":"default","url":"https://a"},{"res":"med","url":"https://b"}]`)
	query, err := authy.CallbackQuery([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := getSigned(query); err != nil || got.UUID != "u-1" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestQueriesWithoutAValidSignature(t *testing.T) {
	sig := signatureOver(testKey, nonce, http.MethodGet, testURL, genuineQuery)
	post := signatureOver(testKey, nonce, http.MethodPost, testURL, genuineQuery)
	in := signatureOver(testKey, nonce, http.MethodGet, testURL+"?"+genuineQuery, genuineQuery)
	for name, r := range map[string]authy.CallbackRequest{
		"no signature":                  {Method: "GET", RawQuery: genuineQuery, Nonce: nonce},
		"empty":                         {Method: "GET"},
		"signature of a POST":           {Method: "GET", RawQuery: genuineQuery, Nonce: nonce, Signature: post},
		"signature over the whole URL":  {Method: "GET", RawQuery: genuineQuery, Nonce: nonce, Signature: in},
		"more parameters":               {Method: "GET", RawQuery: genuineQuery + "&a=b", Nonce: nonce, Signature: sig},
		"fewer parameters":              {Method: "GET", RawQuery: genuineQuery[1:], Nonce: nonce, Signature: sig},
		"sent as a body":                {Method: "GET", Body: []byte(genuineQuery), Nonce: nonce, Signature: sig},
		"sent as a POST's query":        {Method: "POST", RawQuery: genuineQuery, Nonce: nonce, Signature: sig},
		"HEAD":                          {Method: "HEAD", RawQuery: genuineQuery, Nonce: nonce, Signature: sig},
		"lower case":                    {Method: "get", RawQuery: genuineQuery, Nonce: nonce, Signature: sig},
		"broken escape":                 {Method: "GET", RawQuery: genuineQuery + "&%zz", Nonce: nonce, Signature: signatureOver(testKey, nonce, "GET", testURL, genuineQuery+"&%zz")},
		"not UTF-8":                     {Method: "GET", RawQuery: genuineQuery + "&x=%ff", Nonce: nonce, Signature: signatureOver(testKey, nonce, "GET", testURL, genuineQuery+"&x=%ff")},
		"name not UTF-8":                {Method: "GET", RawQuery: genuineQuery + "&%ff=x", Nonce: nonce, Signature: signatureOver(testKey, nonce, "GET", testURL, genuineQuery+"&%ff=x")},
		"201 parameters":                manyParameters(201),
		"more than 64 KiB":              longParameter(),
		"signed body besides the query": {Method: "GET", RawQuery: "x=1", Body: []byte(genuine), Nonce: nonce, Signature: sig},
	} {
		if _, err := authy.VerifyCallback(testKey, testURL, r); !errors.Is(err, authy.ErrBadSignature) {
			t.Errorf("%s: got %v, want ErrBadSignature", name, err)
		}
	}
}

func manyParameters(n int) authy.CallbackRequest {
	query := strings.TrimSuffix(strings.Repeat("a=1&", n), "&")
	return authy.CallbackRequest{Method: "GET", RawQuery: query, Nonce: nonce, Signature: signatureOver(testKey, nonce, "GET", testURL, query)}
}

func longParameter() authy.CallbackRequest {
	query := genuineQuery + "&x=" + strings.Repeat("a", 64<<10)
	return authy.CallbackRequest{Method: "GET", RawQuery: query, Nonce: nonce, Signature: signatureOver(testKey, nonce, "GET", testURL, query)}
}

func TestSignedButUnusableQueries(t *testing.T) {
	hidden := url.QueryEscape("approval_request[transaction][hidden_details][")
	for name, query := range map[string]string{
		"empty":                    "",
		"status twice":             genuineQuery + "&status=denied",
		"same status twice":        genuineQuery + "&status=approved",
		"status twice, escaped":    genuineQuery + "&%73tatus=denied",
		"uuid twice":               genuineQuery + "&uuid=u-2",
		"authy_id twice":           genuineQuery + "&authy_id=8",
		"action twice":             genuineQuery + "&callback_action=approval_request_status",
		"hidden detail twice":      genuineQuery + "&" + hidden + "approval_id%5D=a-2",
		"hidden detail, no end":    genuineQuery + "&" + hidden + "approval_id=a-2",
		"STATUS too":               genuineQuery + "&STATUS=denied",
		"long s":                   genuineQuery + "&%C5%BFtatus=denied",
		"hidden in another case":   genuineQuery + "&" + strings.ToUpper(hidden) + "approval_id%5D=a-2",
		"status with a bracket":    strings.Replace(genuineQuery, "&status=", "&status%5B%5D=", 1),
		"status empty":             strings.Replace(genuineQuery, "status=approved&", "status&", 1),
		"status pending":           strings.Replace(genuineQuery, "status=approved&", "status=pending&", 1),
		"authy_id with a plus":     strings.Replace(genuineQuery, "authy_id=7", "authy_id=%2B7", 1),
		"authy_id with a space":    strings.Replace(genuineQuery, "authy_id=7", "authy_id=+7", 1),
		"authy_id negative":        strings.Replace(genuineQuery, "authy_id=7", "authy_id=-7", 1),
		"authy_id in Arabic digit": strings.Replace(genuineQuery, "authy_id=7", "authy_id=%D9%A7", 1),
		"authy_id of 20 digits":    strings.Replace(genuineQuery, "authy_id=7", "authy_id=18446744073709551623", 1),
		"no uuid":                  strings.Replace(genuineQuery, "uuid=u-1", "uuid=", 1),
	} {
		if _, err := getSigned(query); !errors.Is(err, authy.ErrBadCallback) {
			t.Errorf("%s: got %v, want ErrBadCallback", name, err)
		}
	}
}

func TestPingByQuery(t *testing.T) {
	got, err := getSigned("authy_id=1234&callback_action=approval_request_status&status=approved&uuid=")
	if err != nil || !got.Ping {
		t.Errorf("got %+v, %v", got, err)
	}
}

// An unstable sort shows only with many equal names.
func TestLongArraysRewrittenByAProxyVerify(t *testing.T) {
	a := strings.Split(numbered(60, "a%%5B%%5D=%d"), ",")
	b := strings.Split(numbered(60, "b%%5B%%5D=%d"), ",")
	rest := "&callback_action=approval_request_status&status=approved&uuid=u-1"
	sent := strings.Join(a, "&") + "&authy_id=7&" + strings.Join(b, "&") + rest
	mixed := "authy_id=7" + rest
	for i := range a {
		mixed += "&" + b[i] + "&" + a[i]
	}
	got, err := getWith(mixed, signatureOver(testKey, nonce, http.MethodGet, testURL, sent))
	if err != nil || got.UUID != "u-1" {
		t.Errorf("got %+v, %v", got, err)
	}
}

// Only GET and POST are accepted, even if another method is signed.
func TestOtherMethodsAreRefused(t *testing.T) {
	for _, method := range []string{"", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "get", "post", "POST ", "ＰＯＳＴ"} {
		for _, params := range []string{genuineQuery, ""} {
			r := authy.CallbackRequest{Method: method, RawQuery: genuineQuery, Body: []byte(genuine), Nonce: nonce,
				Signature: signatureOver(testKey, nonce, method, testURL, params)}
			if _, err := authy.VerifyCallback(testKey, testURL, r); !errors.Is(err, authy.ErrBadSignature) {
				t.Errorf("%q: got %v, want ErrBadSignature", method, err)
			}
		}
		if _, err := authy.SignCallback(testKey, method, testURL, nonce, []byte(genuine)); !errors.Is(err, authy.ErrBadCallback) {
			t.Errorf("%q: signed: %v", method, err)
		}
	}
}
