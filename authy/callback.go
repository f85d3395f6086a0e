package authy

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
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
	AuthyID       int64
	UUID          string // of the request
	Status        Status // approved or denied
	Action        string // approval_request_status
	HiddenDetails map[string]string
	// Ping is the test that the dashboard sends when the URL is saved: it has
	// the user 1234 and no request.
	Ping bool
}

// pingUser is the user of the dashboard's test callback.
const pingUser = 1234

// action is the only callback there is.
const action = "approval_request_status"

// VerifyCallback checks the signature with the application's key over the
// configured URL and reads the answer. Nothing of the request but method,
// query and body enters. ErrBadSignature, or ErrBadCallback for a signed
// message that cannot be used.
//
// The wire: HMAC-SHA256 over "nonce|method|URL|canonical parameters", base64
// (https://www.twilio.com/docs/authy/api/push-authentications).
func VerifyCallback(apiKey, callbackURL string, r CallbackRequest) (Callback, error) {
	switch r.Method {
	case http.MethodPost:
		return verifyPost(apiKey, callbackURL, r)
	case http.MethodGet:
		return verifyGet(apiKey, callbackURL, r)
	default:
		return Callback{}, fmt.Errorf("%w: method %q", ErrBadSignature, r.Method)
	}
}

func verifyPost(apiKey, callbackURL string, r CallbackRequest) (Callback, error) {
	message, err := parse(r.Body)
	if err != nil {
		// What cannot be read cannot be signed.
		return Callback{}, fmt.Errorf("%w: body: %w", ErrBadSignature, err)
	}
	if !signed(apiKey, callbackURL, r, canonical(message)) {
		return Callback{}, ErrBadSignature
	}
	return answer(message)
}

// verifyGet takes the query as it came first, since names and values arrive
// canonical; then rebuilt, for a proxy that has reordered or re-encoded it.
func verifyGet(apiKey, callbackURL string, r CallbackRequest) (Callback, error) {
	if len(r.RawQuery) > maxBody {
		return Callback{}, fmt.Errorf("%w: query too large", ErrBadSignature)
	}
	pairs, err := pairsOf(r.RawQuery)
	if err != nil {
		return Callback{}, fmt.Errorf("%w: query: %w", ErrBadSignature, err)
	}
	if !signed(apiKey, callbackURL, r, r.RawQuery) && !signed(apiKey, callbackURL, r, rebuilt(pairs)) {
		return Callback{}, ErrBadSignature
	}
	return answerOfPairs(pairs)
}

// SignCallback signs a message as the service does. body is the JSON object of
// a POST; for a GET it is the same, and CallbackQuery makes the query of it.
func SignCallback(apiKey, method, callbackURL, nonce string, body []byte) (signature string, err error) {
	message, err := parse(body)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrBadCallback, err)
	}
	return base64.StdEncoding.EncodeToString(mac(apiKey, nonce, method, callbackURL, canonical(message))), nil
}

// CallbackQuery is a message as the query of a GET callback.
func CallbackQuery(body []byte) (rawQuery string, err error) {
	message, err := parse(body)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrBadCallback, err)
	}
	return canonical(message), nil
}

func mac(apiKey, nonce, method, callbackURL, params string) []byte {
	h := hmac.New(sha256.New, []byte(apiKey))
	h.Write([]byte(nonce + "|" + method + "|" + callbackURL + "|" + params))
	return h.Sum(nil)
}

// signed compares in constant time. Ruby before 2.5 escaped the tilde, and
// which one the service runs is not known: both are tried.
func signed(apiKey, callbackURL string, r CallbackRequest, params string) bool {
	given, err := base64.StdEncoding.Strict().DecodeString(r.Signature)
	if apiKey == "" || r.Nonce == "" || err != nil || len(r.Signature) != base64.StdEncoding.EncodedLen(sha256.Size) {
		return false
	}
	ok := hmac.Equal(given, mac(apiKey, r.Nonce, r.Method, callbackURL, params))
	if strings.Contains(params, "~") {
		old := strings.ReplaceAll(params, "~", "%7E")
		ok = hmac.Equal(given, mac(apiKey, r.Nonce, r.Method, callbackURL, old)) || ok
	}
	return ok
}

