package authy

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
)

// CallbackRequest is a callback as it came: nothing decoded, nothing trusted.
type CallbackRequest struct {
	Method    string // POST or GET
	RawQuery  string // of a GET, without the question mark
	Body      []byte // of a POST
	Signature string // X-Authy-Signature
	Nonce     string // X-Authy-Signature-Nonce
}

// Callback is the answer of a phone.
type Callback struct {
	AuthyID int64  // of the user who has answered
	UUID    string // of the request
	Status  Status // approved or denied
	Action  string // approval_request_status
	// HiddenDetails are those of the request, empty if it had none. They are
	// signed too, but by the same key for all requests: use them to find a
	// request, and its user to judge it.
	HiddenDetails map[string]string
	// Ping is the test that the dashboard sends when a callback URL is saved:
	// it has the user 1234, who does not exist, and names no request.
	Ping bool
}

// VerifyCallback checks the signature with the application's key over the
// configured URL (scheme://host[:port]/path, the public one) and reads the
// answer. It takes nothing from the request but method, query, body and the
// two headers; a GET has to be signed like a POST. Whether the answer is fresh
// and fits a request that is waiting is for the caller to see.
//
// It returns ErrBadSignature, or ErrBadCallback for a message that is signed
// but unusable.
//
// The wire: base64 of HMAC-SHA256 over "nonce|method|URL|parameters", the
// parameters as Ruby on Rails writes them in a query
// (https://www.twilio.com/docs/authy/api/push-authentications); in a GET they
// are the query.
func VerifyCallback(apiKey, callbackURL string, r CallbackRequest) (Callback, error) {
	switch r.Method {
	case http.MethodPost:
		return verifyPost(apiKey, callbackURL, r)
	case http.MethodGet:
		return verifyGet(apiKey, callbackURL, r)
	default:
		return Callback{}, fmt.Errorf("%w: method %q", ErrBadSignature, short(r.Method))
	}
}

func verifyPost(apiKey, callbackURL string, r CallbackRequest) (Callback, error) {
	message, err := parse(r.Body)
	if err != nil {
		// What can be read in two ways has no canonical string to be signed.
		return Callback{}, fmt.Errorf("%w: body: %w", ErrBadSignature, err)
	}
	if !signed(apiKey, callbackURL, r, canonicals(message)) {
		return Callback{}, ErrBadSignature
	}
	return answerOf(message)
}

// SignCallback signs a message as the service does, and as VerifyCallback
// accepts it. method is POST or GET; body is the JSON object of a POST, also
// for a GET, whose query CallbackQuery makes of it. ErrBadCallback for what
// cannot be signed.
func SignCallback(apiKey, method, callbackURL, nonce string, body []byte) (signature string, err error) {
	message, err := parse(body)
	switch {
	case err != nil:
		return "", fmt.Errorf("%w: %w", ErrBadCallback, err)
	case method != http.MethodPost && method != http.MethodGet:
		return "", fmt.Errorf("%w: method %q", ErrBadCallback, short(method))
	case apiKey == "" || !isNonce(nonce):
		return "", fmt.Errorf("%w: key or nonce", ErrBadCallback)
	}
	return base64.StdEncoding.EncodeToString(mac(apiKey, nonce, method, callbackURL, style{}.canonical(message))), nil
}

// CallbackQuery is the JSON object of a callback as the query of a GET,
// without the question mark. ErrBadCallback if body is no such object.
func CallbackQuery(body []byte) (rawQuery string, err error) {
	message, err := parse(body)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrBadCallback, err)
	}
	return style{}.canonical(message), nil
}

func mac(apiKey, nonce, method, callbackURL, params string) []byte {
	h := hmac.New(sha256.New, []byte(apiKey))
	h.Write([]byte(nonce + "|" + method + "|" + callbackURL + "|" + params))
	return h.Sum(nil)
}

// signed says whether the signature is that of one of the renderings. Bytes
// are compared, in constant time; text is not, since base64 can be written in
// more than one way.
func signed(apiKey, callbackURL string, r CallbackRequest, renderings []string) bool {
	if apiKey == "" || !isNonce(r.Nonce) || len(r.Signature) != base64.StdEncoding.EncodedLen(sha256.Size) {
		return false
	}
	given, err := base64.StdEncoding.Strict().DecodeString(r.Signature)
	if err != nil {
		return false
	}
	ok := false
	for _, params := range renderings {
		ok = hmac.Equal(given, mac(apiKey, r.Nonce, r.Method, callbackURL, params)) || ok
	}
	return ok
}

// isNonce accepts printable ASCII without blanks. The nonce is opaque; all
// recorded ones are unix seconds. A bar would shift the fields of what is
// signed.
func isNonce(nonce string) bool {
	for _, c := range []byte(nonce) {
		if c <= ' ' || c > '~' || c == '|' {
			return false
		}
	}
	return nonce != "" && len(nonce) <= 128
}
