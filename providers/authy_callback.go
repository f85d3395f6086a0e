package providers

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"nod/authy"
	"nod/signin"
	"nod/store"
)

// NonceAge is how far a nonce that reads as a time may be from now. An answer
// belongs to a request of at most ten minutes; older ones are replays.
const NonceAge = 15 * time.Minute

// Callback verifies a callback as it came, nothing decoded, and returns its
// answer. signin.ErrForged for one that Authy did not sign, or long ago; any
// other error for one that is signed and cannot be used. The text of an ErrForged
// says now and then what would mend it.
func (a *Authy) Callback(method, rawQuery string, header http.Header, body []byte) (signin.Answer, error) {
	answer, err := a.verify(method, rawQuery, header, body)
	if errors.Is(err, signin.ErrForged) && a.diagnoses.take(a.now()) {
		doctor := Doctor{APIKey: a.APIKey, CallbackURL: a.CallbackURL}
		why := doctor.Why(Received{Method: method, RawQuery: rawQuery, Header: header, Body: body}, err, a.now())
		err = fmt.Errorf("%w: %s", err, why)
	}
	return answer, err
}

func (a *Authy) verify(method, rawQuery string, header http.Header, body []byte) (signin.Answer, error) {
	signature, nonce := only(header, "X-Authy-Signature"), only(header, "X-Authy-Signature-Nonce")
	switch {
	case signature == "" || nonce == "":
		return signin.Answer{}, signin.ErrUnsigned
	case a.staleNonce(nonce):
		return signin.Answer{}, signin.ErrStaleNonce
	}
	answer, err := authy.VerifyCallback(a.APIKey, a.CallbackURL, authy.CallbackRequest{
		Method: method, RawQuery: rawQuery, Body: body, Signature: signature, Nonce: nonce,
	})
	if errors.Is(err, authy.ErrBadSignature) {
		// Both say the same; what follows in theirs is the detail.
		return signin.Answer{}, fmt.Errorf("%w%s", signin.ErrForged, strings.TrimPrefix(err.Error(), authy.ErrBadSignature.Error()))
	}
	return signin.Answer{
		RequestID: answer.UUID, ApprovalID: answer.HiddenDetails[hiddenID], Handle: strconv.FormatInt(answer.AuthyID, 10),
		Status: store.ApprovalStatus(answer.Status), Ping: answer.Ping,
	}, err
}

// only reads a header that must be there exactly once.
func only(header http.Header, name string) string {
	const maxLength = 256
	values := header.Values(name)
	if len(values) != 1 || len(values[0]) > maxLength {
		return ""
	}
	return values[0]
}

// staleNonce judges nonces that read as unix seconds, as all recorded ones do;
// the wire promises nothing about others.
func (a *Authy) staleNonce(nonce string) bool {
	at, err := strconv.ParseFloat(nonce, 64)
	if err != nil {
		return false
	}
	age := float64(a.now().UnixMilli())/1000 - at
	return age > NonceAge.Seconds() || age < -NonceAge.Seconds()
}
