package authy

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
)

// CallbackRequest is a callback as received: not decoded and not trusted.
type CallbackRequest struct {
	Method    string // POST or GET
	RawQuery  string // of a GET, without the question mark
	Body      []byte // of a POST
	Signature string // header X-Authy-Signature
	Nonce     string // header X-Authy-Signature-Nonce
}

// Callback is a user's answer to an approval request.
type Callback struct {
	AuthyID int64  // the user who answered
	UUID    string // the approval request
	Status  Status // StatusApproved or StatusDenied
	Action  string // callback_action: always approval_request_status
	// HiddenDetails are those of the request, empty if it had none. They are
	// signed, but with the same key for all requests: use them to find a request,
	// then check that UUID and AuthyID belong to it.
	HiddenDetails map[string]string
	// Ping marks the test callback that the dashboard sends when a callback URL is
	// saved. It has the user id 1234, which does not exist, and no request id.
	Ping bool
}

// VerifyCallback checks a callback's signature with the application's API key and
// the configured public URL (scheme://host[:port]/path), and decodes it. A GET must
// be signed just as a POST. The caller has to check that the callback is fresh and
// belongs to a pending request.
//
// Errors: ErrBadSignature; ErrBadCallback if the signature is valid but the message
// is unusable.
//
// The signature is the base64 of HMAC-SHA256 over "nonce|method|URL|parameters",
// with the parameters encoded as Ruby on Rails encodes a query; for a GET they are
// the query. Source: the vendor's documentation
// (https://www.twilio.com/docs/authy/api/push-authentications) and the vectors in
// testdata.
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
		// An ambiguous body has no canonical string that could be signed.
		return Callback{}, fmt.Errorf("%w: body: %w", ErrBadSignature, err)
	}
	if !signed(apiKey, callbackURL, r, canonicals(message)) {
		return Callback{}, ErrBadSignature
	}
	return callbackFromJSON(message)
}

// SignCallback signs a callback as the service does. method is POST or GET; body is
// the JSON object, also for a GET, whose query is CallbackQuery of the same body.
// Errors: ErrBadCallback.
func SignCallback(apiKey, method, callbackURL, nonce string, body []byte) (signature string, err error) {
	message, err := parse(body)
	switch {
	case err != nil:
		return "", fmt.Errorf("%w: %w", ErrBadCallback, err)
	case method != http.MethodPost && method != http.MethodGet:
		return "", fmt.Errorf("%w: method %q", ErrBadCallback, short(method))
	case apiKey == "" || !isNonce(nonce):
		return "", fmt.Errorf("%w: empty key or invalid nonce", ErrBadCallback)
	}
	return base64.StdEncoding.EncodeToString(mac(apiKey, nonce, method, callbackURL, style{}.canonical(message))), nil
}

// CallbackQuery encodes the JSON object of a callback as the query of a GET,
// without the question mark. Errors: ErrBadCallback.
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

// signed reports whether the signature matches one of the renderings. It compares
// decoded bytes, in constant time, because base64 has more than one spelling.
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

// isNonce accepts up to 128 characters of printable ASCII without spaces. The nonce
// is opaque; the recorded ones are Unix seconds. A "|" would shift the fields of the
// signed string.
func isNonce(nonce string) bool {
	for _, c := range []byte(nonce) {
		if c <= ' ' || c > '~' || c == '|' {
			return false
		}
	}
	return nonce != "" && len(nonce) <= 128
}
