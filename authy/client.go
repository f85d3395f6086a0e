// Package authy is a client for the Authy API of Twilio and verifies the signed
// callbacks that the service sends.
//
// Owns: the shapes of requests and replies, the error codes, and signing and
// verifying callbacks.
//
// Promises: a call ends within five seconds unless the caller sets another
// timeout, reads at most 1 MiB of the reply's body, follows no redirect, and,
// over the client's own transports, is not retried where a retry could send a
// second push or SMS or use up a code. Replies are read strictly: anything but a
// clear success is an error. A callback is accepted only if it is signed over the
// configured URL, and every field that is read occurs exactly once and has the
// expected type.
//
// Never: puts the key into a URL, an error or a log; depends on an HTTP framework
// or knows sessions; stores anything about users or callbacks, so checking
// freshness and replays is up to the caller.
//
// The wire format is taken from the vendor's documentation
// (https://www.twilio.com/docs/authy/api), from replies recorded in the tests of
// public clients, and from the signed callbacks in testdata, whose README says
// where each comes from.
package authy

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

const (
	defaultTimeout = 5 * time.Second
	maxReply       = 1 << 20  // bytes
	maxHeader      = 64 << 10 // bytes
)

// Client calls the Authy API for one application. Create it with NewClient. It is
// safe for concurrent use; its fields may be changed before the first call only.
type Client struct {
	BaseURL string        // scheme://host[:port], without a trailing slash
	Timeout time.Duration // for a whole call, including reading the reply; 0 = 5 s
	// Transport sends the requests; nil means net/http's, with the proxy from the
	// environment. Another transport may retry a GET whose connection turns out
	// to be dead, even one that sends a code; the client cannot prevent that.
	Transport http.RoundTripper
	// Observe, if set, is called after every call with its name, duration and
	// error. It must be safe for concurrent use and return quickly.
	Observe func(call string, d time.Duration, err error)
	// Trace, if set, is called before every call with its name, and what it returns
	// after it. It must be safe for concurrent use and return quickly.
	Trace func(ctx context.Context, call string) (end func(err error))
	// Wrap, if set, takes the place of each new connection of the client's own
	// transports, beneath TLS: a recorder sees by it what is sent.
	Wrap func(net.Conn) net.Conn

	// key is a function so that printing a client does not show it.
	key           func() string
	reuse, single http.RoundTripper // with connections reused, or one per request
}

// NewClient returns a client for the API at baseURL, such as
// https://api.authy.com, with the application's API key.
func NewClient(baseURL, apiKey string) *Client {
	c := &Client{
		BaseURL: strings.TrimSuffix(baseURL, "/"), Timeout: defaultTimeout,
		key: func() string { return apiKey },
	}
	c.reuse, c.single = c.newTransport(false), c.newTransport(true)
	return c
}

func (c *Client) newTransport(single bool) http.RoundTripper {
	t := &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}
	if std, ok := http.DefaultTransport.(*http.Transport); ok {
		t = std.Clone()
	}
	t.MaxResponseHeaderBytes = maxHeader
	t.DisableKeepAlives = single
	t.DialContext = c.dial(t.DialContext)
	return t
}

type dialer func(ctx context.Context, network, addr string) (net.Conn, error)

// dial wraps the connections that next makes.
func (c *Client) dial(next dialer) dialer {
	if next == nil {
		next = new(net.Dialer).DialContext
	}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := next(ctx, network, addr)
		if err == nil && c.Wrap != nil {
			conn = c.Wrap(conn)
		}
		return conn, err
	}
}

// call is one request to the API.
type call struct {
	op     string
	method string
	path   string
	params form // the query of a GET, the body of a POST
	once   bool // a GET with an effect: must not be retried
}

// do makes a call within the timeout and decodes its reply into reply.
func (c *Client) do(ctx context.Context, call call, reply any) error {
	timeout := c.Timeout
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	end := func(error) {}
	if c.Trace != nil {
		end = c.Trace(ctx, call.op)
	}
	start := time.Now()
	err := c.exchange(ctx, call, reply)
	end(err)
	if c.Observe != nil {
		c.Observe(call.op, time.Since(start), err)
	}
	return err
}

func (c *Client) exchange(ctx context.Context, call call, reply any) error {
	var connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	req, err := c.request(ctx, call)
	if err != nil {
		return c.callFailed(call.op, false, err)
	}
	client := &http.Client{
		Transport:     c.transport(call),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	res, err := client.Do(req)
	if err != nil {
		// A transport of the caller's need not say what it has connected to.
		return c.callFailed(call.op, connected.Load() || c.Transport != nil, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxReply+1))
	switch {
	case err != nil:
		return c.callFailed(call.op, true, err)
	case len(body) > maxReply:
		return noReply(call.op, errors.New("the reply is too large"))
	}
	return c.decode(call.op, res, body, reply)
}

// transport reuses connections only for calls without an effect. If a reused
// connection turns out to be dead, net/http retries a GET and fails a POST. But a
// code must not be sent or checked twice, and an approval request should not fail
// because of an old connection, so these calls get a new one.
func (c *Client) transport(call call) http.RoundTripper {
	switch {
	case c.Transport != nil:
		return c.Transport
	case call.once, call.method != http.MethodGet:
		return c.single
	default:
		return c.reuse
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

// callFailed wraps the error of a call that got no usable reply. Only the text of
// the cause is kept, with the key removed: the cause itself may contain the URL,
// or bytes of a reply that echoes the request. errors.Is still recognises the
// context's errors. What cannot have been sent at all is no ErrNoReply.
func (c *Client) callFailed(op string, sent bool, err error) error {
	failed := noReply
	if !sent || notConnected(err) {
		failed = unavailable
	}
	for _, known := range []error{context.DeadlineExceeded, context.Canceled} {
		if errors.Is(err, known) {
			return failed(op, known)
		}
	}
	if inURL, ok := errors.AsType[*url.Error](err); ok {
		err = inURL.Err
	}
	return failed(op, errors.New(c.clean(err.Error())))
}

// notConnected recognises a connection that was never made.
func notConnected(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// maxText is how many characters an error keeps of text from outside.
const maxText = 300

// clean removes the key from text from outside and truncates it.
func (c *Client) clean(s string) string {
	if key := c.key(); key != "" {
		s = strings.ReplaceAll(s, key, "[key]")
	}
	if runes := []rune(s); len(runes) > maxText {
		s = string(runes[:maxText]) + "…"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
