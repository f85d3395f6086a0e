package authy_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"os"
	"testing"

	"nod/authy"
)

// vector is a signed callback that others have made; see src.
type vector struct {
	Src, Key, Nonce, Method, URL, Body, Query, Sig string
}

func vectors(t *testing.T) []vector {
	t.Helper()
	f, err := os.Open("testdata/callback-vectors.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []vector
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var v vector
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	if len(all) == 0 || lines.Err() != nil {
		t.Fatal("no vectors", lines.Err())
	}
	return all
}

func (v vector) request() authy.CallbackRequest {
	return authy.CallbackRequest{Method: v.Method, RawQuery: v.Query, Body: []byte(v.Body), Signature: v.Sig, Nonce: v.Nonce}
}

func TestVectorsOfOthersVerify(t *testing.T) {
	for _, v := range vectors(t) {
		got, err := authy.VerifyCallback(v.Key, v.URL, v.request())
		if err != nil {
			t.Errorf("%s: %v", v.Src, err)
			continue
		}
		if got.Status != authy.StatusApproved || got.UUID == "" || got.AuthyID == 0 {
			t.Errorf("%s: got %+v", v.Src, got)
		}
		if v.Method != http.MethodPost {
			continue
		}
		if sig, err := authy.SignCallback(v.Key, v.Method, v.URL, v.Nonce, []byte(v.Body)); sig != v.Sig || err != nil {
			t.Errorf("%s: signed %s, %v; want %s", v.Src, sig, err, v.Sig)
		}
	}
}
