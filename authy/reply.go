package authy

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// envelope is what every reply of the API has around its data.
type envelope struct {
	Success   flag            `json:"success"`
	Message   string          `json:"message"`
	ErrorCode json.RawMessage `json:"error_code"` // a string of five digits; a number is taken too
	Errors    json.RawMessage `json:"errors"`
}

// flag is a boolean that a successful verify writes as the string "true".
type flag bool

func (f *flag) UnmarshalJSON(b []byte) error {
	*f = string(b) == "true" || string(b) == `"true"`
	return nil
}

// judge reads a reply. Only status 200 with a body that says success is a
// success. The Content-Type is not looked at: the service labels some JSON
// errors as HTML.
func (c *Client) judge(op string, res *http.Response, body []byte, reply any) error {
	var e envelope
	known := json.Unmarshal(body, &e) == nil
	if res.StatusCode == http.StatusOK && known && bool(e.Success) {
		if err := json.Unmarshal(body, reply); err != nil {
			return unavailable(op, errors.New("the reply has another shape than documented"))
		}
		return nil
	}
	refusal := c.refusal(op, res, e)
	if isRefusal(res.StatusCode, known, refusal) {
		return refusal
	}
	return unavailable(op, fmt.Errorf("HTTP status %d without a usable reply", res.StatusCode))
}

// isRefusal tells an answer of the provider from one of something in between.
// A 429 needs no words, and a refusal may come with status 200.
func isRefusal(status int, known bool, e *Error) bool {
	switch {
	case status == http.StatusTooManyRequests:
		return true
	case status == http.StatusOK:
		return known && (e.Code != 0 || len(e.Fields) > 0)
	default:
		return known && status >= 400
	}
}

func (c *Client) refusal(op string, res *http.Response, e envelope) *Error {
	code, _ := strconv.Atoi(strings.Trim(string(e.ErrorCode), `"`)) // 0: none
	words := c.fields(e.Errors)
	message := c.clean(e.Message)
	if message == "" {
		message = words["message"]
	}
	delete(words, "message")
	return &Error{
		Op: op, Code: code, HTTPStatus: res.StatusCode, Message: message,
		Fields: words, RetryAfter: retryAfter(res.Header),
	}
}

// fields reads "errors", an object of strings that may be empty or absent.
func (c *Client) fields(raw json.RawMessage) map[string]string {
	var all map[string]any
	if json.Unmarshal(raw, &all) != nil {
		return nil
	}
	words := map[string]string{}
	for name, value := range all {
		if s, ok := value.(string); ok {
			words[c.clean(name)] = c.clean(s)
		}
	}
	return words
}

// longestRetry bounds what a header can make a caller wait.
const longestRetry = 24 * time.Hour

// retryAfter reads seconds or a date. A date is compared with the Date of the
// same reply, so that the clock here does not matter. 0: not said.
func retryAfter(h http.Header) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return min(time.Duration(seconds)*time.Second, longestRetry)
	}
	at, err1 := http.ParseTime(text)
	now, err2 := http.ParseTime(h.Get("Date"))
	if err1 != nil || err2 != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), longestRetry)
}
