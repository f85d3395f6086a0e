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
	firstPatience = 5 * time.Millisecond
	maxPatience   = 100 * time.Millisecond
	// complainEvery keeps a long shortage from filling the log.
	complainEvery = time.Minute
)

// patientListener outlives a shortage of file descriptors. fasthttp leaves
// its accept loop on any error, and the process with it; here the shortage
// is waited out while those who are connected are served on.
type patientListener struct {
	net.Listener
	logger *slog.Logger

	close    sync.Once
	closed   chan struct{}
	closeErr error

	complained time.Time // only the accept loop looks at it
}

func newPatientListener(ln net.Listener, logger *slog.Logger) *patientListener {
	return &patientListener{Listener: ln, logger: logger, closed: make(chan struct{})}
}

// Accept waits for the next connection, however long descriptors are short.
func (l *patientListener) Accept() (net.Conn, error) {
	for wait := firstPatience; ; wait = min(2*wait, maxPatience) {
		conn, err := l.Listener.Accept()
		if err == nil || !outOfDescriptors(err) {
			return conn, err
		}
		l.complain(err)
		select {
		case <-l.closed:
			return nil, net.ErrClosed
		case <-time.After(wait):
		}
	}
}

// Close may be called again: stopping closes the listener before it asks the
// server, which closes it too.
func (l *patientListener) Close() error {
	l.close.Do(func() {
		close(l.closed)
		l.closeErr = l.Listener.Close()
	})
	return l.closeErr
}

func (l *patientListener) complain(err error) {
	if now := time.Now(); now.Sub(l.complained) >= complainEvery {
		l.complained = now
		l.logger.Error("out of file descriptors: new connections wait; raise the limit (ulimit -n)",
			"addr", l.Addr().String(), "error", err)
	}
}

func outOfDescriptors(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// listen opens addr, or says which setting to change.
func listen(setting, addr string, logger *slog.Logger) (*patientListener, error) {
	ln, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("port in use: something listens on %s already; end it, or set %s to another address", addr, setting)
	}
	if err != nil {
		return nil, fmt.Errorf("%s=%s: %w", setting, addr, err)
	}
	return newPatientListener(ln, logger), nil
}
