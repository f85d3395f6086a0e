package authy_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"nod/authy"
)

const (
	testKey = "sim-api-key-0001"
	testURL = "https://app.example.com/authy/callback"
	nonce   = "1600000000"
)

// genuine is a callback with every field that is read.
const genuine = `{"authy_id":7,"callback_action":"approval_request_status","uuid":"u-1","status":"approved",` +
	`"approval_request":{"transaction":{"hidden_details":{"approval_id":"a-1"},"status":"approved"},"logos":null},"device":{"ip":"192.0.2.1"}}`

// with replaces the only occurrence of old in the genuine callback.
func with(t testing.TB, old, replacement string) string {
	t.Helper()
	if strings.Count(genuine, old) != 1 {
		t.Fatalf("the callback does not contain %s exactly once", old)
	}
	return strings.Replace(genuine, old, replacement, 1)
}

// verifySigned verifies body with a signature by the second canonicalizer.
func verifySigned(t testing.TB, body string) (authy.Callback, error) {
	t.Helper()
	sig := secondSignature(t, testKey, nonce, http.MethodPost, testURL, []byte(body), false)
	return verifyWith(body, sig)
}

func verifyWith(body, sig string) (authy.Callback, error) {
	return authy.VerifyCallback(testKey, testURL, authy.CallbackRequest{Method: http.MethodPost, Body: []byte(body), Signature: sig, Nonce: nonce})
}

func TestSignedButUnusableBodies(t *testing.T) {
	for name, body := range map[string]string{
		"status null":             with(t, `"status":"approved",`, `"status":null,`),
		"status true":             with(t, `"status":"approved",`, `"status":true,`),
		"status a number":         with(t, `"status":"approved",`, `"status":1,`),
		"status in an array":      with(t, `"status":"approved",`, `"status":["approved"],`),
		"status in an object":     with(t, `"status":"approved",`, `"status":{"status":"approved"},`),
		"status missing":          with(t, `"status":"approved",`, ``),
		"status empty":            with(t, `"status":"approved",`, `"status":"",`),
		"status unknown":          with(t, `"status":"approved",`, `"status":"Approved",`),
		"status with a blank":     with(t, `"status":"approved",`, `"status":"approved ",`),
		"pending":                 with(t, `"status":"approved",`, `"status":"pending",`),
		"expired":                 with(t, `"status":"approved",`, `"status":"expired",`),
		"uuid a number":           with(t, `"u-1"`, `1`),
		"uuid null":               with(t, `"u-1"`, `null`),
		"uuid empty":              with(t, `"u-1"`, `""`),
		"uuid a path":             with(t, `"u-1"`, `"../u-1"`),
		"uuid long":               with(t, `"u-1"`, `"`+strings.Repeat("a", 65)+`"`),
		"authy_id a string":       with(t, `"authy_id":7`, `"authy_id":"7"`),
		"authy_id a fraction":     with(t, `"authy_id":7`, `"authy_id":7.0`),
		"authy_id an exponent":    with(t, `"authy_id":7`, `"authy_id":7e0`),
		"authy_id of 20 digits":   with(t, `"authy_id":7`, `"authy_id":18446744073709551623`),
		"authy_id beyond int64":   with(t, `"authy_id":7`, `"authy_id":9223372036854775808`),
		"authy_id negative":       with(t, `"authy_id":7`, `"authy_id":-7`),
		"authy_id zero":           with(t, `"authy_id":7`, `"authy_id":0`),
		"authy_id null":           with(t, `"authy_id":7`, `"authy_id":null`),
		"authy_id missing":        with(t, `"authy_id":7,`, ``),
		"another action":          with(t, `"approval_request_status"`, `"something"`),
		"no action":               with(t, `"callback_action":"approval_request_status",`, ``),
		"hidden detail a number":  with(t, `"a-1"`, `1`),
		"hidden detail null":      with(t, `"a-1"`, `null`),
		"hidden detail an object": with(t, `"a-1"`, `{"a":"1"}`),
		"hidden details an array": with(t, `{"approval_id":"a-1"}`, `["a-1"]`),
		"hidden details a text":   with(t, `{"approval_id":"a-1"}`, `"a-1"`),
		"transaction a text":      with(t, `{"hidden_details":{"approval_id":"a-1"},"status":"approved"}`, `"x"`),
		"request an array":        `{"authy_id":7,"callback_action":"approval_request_status","uuid":"u-1","status":"approved","approval_request":[]}`,
		"STATUS too":              with(t, `"status":"approved",`, `"status":"approved","STATUS":"denied",`),
		"STATUS instead":          with(t, `"status":"approved",`, `"STATUS":"approved",`),
		"long s":                  with(t, `"status":"approved",`, `"status":"approved","ſtatus":"denied",`),
		"long s, escaped":         with(t, `"status":"approved",`, `"status":"approved","statu\u017f":"denied",`),
		"Uuid":                    with(t, `"u-1",`, `"u-1","Uuid":"u-2",`),
		"AUTHY_ID":                with(t, `"authy_id":7`, `"authy_id":7,"AUTHY_ID":8`),
		"similar name below":      with(t, `"logos":null`, `"Transaction":{}`),
		"similar name deeper":     with(t, `"hidden_details":`, `"hidden_detailS":{},"hidden_details":`),
		"nested name at the top":  with(t, `"device":`, `"approval_request[transaction][hidden_details][x]":"1","device":`),
		"nested name below":       with(t, `"logos":null`, `"transaction][hidden_details":{"x":"1"}`),
		"nested name deeper":      with(t, `"hidden_details":{"approval_id":"a-1"}`, `"hidden_details][approval_id":"a-1"`),
		"nested similar name":     with(t, `"device":`, `"Approval_Request[transaction]":"1","device":`),
		"an array of a read name": with(t, `"device":`, `"status[]":"denied","device":`),
		"hoisted by an empty name": `{"":{"status":"approved","uuid":"u-1"},"authy_id":7,"callback_action":` +
			`"approval_request_status"}`,
	} {
		_, err := verifySigned(t, body)
		if !errors.Is(err, authy.ErrBadCallback) || errors.Is(err, authy.ErrBadSignature) {
			t.Errorf("%s: got %v, want ErrBadCallback", name, err)
		}
	}
}

