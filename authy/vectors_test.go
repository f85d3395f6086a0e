package authy_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"

	"nod/authy"
)

// vector is a signed callback; testdata/README.md says where each comes from.
type vector struct {
	Src, Key, Nonce, Method, URL, Body, Query, Sig, Canonical string
	Unsorted                                                  bool
}

func (v vector) request() authy.CallbackRequest {
	return authy.CallbackRequest{Method: v.Method, RawQuery: v.Query, Body: []byte(v.Body), Signature: v.Sig, Nonce: v.Nonce}
}

// usable reports whether the vector is a complete callback; others only have a
// valid signature.
func (v vector) usable() bool { return strings.Contains(v.Body+v.Query, "authy_id") }

func vectorsOf(t testing.TB, file string) []vector {
	t.Helper()
	f, err := os.Open("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []vector
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var v vector
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(file, err)
		}
		all = append(all, v)
	}
	if len(all) == 0 || lines.Err() != nil {
		t.Fatal(file, "has no vectors", lines.Err())
	}
	return all
}

func vectors(t testing.TB) []vector {
	t.Helper()
	var all []vector
	for _, file := range []string{"callback-vectors.jsonl", "small-vectors.jsonl", "corner-vectors.jsonl"} {
		all = append(all, vectorsOf(t, file)...)
	}
	return all
}

// vectorNamed returns the vector whose source begins with name.
func vectorNamed(t testing.TB, name string) vector {
	t.Helper()
	for _, v := range vectors(t) {
		if strings.HasPrefix(v.Src, name) {
			return v
		}
	}
	t.Fatal("no vector", name)
	return vector{}
}

func TestVectorsVerify(t *testing.T) {
	all := vectors(t)
	if got, want := len(all), 5+4+14; got != want {
		t.Fatalf("got %d vectors, want %d", got, want)
	}
	for _, v := range all {
		got, err := authy.VerifyCallback(v.Key, v.URL, v.request())
		if !v.usable() {
			if !errors.Is(err, authy.ErrBadCallback) || errors.Is(err, authy.ErrBadSignature) {
				t.Errorf("%s: got %v, want a good signature on an unusable message", v.Src, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", v.Src, err)
		}
		if got.Status != authy.StatusApproved || got.Action != "approval_request_status" || got.Ping {
			t.Errorf("%s: got %+v", v.Src, got)
		}
	}
}

func TestSignerReproducesTheVectors(t *testing.T) {
	for _, v := range vectors(t) {
		if v.Method != http.MethodPost || v.Unsorted {
			continue
		}
		sig, err := authy.SignCallback(v.Key, v.Method, v.URL, v.Nonce, []byte(v.Body))
		if sig != v.Sig || err != nil {
			t.Errorf("%s: got %s, %v; want %s", v.Src, sig, err, v.Sig)
		}
		query, err := authy.CallbackQuery([]byte(v.Body))
		if !strings.Contains(query, v.Canonical) || err != nil {
			t.Errorf("%s: got %s, %v; want %s in it", v.Src, query, err, v.Canonical)
		}
	}
}

func TestCanonicalStringOfARecordedCallback(t *testing.T) {
	want, err := os.ReadFile("testdata/j2-canonical.txt")
	if err != nil {
		t.Fatal(err)
	}
	got, err := authy.CallbackQuery([]byte(vectorNamed(t, "J2").Body))
	if got != strings.TrimSuffix(string(want), "\n") || err != nil {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}

func TestRecordedCallbacksAreDecoded(t *testing.T) {
	for name, want := range map[string]authy.Callback{
		"J1":                                    {AuthyID: 688611, UUID: "4a725520-bff5-0135-eb01-0e5d90336a8c"},
		"J2":                                    {AuthyID: 688611, UUID: "4a725520-bff5-0135-eb01-0e5d90336a8c", HiddenDetails: map[string]string{"transaction_id": "TR139872562346"}},
		"J5":                                    {AuthyID: 688611, UUID: "7e272da0-c015-0135-eafc-0e5d90336a8c"},
		"C1":                                    {AuthyID: 1234567, UUID: "996221c0-b7a7-0133-7c06-0e67b818e6fb"},
		"S1":                                    {AuthyID: 12345, UUID: "xxxxx-f798-xxxx-b3cf-12ce654b4414"},
		"made for Nod: brackets in a name":      {AuthyID: 688611, UUID: "4a725520-bff5-0135-eb01-0e5d90336a8c", HiddenDetails: map[string]string{"x[y]": "1"}},
		"made for Nod: a short callback by GET": {AuthyID: 1234, UUID: "00000000-0000-0000-0000-000000000001"},
	} {
		v := vectorNamed(t, name)
		want.Status, want.Action = authy.StatusApproved, "approval_request_status"
		got, err := authy.VerifyCallback(v.Key, v.URL, v.request())
		if err != nil || !same(got, want) {
			t.Errorf("%s: got %+v, %v; want %+v", name, got, err, want)
		}
	}
}

// same compares callbacks; nil and empty details are equal.
func same(a, b authy.Callback) bool {
	if len(a.HiddenDetails) != len(b.HiddenDetails) {
		return false
	}
	for name, value := range a.HiddenDetails {
		if other, ok := b.HiddenDetails[name]; !ok || other != value {
			return false
		}
	}
	return a.AuthyID == b.AuthyID && a.UUID == b.UUID && a.Status == b.Status && a.Action == b.Action && a.Ping == b.Ping
}
