package authy

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// envelope holds the members that every reply of the API has.
type envelope struct {
	Success   *flag           `json:"success"` // nil: the reply does not say
	Message   string          `json:"message"`
	ErrorCode json.RawMessage `json:"error_code"` // a string of five digits; a number is accepted too
	Errors    json.RawMessage `json:"errors"`
}

// flag is a boolean that recorded replies of verify contain as the string "true".
type flag bool

func (f *flag) UnmarshalJSON(b []byte) error {
	*f = string(b) == "true" || string(b) == `"true"`
	return nil
}

// decode decodes a reply. Only status 200 with success in the body is a success.
// The Content-Type is ignored, because the service labels some JSON errors as HTML.
func (c *Client) decode(op string, res *http.Response, body []byte, reply any) error {
	var e envelope
	known := json.Unmarshal(body, &e) == nil
	if res.StatusCode == http.StatusOK && known && e.succeeds() {
		if err := json.Unmarshal(body, reply); err != nil {
			return noReply(op, errors.New("the reply does not have the documented shape"))
		}
		return nil
	}
	refusal := c.refusal(op, res, e)
	if isRefusal(res.StatusCode, known, e, refusal) {
		return refusal
	}
	why := &unreadable{res.StatusCode, refusal.RetryAfter}
	if mayBeDone(res.StatusCode) {
		return noReply(op, why)
	}
	return unavailable(op, why)
}

func (e envelope) succeeds() bool { return e.Success != nil && bool(*e.Success) }

// isRefusal distinguishes an error of the provider from one of a proxy in between.
// A 429 needs no body, and the provider may refuse with status 200. Where a proxy
// may have passed the call on, JSON counts only if it says what the provider says:
// proxies have errors in JSON of their own.
func isRefusal(status int, known bool, e envelope, refusal *Error) bool {
	explained := refusal.Code != 0 || len(refusal.Fields) > 0
	switch {
	case status == http.StatusTooManyRequests:
		return true
	case status == http.StatusOK:
		return known && explained
	case mayBeDone(status):
		return known && status >= 400 && !e.succeeds() && (explained || e.Success != nil)
	default:
		return known && status >= 400
	}
}

// mayBeDone says whether a call may have been carried out although its reply, of
// this status, cannot be read: a proxy that has passed a call on answers so when the
// provider's reply is late, broken or lost.
func mayBeDone(status int) bool {
	return status/100 == 2 || status/100 == 5 || status == http.StatusRequestTimeout
}

func (c *Client) refusal(op string, res *http.Response, e envelope) *Error {
	code, _ := strconv.Atoi(strings.Trim(string(e.ErrorCode), `"`)) // 0: none
	texts := c.fields(e.Errors)
	message := c.clean(e.Message)
	if message == "" {
		message = texts["message"]
	}
	delete(texts, "message")
	return &Error{
		Op: op, Code: code, HTTPStatus: res.StatusCode, Message: message,
		Fields: texts, RetryAfter: retryAfter(res.Header),
	}
}

// fields decodes "errors", an object of strings that may be empty or absent.
func (c *Client) fields(raw json.RawMessage) map[string]string {
	var all map[string]any
	if json.Unmarshal(raw, &all) != nil {
		return nil
	}
	texts := map[string]string{}
	for name, value := range all {
		if s, ok := value.(string); ok {
			texts[c.clean(name)] = c.clean(s)
		}
	}
	return texts
}

// maxRetryAfter limits how long a reply's header can make a caller wait.
const maxRetryAfter = 24 * time.Hour

// retryAfter reads the Retry-After header, seconds or a date. A date is compared
// with the Date header of the same reply, so the local clock does not matter. 0
// means that the header is missing or invalid.
func retryAfter(h http.Header) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}
	at, err1 := http.ParseTime(text)
	now, err2 := http.ParseTime(h.Get("Date"))
	if err1 != nil || err2 != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), maxRetryAfter)
}