func TestUnreadableBodies(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 16) + "1" + strings.Repeat("}", 16)
	for name, body := range map[string]string{
		"empty":                       ``,
		"blank":                       ` `,
		"cut in half":                 genuine[:len(genuine)/2],
		"duplicate names":             with(t, `"status":"approved",`, `"status":"denied","status":"approved",`),
		"duplicate names, escaped":    with(t, `"status":"approved",`, `"status":"denied","st\u0061tus":"approved",`),
		"duplicate names below":       with(t, `"logos":null`, `"logos":null,"logos":null`),
		"duplicate names in details":  with(t, `"a-1"`, `"a-1","approval_id":"a-2"`),
		"duplicate names in an array": with(t, `"logos":null`, `"logos":[{"res":"a","res":"b"}]`),
		"duplicate unread names":      with(t, `"192.0.2.1"`, `"192.0.2.1","ip":"192.0.2.1"`),
		"data after":                  genuine + `{}`,
		"a bracket after":             genuine + `}`,
		"a comma before the end":      genuine[:len(genuine)-1] + `,}`,
		"a comment":                   genuine + `//`,
		"byte order mark":             "\ufeff" + genuine,
		"not UTF-8 in a value":        with(t, `192.0.2.1`, "\xff"),
		"not UTF-8 in a name":         with(t, `"ip"`, "\"\xc3\""),
		"overlong UTF-8":              with(t, `192.0.2.1`, "\xc0\xaf"),
		"surrogate in UTF-8":          with(t, `192.0.2.1`, "\xed\xa0\x80"),
		"UTF-16":                      "\xff\xfe{\x00}\x00",
		"first half alone":            with(t, `192.0.2.1`, `\ud83d`),
		"second half alone":           with(t, `192.0.2.1`, `\ude00`),
		"halves in wrong order":       with(t, `192.0.2.1`, `\ude00\ud83d`),
		"first half and a letter":     with(t, `192.0.2.1`, `\ud83d\u0041`),
		"first half twice":            with(t, `192.0.2.1`, `\uD83D\uD83D`),
		"second half twice":           with(t, `192.0.2.1`, `\ude00\uDE00`),
		"half in a name":              with(t, `"ip"`, `"\ud83d"`),
		"NaN":                         with(t, `"authy_id":7`, `"authy_id":NaN`),
		"infinite":                    with(t, `"authy_id":7`, `"authy_id":1e999`),
		"infinite elsewhere":          with(t, `"logos":null`, `"logos":-1e999`),
		"hexadecimal":                 with(t, `"authy_id":7`, `"authy_id":0x7`),
		"leading zero":                with(t, `"authy_id":7`, `"authy_id":07`),
		"plus":                        with(t, `"authy_id":7`, `"authy_id":+7`),
		"a number of 65 digits":       with(t, `"logos":null`, `"logos":`+strings.Repeat("1", 65)),
		"single quotes":               `{'authy_id':7}`,
		"bare name":                   `{authy_id:7}`,
		"raw newline in a text":       with(t, `192.0.2.1`, "\n"),
		"an array":                    `[` + genuine + `]`,
		"a text":                      `"approved"`,
		"a number":                    `7`,
		"null":                        `null`,
		"17 levels":                   `{"a":` + deep + `}`,
		"17 levels of arrays":         `{"a":` + strings.Repeat("[", 16) + strings.Repeat("]", 16) + `}`,
		"a million levels":            `{"a":` + strings.Repeat("[", 1e6),
		"2000 levels":                 strings.Repeat(`{"a":`, 2000) + "1" + strings.Repeat("}", 2000),
		"201 members":                 `{` + numbered(201, `"k%d":%[1]d`) + `}`,
		"100000 members":              `{` + numbered(1e5, `"k%d":%[1]d`) + `}`,
		"201 elements":                `{"a":[` + numbered(200, `%d`) + `]}`,
		"201 in all levels":           `{"a":{` + numbered(100, `"k%d":1`) + `},"b":{` + numbered(99, `"k%d":1`) + `}}`,
		"64 KiB plus a byte":          genuine + strings.Repeat(" ", 64<<10+1-len(genuine)),
		"long canonical string":       `{"` + strings.Repeat("a", 40<<10) + `":[` + numbered(100, `%d`) + `]}`,
		"a form":                      `authy_id=7&uuid=u-1&status=approved&callback_action=approval_request_status`,
		"gzip":                        "\x1f\x8b\x08",
	} {
		if _, err := verifyWith(body, signatureIfAny(body)); !errors.Is(err, authy.ErrBadSignature) {
			t.Errorf("%s: got %v, want ErrBadSignature", name, err)
		}
		if _, err := authy.SignCallback(testKey, http.MethodPost, testURL, nonce, []byte(body)); !errors.Is(err, authy.ErrBadCallback) {
			t.Errorf("%s: signed: %v", name, err)
		}
		if _, err := authy.CallbackQuery([]byte(body)); !errors.Is(err, authy.ErrBadCallback) {
			t.Errorf("%s: made a query: %v", name, err)
		}
	}
}

// signatureIfAny signs everything that encoding/json accepts; other bodies get a
// well-formed signature.
func signatureIfAny(body string) string {
	params := ""
	if json.Valid([]byte(body)) && len(body) < 100<<10 {
		params, _ = secondCanonical([]byte(body), false)
	}
	return signatureOver(testKey, nonce, http.MethodPost, testURL, params)
}

func numbered(n int, format string) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = fmt.Sprintf(format, i)
	}
	return strings.Join(parts, ",")
}

// The errors are logged: they are short and contain no secret.
func TestCallbackErrorsAreShort(t *testing.T) {
	long := strings.Repeat("é", 20000)
	for _, body := range []string{
		`{"` + long + `":1,"` + long + `":2}`, with(t, `"u-1"`, `"`+long+`"`),
		with(t, `"status":"approved",`, `"status":"`+long+`",`), `{"status[` + long + `":1}`,
	} {
		_, err := verifyWith(body, signatureIfAny(body))
		if err == nil || len(err.Error()) > 300 || strings.Contains(err.Error(), testKey) {
			t.Errorf("got %d bytes: %.300v", len(fmt.Sprint(err)), err)
		}
	}
}
