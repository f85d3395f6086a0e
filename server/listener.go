package server

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"syscall"
	"time"
)

const (
	minRetry = 5 * time.Millisecond
	maxRetry = 100 * time.Millisecond
	// logInterval keeps a long shortage from filling the log.
	logInterval = time.Minute
)

// retryListener survives a shortage of file descriptors. fasthttp leaves its
// accept loop on any error, and the process ends; this listener tries again
// until descriptors are free, while open connections are served.
type retryListener struct {
	net.Listener
	logger *slog.Logger

	close    sync.Once
	closed   chan struct{}
	closeErr error

	logged time.Time // of the last shortage; only the accept loop uses it
}

func newRetryListener(ln net.Listener, logger *slog.Logger) *retryListener {
	return &retryListener{Listener: ln, logger: logger, closed: make(chan struct{})}
}

// Accept waits for the next connection, however long the shortage lasts.
func (l *retryListener) Accept() (net.Conn, error) {
	for wait := minRetry; ; wait = min(2*wait, maxRetry) {
		conn, err := l.Listener.Accept()
		if err == nil || !outOfDescriptors(err) {
			return conn, err
		}
		l.logShortage(err)
		select {
		case <-l.closed:
			return nil, net.ErrClosed
		case <-time.After(wait):
		}
	}
}

// Close may be called twice: a stop closes the listener first, and the server
// closes it again.
func (l *retryListener) Close() error {
	l.close.Do(func() {
		close(l.closed)
		l.closeErr = l.Listener.Close()
	})
	return l.closeErr
}

func (l *retryListener) logShortage(err error) {
	if now := time.Now(); now.Sub(l.logged) >= logInterval {
		l.logged = now
		l.logger.Error("out of file descriptors: new connections wait; raise the limit (ulimit -n)",
			"addr", l.Addr().String(), "error", err)
	}
}

func outOfDescriptors(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// listen opens a listener that ends with the site.
func (s *site) listen(setting, addr string) (net.Listener, error) {
	ln, err := listen(setting, addr, s.logger)
	if err != nil {
		return nil, err
	}
	s.running.add("the listener of "+setting, time.Second, closing(ln.Close))
	s.listening = append(s.listening, ln.Addr().String())
	return ln, nil
}

var errPortInUse = errors.New("port in use")

// listen opens addr; its error says which setting to change.
func listen(setting, addr string, logger *slog.Logger) (*retryListener, error) {
	ln, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%w: something listens on %s already; end it, or set %s to another address", errPortInUse, addr, setting)
	}
	if err != nil {
		return nil, fmt.Errorf("%s=%s: %w", setting, addr, err)
	}
	return newRetryListener(ln, logger), nil
}
