package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/fasthttp/websocket"
)

// The times of the pages' script.
const (
	firstMessageTimeout = 4 * time.Second
	pollInterval        = 2 * time.Second
	recheckInterval     = 25 * time.Second
	socketTries         = 3
)

// errHeard ends listening: what was waited for has come.
var errHeard = errors.New("heard")

// listener hears what a page is told, by the ways that its script tries: socket,
// stream, polling.
type listener struct {
	b                      *browser
	events, stream, status string
	heard                  func(message []byte) error // errHeard ends it
	best                   int                        // the first way this browser can do

	mu sync.Mutex // heard is called by one at a time
}

// listen returns when heard says so, or ctx ends.
func (l *listener) listen(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go l.recheck(ctx, cancel)
	for failures := 0; ; failures++ {
		alive, err := l.way(failures)(ctx)
		if errors.Is(err, errHeard) {
			return nil
		}
		if alive {
			failures = 0
		}
		if err := pause(ctx, backOff(failures)); errors.Is(err, errHeard) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

const (
	bySocket = iota
	byStream
	byPoll
)

// way is what to try after so many failures in a row.
func (l *listener) way(failures int) func(context.Context) (alive bool, err error) {
	switch {
	case l.best == bySocket && failures < socketTries:
		return l.bySocket
	case l.stream != "" && l.best <= byStream && failures <= socketTries:
		return l.byStream
	default:
		return l.byPoll
	}
}

func (l *listener) deliver(message []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.heard(message)
}

// bySocket returns when the socket breaks. alive says that it was good before.
func (l *listener) bySocket(ctx context.Context) (alive bool, err error) {
	dialer := websocket.Dialer{NetDialContext: l.b.dial, Jar: l.b.client.Jar, HandshakeTimeout: firstMessageTimeout}
	header := http.Header{"Origin": {l.b.origin.String()}}
	conn, _, err := dialer.DialContext(ctx, "ws://"+l.b.origin.Host+l.events, header)
	if err != nil {
		return false, err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	_ = conn.SetReadDeadline(time.Now().Add(firstMessageTimeout))
	for {
		_, message, err := conn.ReadMessage()
		if websocket.IsCloseError(err, websocket.CloseNormalClosure, websocket.ClosePolicyViolation) {
			_, err = l.check(ctx)
			return alive, err
		}
		if err != nil {
			return alive, err
		}
		if err := l.deliver(message); err != nil {
			return true, err
		}
		alive = true
		_ = conn.SetReadDeadline(time.Time{})
	}
}

func (l *listener) byStream(ctx context.Context) (alive bool, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, l.b.url(l.stream), nil)
	if err != nil {
		return false, err
	}
	req.Header.Set("Accept", "text/event-stream")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	client := *l.b.client
	client.Timeout = 0
	res, err := client.Do(req)
	if err != nil {
		return false, err
	}
	defer res.Body.Close()
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		message, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		if err := l.deliver([]byte(message)); err != nil {
			return true, err
		}
		alive = true
	}
	if alive {
		return l.check(ctx)
	}
	return false, io.ErrUnexpectedEOF
}

// byPoll asks once. A browser that can do more tries that next.
func (l *listener) byPoll(ctx context.Context) (alive bool, err error) {
	alive, err = l.check(ctx)
	if err == nil && alive && l.best == byPoll {
		err = pause(ctx, pollInterval)
	}
	return alive, err
}

// check reads the stored state. answered is false without a network.
func (l *listener) check(ctx context.Context) (answered bool, err error) {
	got, err := l.b.once(ctx, l.status, nil)
	switch {
	case err != nil || got.status >= 500 || got.status == http.StatusTooManyRequests:
		return false, err
	case got.status == http.StatusOK || got.status == http.StatusUnauthorized:
		return true, l.deliver([]byte(got.body))
	default:
		return true, nil
	}
}

// recheck asks now and then, for a socket may be dead without a sign of it.
func (l *listener) recheck(ctx context.Context, cancel context.CancelCauseFunc) {
	for pause(ctx, recheckInterval) == nil {
		if _, err := l.check(ctx); errors.Is(err, errHeard) {
			cancel(errHeard)
		}
	}
}
