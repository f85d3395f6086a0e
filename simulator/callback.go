package simulator

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"nod/authy"
)

// callbackSender sends callbacks to the application.
type callbackSender struct {
	url, method string
	signed      string // the URL in the signature
	key         string
	now         func() time.Time
	client      *http.Client
	ctx         context.Context // of all callbacks; ends when Close gives up waiting
	cancel      context.CancelFunc
	running     *tasks
	slots       chan struct{} // taken by callbacks under way
	last        *atomic.Pointer[SentCallback]
}

// maxSending is how many callbacks are under way at a time: after a long
// absence of the application many may be due.
const maxSending = 32

func newCallbackSender(c Config, key string) callbackSender {
	ctx, cancel := context.WithCancel(context.Background())
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = maxSending
	return callbackSender{
		url: c.CallbackURL, method: c.CallbackMethod, signed: cmp.Or(c.SignedURL, c.CallbackURL), key: key,
		now: c.Now, ctx: ctx, cancel: cancel, running: &tasks{}, last: &atomic.Pointer[SentCallback]{}, slots: make(chan struct{}, maxSending),
		client: &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Timeout:       c.CallbackTimeout,
		},
	}
}

// tasks counts work that Close waits for. Unlike with a plain WaitGroup, begin
// may be called while wait runs; it then returns false.
type tasks struct {
	mu     sync.Mutex
	closed bool
	wg     sync.WaitGroup
}

// begin counts one task more, until end is called.
func (r *tasks) begin() (end func(), ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, false
	}
	r.wg.Add(1)
	return r.wg.Done, true
}

func (r *tasks) wait() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.wg.Wait()
}

// run does work in the background. Close waits for it.
func (c *callbackSender) run(work func()) {
	end, ok := c.running.begin()
	if !ok {
		return
	}
	go func() {
		defer end()
		work()
	}()
}

// wait returns after the last task. When ctx ends first, it cancels callbacks.
func (c *callbackSender) wait(ctx context.Context) error {
	defer c.client.CloseIdleConnections()
	stop := context.AfterFunc(ctx, c.cancel)
	c.running.wait()
	stop()
	c.cancel()
	return ctx.Err()
}

// send makes one callback, or two with the same bytes for CallbackTwice.
func (c *callbackSender) send(ctx context.Context, body []byte, f Faults) (status int, err error) {
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	method := c.method
	if f.Callback == CallbackGET {
		method = http.MethodGet
	}
	nonce, key := c.now(), c.key
	switch f.Callback {
	case CallbackOldNonce:
		nonce = nonce.Add(-time.Hour)
	case CallbackBadSignature:
		key = randomKey()
	}
	nonceText := strconv.FormatInt(nonce.Unix(), 10)
	signature, err := authy.SignCallback(key, method, c.signed, nonceText, body)
	if err != nil {
		return 0, err
	}
	c.last.Store(&SentCallback{Method: method, URL: c.signed, Nonce: nonceText, Signature: signature, Body: body})
	status, err = c.request(ctx, method, nonceText, signature, body)
	if f.Callback == CallbackTwice && err == nil {
		return c.request(ctx, method, nonceText, signature, body)
	}
	return status, err
}

func (c *callbackSender) request(ctx context.Context, method, nonce, signature string, body []byte) (status int, err error) {
	target, content := c.url, io.Reader(bytes.NewReader(body))
	if method == http.MethodGet {
		query, err := authy.CallbackQuery(body)
		if err != nil {
			return 0, err
		}
		target, content = c.url+"?"+query, nil
	}
	r, err := http.NewRequestWithContext(ctx, method, target, content)
	if err != nil {
		return 0, err
	}
	if method != http.MethodGet {
		r.Header.Set("Content-Type", "application/json")
	}
	if signature != "" {
		r.Header.Set("X-Authy-Signature", signature)
	}
	r.Header.Set("X-Authy-Signature-Nonce", nonce)
	response, err := c.client.Do(r)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, _ = io.CopyN(io.Discard, response.Body, 64<<10) // so that the connection can be reused
	return response.StatusCode, nil
}

// pingUser is the user in the dashboard's test callback, who does not exist.
const pingUser = 1234

// Ping sends the test callback that the service's dashboard sends when a
// callback URL is saved, and returns the application's status.
func (s *Simulator) Ping(ctx context.Context) (status int, err error) {
	body, err := marshal(object{{"authy_id", pingUser}, {"device_uuid", pingUser},
		{"callback_action", "approval_request_status"}, {"uuid", ""}, {"status", Approved},
		{"approval_request", object{{"transaction", object{{"details", nil}, {"hidden_details", nil},
			{"message", "Test callback"}, {"status", Approved}, {"uuid", ""}}}, {"logos", nil}, {"app_id", s.app.hexID}}}})
	if err != nil {
		return 0, err
	}
	sender := s.sender
	sender.last = &atomic.Pointer[SentCallback]{} // it is no answer
	return sender.send(ctx, body, s.faults.effective(0))
}

// servePing is POST /callback/ping: it returns the application's status.
func (s *Simulator) servePing(w http.ResponseWriter, r *http.Request) error {
	if err := readJSON(w, r, &struct{}{}); err != nil {
		return err
	}
	if s.sender.url == "" {
		return &requestError{http.StatusConflict, "no callback URL is configured"}
	}
	status, err := s.Ping(r.Context())
	if err != nil {
		return &requestError{http.StatusBadGateway, "the application cannot be reached: " + err.Error()}
	}
	return writeJSON(w, http.StatusOK, map[string]int{"status": status})
}
