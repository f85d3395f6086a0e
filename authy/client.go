// Package authy speaks the Authy wire: the calls an application makes, and the
// signed callback it receives.
//
// Owns: the shapes of requests and replies, the error codes, and the signature
// of callbacks in both directions.
//
// Promises: a call ends within five seconds, reads at most 1 MiB, follows no
// redirect, and is not repeated where a repeat would ring a phone twice or
// spend a code. What the provider says is read strictly: anything but a clear
// yes is an error. A callback is believed only if it is signed over the
// configured URL, and its answer is read from typed fields that are there
// exactly once.
//
// Never: puts the key into a URL, an error or a log; knows HTTP frameworks,
// users or sessions; remembers anything between two calls, so that freshness
// of callbacks and replays are the caller's.
package authy

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	callTimeout = 5 * time.Second
	replyLimit  = 1 << 20
	headerLimit = 64 << 10
)

// Client calls the Authy API of one application. NewClient makes one; it is
// safe for concurrent use. The fields may be changed before the first call.
type Client struct {
	BaseURL string        // scheme://host[:port], without a slash at the end
	Timeout time.Duration // of a call in total, reading included; 0 is 5 s
	// Transport does the requests; nil is net/http's with the proxy of the
	// environment. A transport of your own may repeat a GET on a connection
	// that has died in the meantime, also one that sends a code: the client
	// cannot keep it from that.
	Transport http.RoundTripper
	// Observe, if set, is told of every call: its name, how long it took, and
	// how it ended. It must be safe for concurrent use and return soon.
	Observe func(call string, d time.Duration, err error)

	// key is a function so that no print of a client can show it.
	key         func() string
	kept, fresh http.RoundTripper
}

// NewClient makes a client for the API at baseURL, such as
// https://api.authy.com, with the application's key.
func NewClient(baseURL, apiKey string) *Client {
	return &Client{
		BaseURL: strings.TrimSuffix(baseURL, "/"), Timeout: callTimeout,
		key:  func() string { return apiKey },
		kept: transport(false), fresh: transport(true),
	}
}

func transport(once bool) http.RoundTripper {
	t := &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}
	if std, ok := http.DefaultTransport.(*http.Transport); ok {
		t = std.Clone()
	}
	t.MaxResponseHeaderBytes = headerLimit
	t.DisableKeepAlives = once
	return t
}

// call is one request to the API.
type call struct {
	op     string
	method string
	path   string
	params form // the query of a GET, the body of a POST
	once   bool // a GET that does something
}

// do makes a call and decodes the reply into reply.
func (c *Client) do(ctx context.Context, call call, reply any) error {
	timeout := c.Timeout
	if timeout <= 0 {
		timeout = callTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
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
		return c.lost(call.op, err)
	}
	client := &http.Client{
		Transport:     c.transport(call),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	res, err := client.Do(req)
	if err != nil {
		return c.lost(call.op, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, replyLimit+1))
	switch {
	case err != nil:
		return c.lost(call.op, err)
	case len(body) > replyLimit:
		return unavailable(call.op, errors.New("the reply is too large"))
	}
	return c.judge(call.op, res, body, reply)
}

// transport keeps connections for what only asks. When a kept connection turns
// out to be dead, net/http repeats a GET by itself and gives a POST up: a code
// must not be sent or checked twice, and a request to a phone not fail for
// that, so these get new connections.
func (c *Client) transport(call call) http.RoundTripper {
	switch {
	case c.Transport != nil:
		return c.Transport
	case call.once, call.method != http.MethodGet:
		return c.fresh
	default:
		return c.kept
	}
}

func (c *Client) request(ctx context.Context, call call) (*http.Request, error) {
	address, body := c.BaseURL+call.path, io.Reader(nil)
	if call.method == http.MethodPost {
		body = strings.NewReader(call.params.encode(url.QueryEscape))
	} else if len(call.params) > 0 {
		address += "?" + call.params.encode(url.QueryEscape)
	}
	req, err := http.NewRequestWithContext(ctx, call.method, address, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("X-Authy-API-Key", c.key())
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "Nod/1 (Go)")
	if body != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return req, nil
}

// lost explains a call that was not answered. Of the cause only the words are
// kept, without the key: the cause itself may hold the URL or bytes of a reply
// that repeats what it was sent. Whether the time was over can be asked with
// errors.Is.
func (c *Client) lost(op string, err error) error {
	for _, known := range []error{context.DeadlineExceeded, context.Canceled} {
		if errors.Is(err, known) {
			return unavailable(op, known)
		}
	}
	if inURL, ok := errors.AsType[*url.Error](err); ok {
		err = inURL.Err
	}
	return unavailable(op, errors.New(c.clean(err.Error())))
}

// longestText is what an error keeps of the words of others.
const longestText = 300

// clean takes the key out of what others have written, and bounds it.
func (c *Client) clean(s string) string {
	if key := c.key(); key != "" {
		s = strings.ReplaceAll(s, key, "[key]")
	}
	if runes := []rune(s); len(runes) > longestText {
		s = string(runes[:longestText]) + "…"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
