package providers_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"nod/authy"
	"nod/providers"
	"nod/signin"
)

// A callback that was signed long ago is a replay, and one from the future is
// kept for later.
func TestACallbackCountsForFifteenMinutes(t *testing.T) {
	now := time.Date(2026, time.November, 24, 19, 0, 0, 0, time.UTC)
	provider := &providers.Authy{APIKey: testKey, CallbackURL: callbackURL, Now: func() time.Time { return now }}
	body := []byte(`{"authy_id": 1001, "uuid": "0123abcd-0000-0000-0000-000000000000", "status": "approved", "callback_action": "approval_request_status"}`)
	for _, test := range []struct {
		age   time.Duration
		taken bool
	}{
		{0, true},
		{14 * time.Minute, true},
		{15 * time.Minute, true},
		{16 * time.Minute, false},
		{40 * time.Minute, false},
		{-14 * time.Minute, true},
		{-16 * time.Minute, false},
	} {
		nonce := fmt.Sprint(now.Add(-test.age).Unix())
		signature, err := authy.SignCallback(testKey, http.MethodPost, callbackURL, nonce, body)
		must(t, err)
		header := http.Header{}
		header.Set("X-Authy-Signature", signature)
		header.Set("X-Authy-Signature-Nonce", nonce)
		answer, err := provider.Callback(http.MethodPost, "", header, body)
		switch {
		case test.taken && (err != nil || answer.Status != "approved"):
			t.Errorf("signed %v ago: got %+v, %v, want it taken", test.age, answer, err)
		case !test.taken && !errors.Is(err, signin.ErrForged):
			t.Errorf("signed %v ago: got %v, want it refused as forged", test.age, err)
		}
	}
}
