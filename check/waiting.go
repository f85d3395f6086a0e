package check

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/fasthttp/websocket"
)

// waiting opens a socket and a stream, as waiting pages do, and keeps both open
// over a whole silence between two pings. The first ping may come at once: it
// ends no silence that says anything.
func (r *run) waiting() {
	if r.ctx.Err() != nil {
		return
	}
	fmt.Fprintln(r.out, "…       a socket and a stream are kept open from one ping to the next, at most 75 s")
	var socket, stream error
	var both sync.WaitGroup
	both.Go(func() { socket = r.socket() })
	both.Go(func() { stream = r.stream() })
	both.Wait()
	r.report("socket", socket)
	r.report("stream", stream)
}

func (r *run) report(what string, err error) {
	if err != nil {
		r.fail(what, "%v", err)
		return
	}
	r.ok(what, "opens, delivers at once and stays open")
}

// errLasted ends the reading of a socket that has lasted long enough.
var errLasted = errors.New("lasted")

// socket opens a WebSocket and waits for its first message and two pings.
func (r *run) socket() error {
	address := *r.site
	address.Scheme = strings.Replace(r.site.Scheme, "http", "ws", 1)
	dialer := &websocket.Dialer{HandshakeTimeout: timeout, Proxy: http.ProxyFromEnvironment, NetDialContext: r.dial}
	conn, res, err := dialer.DialContext(r.ctx, address.String()+"/check/events", http.Header{"Origin": {r.site.Scheme + "://" + r.site.Host}})
	if err != nil {
		status := "no response"
		if res != nil {
			status = res.Status
		}
		return fmt.Errorf("the upgrade does not get through (%s, %w): let the proxy pass the Upgrade and Connection headers on; until then pages use the stream", status, err)
	}
	defer conn.Close()
	if err := conn.SetReadDeadline(time.Now().Add(arrival)); err != nil {
		return err
	}
	switch _, body, err := conn.ReadMessage(); {
	case err != nil:
		return fmt.Errorf("opens, but the first message does not arrive: %w", cause(err))
	case !strings.Contains(string(body), "pending"):
		return fmt.Errorf("opens, but another message than Nod's arrives: %q", body)
	}
	opened := time.Now()
	pong, pings := conn.PingHandler(), 0
	conn.SetPingHandler(func(data string) error {
		if pings++; pings == 2 {
			return errLasted
		}
		return pong(data)
	})
	if err := conn.SetReadDeadline(opened.Add(silence)); err != nil {
		return err
	}
	for {
		switch _, _, err := conn.ReadMessage(); {
		case errors.Is(err, errLasted):
			return nil
		case err != nil:
			return cut(opened, err)
		}
	}
}

// dial makes a connection that ends with the check: neither the handshake nor the
// reading of a socket heeds a context.
func (r *run) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err == nil {
		context.AfterFunc(r.ctx, func() { _ = conn.Close() })
	}
	return conn, err
}

// cut is the error of a connection that did not last to its second ping.
func cut(opened time.Time, err error) error {
	return fmt.Errorf("is cut after %.0f s (%w): let the proxy keep connections that are silent for 30 s (nginx: proxy_read_timeout 75s)",
		time.Since(opened).Seconds(), cause(err))
}

// stream opens the event stream and waits for its first event and two of the
// comments that serve as pings.
func (r *run) stream() error {
	ctx, cancel := context.WithCancel(r.ctx)
	defer cancel()
	limit := time.AfterFunc(arrival, cancel)
	defer limit.Stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.site.String()+"/check/stream", nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "text/event-stream")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("does not open in time (%w): turn off response buffering in the proxy", cause(err))
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		return fmt.Errorf("answers %s, %s", res.Status, res.Header.Get("Content-Type"))
	}
	lines := bufio.NewScanner(res.Body)
	if err := find(lines, "data: "); err != nil {
		return fmt.Errorf("opens, but nothing arrives (%w): turn off response buffering in the proxy", cause(err))
	}
	opened := time.Now()
	limit.Reset(silence)
	for range 2 {
		if err := find(lines, ":"); err != nil {
			return cut(opened, err)
		}
	}
	return nil
}

// find reads up to a line that begins with prefix.
func find(lines *bufio.Scanner, prefix string) error {
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), prefix) {
			return nil
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return io.EOF
}

// cause shortens a timeout to one word.
func cause(err error) error {
	var netErr net.Error
	if (errors.As(err, &netErr) && netErr.Timeout()) || errors.Is(err, context.Canceled) {
		return errors.New("timeout")
	}
	return err
}
