package authy_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"nod/authy"
)

// Bodies at the limits, and unusual but unambiguous ones.
func TestBodiesThatVerify(t *testing.T) {
	for name, body := range map[string]string{
		"denied":                         with(t, `"status":"approved",`, `"status":"denied",`),
		"16 levels":                      with(t, `"logos":null`, `"logos":`+strings.Repeat("[", 14)+strings.Repeat("]", 14)),
		"200 members":                    genuine[:len(genuine)-1] + `,` + numbered(188, `"k%d":%[1]d`) + `}`,
		"64 KiB":                         genuine + strings.Repeat(" ", 64<<10-len(genuine)),
		"largest id":                     with(t, `"authy_id":7`, `"authy_id":9223372036854775807`),
		"a surrogate pair":               with(t, `192.0.2.1`, `\ud83d\ude00 \uD83D\uDE00`),
		"an escaped backslash":           with(t, `192.0.2.1`, `\\ud83d \" \\\\`),
		"replacement character":          with(t, `192.0.2.1`, "\ufffd \\ufffd"),
		"NUL":                            with(t, `192.0.2.1`, `\u0000`),
		"no request":                     `{"authy_id":7,"callback_action":"approval_request_status","uuid":"u-1","status":"approved"}`,
		"no hidden details":              with(t, `{"approval_id":"a-1"}`, `null`),
		"detail named Status":            with(t, `"logos":null`, `"logos":null,"details":{"Status":"x","UUID":"y","status[x]":"z"}`),
		"hidden named STATUS":            with(t, `"a-1"`, `"a-1","STATUS":"denied","ſtatus":"denied","transaction[x]":"1"`),
		"device named Status":            with(t, `"192.0.2.1"`, `"192.0.2.1","Status":"x"`),
		"other case in an unread object": with(t, `"192.0.2.1"`, `"192.0.2.1","IP":"192.0.2.2"`),
		"unknown fields":                 with(t, `"device":`, `"Device":1,"multidevice_enabled":true,"device":`),
		"a tilde in a value":             with(t, `192.0.2.1`, `~a~`),
		"number of 64 digits":            with(t, `"logos":null`, `"logos":`+strings.Repeat("1", 64)),
	} {
		got, err := verifySigned(t, body)
		if err != nil || got.UUID != "u-1" || (got.Status != authy.StatusApproved) != (name == "denied") {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

// A signature is valid with either escaping of the tilde, even where the escaping
// changes the order of names.
func TestBothEscapingsOfTheTildeVerify(t *testing.T) {
	body := with(t, `"logos":null`, `"details":{"a~":"~","a_":"1","aZ":"2"},"logos":[{"url":"~","res":"~"}]`)
	params := map[bool]string{}
	for _, escaped := range []bool{false, true} {
		params[escaped], _ = secondCanonical([]byte(body), escaped)
		if strings.Contains(params[escaped], "~") == escaped {
			t.Fatalf("the second canonicalizer wrote %s", params[escaped])
		}
		got, err := verifyWith(body, signatureOver(testKey, nonce, http.MethodPost, testURL, params[escaped]))
		if err != nil || got.UUID != "u-1" {
			t.Errorf("escaped %v: got %+v, %v", escaped, got, err)
		}
	}
	for _, signed := range params {
		for _, sent := range params {
			got, err := getWith(sent, signatureOver(testKey, nonce, http.MethodGet, testURL, signed))
			if err != nil || got.UUID != "u-1" {
				t.Errorf("%s sent, %s signed: got %+v, %v", sent, signed, got, err)
			}
		}
	}
	if strings.ReplaceAll(params[false], "~", "%7E") == params[true] {
		t.Error("both escapings give the same order: the test shows little")
	}
}

// A change that leaves the signature valid must not change what is decoded.
func TestOtherSpellingsDecodeTheSame(t *testing.T) {
	want, err := verifySigned(t, genuine)
	if err != nil || want.HiddenDetails["approval_id"] != "a-1" {
		t.Fatalf("got %+v, %v", want, err)
	}
	sig := secondSignature(t, testKey, nonce, http.MethodPost, testURL, []byte(genuine), false)
	for name, body := range map[string]string{
		"blanks":         strings.NewReplacer(`:`, " :\n", `,`, "\t, ").Replace(genuine),
		"escapes":        strings.NewReplacer(`approved`, `\u0061pproved`, `u-1`, `\u0075-1`, `"status"`, `"\u0073tatus"`).Replace(genuine),
		"order":          `{"status":"approved","uuid":"u-1",` + strings.NewReplacer(`"uuid":"u-1","status":"approved",`, ``).Replace(genuine)[1:],
		"empty members":  genuine[:len(genuine)-1] + `,"x":{},"y":[],"z":{}}`,
		"empty for null": with(t, `"logos":null`, `"logos":""`),
	} {
		got, err := verifyWith(body, sig)
		if err != nil || !same(got, want) {
			t.Errorf("%s: got %+v, %v; want %+v", name, got, err, want)
		}
	}
}

func TestChangedValuesAreRefused(t *testing.T) {
	sig := secondSignature(t, testKey, nonce, http.MethodPost, testURL, []byte(genuine), false)
	for name, body := range map[string]string{
		"status":       with(t, `"status":"approved",`, `"status":"denied",`),
		"uuid":         with(t, `"u-1"`, `"u-2"`),
		"authy_id":     with(t, `"authy_id":7`, `"authy_id":8`),
		"nested":       with(t, `192.0.2.1`, `192.0.2.2`),
		"hidden":       with(t, `a-1`, `a-2`),
		"added":        with(t, `"logos":null`, `"logos":null,"x":1`),
		"added null":   with(t, `"logos":null`, `"logos":null,"x":null`),
		"left out":     with(t, `,"logos":null`, ``),
		"array":        with(t, `"logos":null`, `"logos":[]`),
		"moved up":     with(t, `},"logos":null}`, `}},"logos":null`),
		"moved by key": with(t, `"device":{"ip":"192.0.2.1"}`, `"device]":{"ip":"192.0.2.1"}`),
	} {
		if _, err := verifyWith(body, sig); !errors.Is(err, authy.ErrBadSignature) {
			t.Errorf("%s: got %v, want ErrBadSignature", name, err)
		}
	}
}

// Different JSON with the same canonical string must not decode differently.
func TestCollisionsAreRefused(t *testing.T) {
	sig := secondSignature(t, testKey, nonce, http.MethodPost, testURL, []byte(genuine), false)
	for name, body := range map[string]string{
		"hidden details moved out": with(t, `{"hidden_details":{"approval_id":"a-1"},"status":"approved"}`,
			`{"hidden_details][approval_id":"a-1","status":"approved"}`),
		"request moved out": `{"authy_id":7,"callback_action":"approval_request_status","uuid":"u-1","status":"approved",` +
			`"approval_request[transaction][hidden_details][approval_id]":"a-1","approval_request[transaction][status]":"approved",` +
			`"approval_request[logos]":null,"device":{"ip":"192.0.2.1"}}`,
		"user as a text": with(t, `"authy_id":7`, `"authy_id":"7"`),
	} {
		if _, err := verifyWith(body, sig); !errors.Is(err, authy.ErrBadCallback) {
			t.Errorf("%s: got %v, want ErrBadCallback", name, err)
		}
	}
	body := with(t, `"device":{"ip":"192.0.2.1"}`, `"device[ip]":"192.0.2.1"`)
	if got, err := verifyWith(body, sig); err != nil || got.UUID != "u-1" {
		t.Errorf("a collision in unread members: got %+v, %v", got, err)
	}
}

func TestDashboardPing(t *testing.T) {
	for name, body := range map[string]string{
		"no request":        `{"authy_id":1234}`,
		"empty uuid":        `{"authy_id":1234,"callback_action":"approval_request_status","uuid":"","status":"approved"}`,
		"null uuid":         `{"authy_id":1234,"callback_action":"approval_request_status","uuid":null,"status":"approved"}`,
		"no usable uuid":    `{"authy_id":1234,"callback_action":"approval_request_status","uuid":"not a uuid","status":"approved"}`,
		"something unknown": `{"authy_id":1234,"callback_action":"test"}`,
	} {
		got, err := verifySigned(t, body)
		if err != nil || !got.Ping || got.UUID != "" || got.Status != "" {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
	if _, err := verifyWith(`{"authy_id":1234}`, ""); !errors.Is(err, authy.ErrBadSignature) {
		t.Errorf("unsigned: got %v, want ErrBadSignature", err)
	}
}
