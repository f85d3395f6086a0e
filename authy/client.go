// Package authy speaks the Authy wire: the calls an application makes, and the
// signed callback it receives.
//
// Owns: the shapes of requests and replies, the error codes, and the signature
// of callbacks in both directions.
// Promises: a call ends within five seconds, reads at most 1 MiB, follows no
// redirect and is never repeated by itself: repeating a request may ring a
// phone twice. What the provider says is read strictly: anything but a clear
// yes is an error.
// Never: puts the key into a URL, an error or a log; knows HTTP frameworks,
// users or sessions.
package authy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	callTimeout = 5 * time.Second
	replyLimit  = 1 << 20
)

// Client calls the Authy API of one application. It is safe for concurrent
// use. The fields may be changed before the first call.
type Client struct {
	BaseURL string        // without a slash at the end
	Timeout time.Duration // of a call in total
	// Transport does the requests; nil is http.DefaultTransport.
	Transport http.RoundTripper
	// Observe, if set, is told of every call: its name, how long it took, and
	// how it ended.
	Observe func(call string, d time.Duration, err error)

	key string
}

// NewClient makes a client for the API at baseURL, such as
// https://api.authy.com, with the application's key.
func NewClient(baseURL, apiKey string) *Client {
	return &Client{BaseURL: strings.TrimSuffix(baseURL, "/"), Timeout: callTimeout, key: apiKey}
}

// call is one request to the API.
type call struct {
	op     string
	method string
	path   string
	params url.Values // the query of a GET, the form of a POST
}

// do makes a call and decodes the reply into reply. Only status 200 with a
// body that says success is a success.
func (c *Client) do(ctx context.Context, call call, reply any) error {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	start := time.Now()
	err := c.exchange(ctx, call, reply)
	if c.Observe != nil {
		c.Observe(call.op, time.Since(start), err)
	}
	return err
}

func (c *Client) exchange(ctx context.Context, call call, reply any) error {
	req, err := c.request(ctx, call)
	if err != nil {
		return err
	}
	client := &http.Client{
		Transport:     c.Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	res, err := client.Do(req)
	if err != nil {
		return unavailable(call.op, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, replyLimit+1))
	switch {
	case err != nil:
		return unavailable(call.op, err)
	case len(body) > replyLimit:
		return unavailable(call.op, errors.New("the reply is too large"))
	}
	return read(call.op, res, body, reply)
}

func (c *Client) request(ctx context.Context, call call) (*http.Request, error) {
	address, body := c.BaseURL+call.path, io.Reader(nil)
	if call.method == http.MethodPost {
		body = strings.NewReader(call.params.Encode())
	} else if len(call.params) > 0 {
		address += "?" + call.params.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, call.method, address, body)
	if err != nil {
		return nil, unavailable(call.op, err)
	}
	req.Header.Set("X-Authy-API-Key", c.key)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "Nod/1 (Go)")
	if body != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return req, nil
}

// read judges a reply. Its Content-Type is not looked at: the service labels
// some JSON errors as HTML.
func read(op string, res *http.Response, body []byte, reply any) error {
	var envelope struct {
		Success   flag            `json:"success"`
		Message   string          `json:"message"`
		ErrorCode json.RawMessage `json:"error_code"`
		Errors    json.RawMessage `json:"errors"`
	}
	known := json.Unmarshal(body, &envelope) == nil
	if res.StatusCode == http.StatusOK && known && bool(envelope.Success) {
		if err := json.Unmarshal(body, reply); err != nil {
			return unavailable(op, errors.New("the reply has another shape than documented"))
		}
		return nil
	}
	code, _ := strconv.Atoi(strings.Trim(string(envelope.ErrorCode), `"`))
	if res.StatusCode == http.StatusOK || (!known && res.StatusCode != http.StatusTooManyRequests) {
		return unavailable(op, fmt.Errorf("status %d without a usable reply", res.StatusCode))
	}
	return &Error{
		Op: op, Code: code, HTTPStatus: res.StatusCode, Message: envelope.Message,
		Fields: fields(envelope.Errors), RetryAfter: retryAfter(res.Header.Get("Retry-After")),
	}
}

// flag is a boolean that verify writes as the string "true".
type flag bool

func (f *flag) UnmarshalJSON(b []byte) error {
	*f = string(b) == "true" || string(b) == `"true"`
	return nil
}

func fields(raw json.RawMessage) map[string]string {
	all := map[string]string{}
	if json.Unmarshal(raw, &all) != nil {
		return nil
	}
	delete(all, "message")
	return all
}

func retryAfter(header string) time.Duration {
	seconds, err := strconv.Atoi(header)
	if err != nil || seconds < 0 || seconds > 86400 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}