// answer reads the decision from the fields at the top, each of its one type.
func answer(message value) (Callback, error) {
	id, _ := message.get("authy_id")
	uuid, _ := message.get("uuid")
	status, _ := message.get("status")
	act, _ := message.get("callback_action")
	for _, field := range []value{uuid, status, act} {
		if field.kind != text && field.kind != null {
			return Callback{}, fmt.Errorf("%w: uuid, status and callback_action must be strings", ErrBadCallback)
		}
	}
	if id.kind != number {
		return Callback{}, fmt.Errorf("%w: authy_id must be a number", ErrBadCallback)
	}
	hidden, err := hiddenDetails(message)
	if err != nil {
		return Callback{}, err
	}
	return checked(id.text, uuid.text, status.text, act.text, hidden)
}

func hiddenDetails(message value) (map[string]string, error) {
	request, _ := message.get("approval_request")
	transaction, _ := request.get("transaction")
	hidden, _ := transaction.get("hidden_details")
	if hidden.kind != object && hidden.kind != null {
		return nil, fmt.Errorf("%w: hidden_details must be an object", ErrBadCallback)
	}
	details := map[string]string{}
	for _, m := range hidden.members {
		if m.value.kind == text {
			details[m.name] = m.value.text
		}
	}
	return details, nil
}

func checked(id, uuid, status, act string, hidden map[string]string) (Callback, error) {
	authyID, err := strconv.ParseInt(id, 10, 64)
	if err != nil || authyID <= 0 {
		return Callback{}, fmt.Errorf("%w: authy_id %q", ErrBadCallback, id)
	}
	c := Callback{AuthyID: authyID, UUID: uuid, Status: Status(status), Action: act, HiddenDetails: hidden}
	if authyID == pingUser && uuid == "" {
		c.Ping = true
		return c, nil
	}
	switch {
	case act != action:
		return Callback{}, fmt.Errorf("%w: callback_action %q", ErrBadCallback, act)
	case uuid == "" || len(uuid) > 64:
		return Callback{}, fmt.Errorf("%w: uuid", ErrBadCallback)
	case c.Status != StatusApproved && c.Status != StatusDenied:
		return Callback{}, fmt.Errorf("%w: status %q", ErrBadCallback, status)
	}
	return c, nil
}

// pair is a name and a value of a query, in their order.
type pair struct{ name, value string }

func pairsOf(rawQuery string) ([]pair, error) {
	var pairs []pair
	for part := range strings.SplitSeq(rawQuery, "&") {
		if part == "" {
			continue
		}
		name, val, _ := strings.Cut(part, "=")
		n, err := url.QueryUnescape(name)
		if err != nil {
			return nil, errors.New("bad encoding")
		}
		v, err := url.QueryUnescape(val)
		if err != nil {
			return nil, errors.New("bad encoding")
		}
		if pairs = append(pairs, pair{n, v}); len(pairs) > maxMembers {
			return nil, errors.New("too many members")
		}
	}
	return pairs, nil
}

// rebuilt sorts by name and keeps the order of equal names: that of an array.
func rebuilt(pairs []pair) string {
	encoded := make([]pair, 0, len(pairs))
	for _, p := range pairs {
		encoded = append(encoded, pair{url.QueryEscape(p.name), url.QueryEscape(p.value)})
	}
	slices.SortStableFunc(encoded, func(a, b pair) int { return strings.Compare(a.name+"=", b.name+"=") })
	parts := make([]string, 0, len(encoded))
	for _, p := range encoded {
		parts = append(parts, p.name+"="+p.value)
	}
	return strings.Join(parts, "&")
}

const hiddenPrefix = "approval_request[transaction][hidden_details]["

// answerOfPairs reads the decision; a field it reads must be there once.
func answerOfPairs(pairs []pair) (Callback, error) {
	seen, hidden := map[string]string{}, map[string]string{}
	for _, p := range pairs {
		if err := lookAlike(p.name); err != nil {
			return Callback{}, fmt.Errorf("%w: %w", ErrBadCallback, err)
		}
		_, double := seen[p.name]
		key, isHidden := strings.CutPrefix(p.name, hiddenPrefix)
		if double && (isHidden || slices.Contains(decisive, p.name)) {
			return Callback{}, fmt.Errorf("%w: %s twice", ErrBadCallback, p.name)
		}
		seen[p.name] = p.value
		if isHidden && strings.HasSuffix(key, "]") {
			hidden[strings.TrimSuffix(key, "]")] = p.value
		}
	}
	return checked(seen["authy_id"], seen["uuid"], seen["status"], seen["callback_action"], hidden)
}
