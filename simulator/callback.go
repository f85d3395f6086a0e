package simulator

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"nod/authy"
)

// retryWaits are the pauses before each retry; Config.CallbackRetries says how
// many of them are made.
var retryWaits = [...]time.Duration{200 * time.Millisecond, time.Second, 3 * time.Second}

// callbackSender sends callbacks to the application.
type callbackSender struct {
	url, method string // url is signed
	dial        string // where url is reached
	key         string
	retries     int
	now         func() time.Time
	client      *http.Client
	logger      *slog.Logger
	open        context.Context // ends when Close begins
	ctx         context.Context // of all callbacks; ends when Close gives up waiting
	cancel      context.CancelFunc
	running     *tasks
}

func newCallbackSender(open context.Context, c Config, key string) callbackSender {
	ctx, cancel := context.WithCancel(context.Background())
	return callbackSender{
		url: c.CallbackURL, dial: c.DialURL, method: c.CallbackMethod, key: key, retries: c.CallbackRetries,
		now: c.Now, logger: c.Logger, open: open, ctx: ctx, cancel: cancel, running: &tasks{},
		client: &http.Client{
			Transport:     http.DefaultTransport.(*http.Transport).Clone(),
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

// sendCallback sends the callback of an answer, with the phone's faults of that
// moment. One goroutine makes all attempts, so that they stay in order.
func (s *Simulator) sendCallback(ctx context.Context, a approval) error {
	f := s.faults.effective(a.authyID)
	if s.sender.url == "" || f.Callback == CallbackNever {
		return nil
	}
	u, err := scanUser(s.db.QueryRowContext(ctx, "SELECT "+userColumns+" FROM users WHERE authy_id = ?", a.authyID).Scan)
	if err != nil {
		return err
	}
	body, err := marshal(s.callbackBody(a, u, f))
	if err != nil {
		return err
	}
	s.pause(ctx, millis(f.CallbackDelayMS))
	if err := s.sender.deliver(ctx, body, f); err != nil {
		return err
	}
	_, err = s.db.ExecContext(ctx, "UPDATE requests SET notified = 1 WHERE uuid = ?", a.uuid)
	return err
}

// deliver sends body until the application accepts it, within the allowed
// retries. Each attempt has its own nonce: an application that remembers nonces
// would reject a second use as a replay.
func (c *callbackSender) deliver(ctx context.Context, body []byte, f Faults) error {
	for try := 0; ; try++ {
		status, err := c.send(ctx, body, f)
		if err == nil && status/100 != 2 {
			err = fmt.Errorf("the application answered %d", status)
		}
		if err == nil || try >= c.retries {
			return err
		}
		c.logger.Warn("retrying callback", "attempt", try+1, "error", err)
		c.pause(ctx, retryWaits[try])
	}
}

// pause waits until a retry is due, or ctx or the simulator ends.
func (c *callbackSender) pause(ctx context.Context, d time.Duration) {
	ctx, cancel := whileOpen(ctx, c.open)
	defer cancel()
	realTime(ctx, d)
}

// send makes one callback, or two with the same bytes for CallbackTwice.
func (c *callbackSender) send(ctx context.Context, body []byte, f Faults) (status int, err error) {
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
	signature, err := authy.SignCallback(key, method, c.url, nonceText, body)
	if err != nil {
		return 0, err
	}
	status, err = c.request(ctx, method, nonceText, signature, body)
	if f.Callback == CallbackTwice && err == nil {
		return c.request(ctx, method, nonceText, signature, body)
	}
	return status, err
}

func (c *callbackSender) request(ctx context.Context, method, nonce, signature string, body []byte) (status int, err error) {
	target, content := c.dial, io.Reader(bytes.NewReader(body))
	if method == http.MethodGet {
		query, err := authy.CallbackQuery(body)
		if err != nil {
			return 0, err
		}
		target, content = c.dial+"?"+query, nil
	}
	r, err := http.NewRequestWithContext(ctx, method, target, content)
	if err != nil {
		return 0, err
	}
	if method != http.MethodGet {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("X-Authy-Signature", signature)
	r.Header.Set("X-Authy-Signature-Nonce", nonce)
	response, err := c.client.Do(r)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.CopyN(io.Discard, response.Body, 64<<10) // so that the connection can be reused
	if err == io.EOF {
		err = nil
	}
	return response.StatusCode, err
}

// pingUser is the user in the dashboard's test callback, who does not exist.
const pingUser = 1234

// ping sends the test callback that the service's dashboard sends when a
// callback URL is saved.
func (s *Simulator) ping(ctx context.Context) (status int, err error) {
	body, err := marshal(object{{"authy_id", pingUser}, {"device_uuid", pingUser},
		{"callback_action", "approval_request_status"}, {"uuid", ""}, {"status", Approved},
		{"approval_request", object{{"transaction", object{{"details", nil}, {"hidden_details", nil},
			{"message", "Test callback"}, {"status", Approved}, {"uuid", ""}}}, {"logos", nil}, {"app_id", s.app.hexID}}}})
	if err != nil {
		return 0, err
	}
	return s.sender.send(ctx, body, s.faults.effective(0))
}

// servePing is POST /callback/ping: it returns the application's status.
func (s *Simulator) servePing(w http.ResponseWriter, r *http.Request) error {
	if err := readJSON(w, r, &struct{}{}); err != nil {
		return err
	}
	if s.sender.url == "" {
		return &requestError{http.StatusConflict, "no callback URL is configured"}
	}
	status, err := s.ping(r.Context())
	if err != nil {
		return &requestError{http.StatusBadGateway, "the application cannot be reached: " + err.Error()}
	}
	return writeJSON(w, http.StatusOK, map[string]int{"status": status})
}
