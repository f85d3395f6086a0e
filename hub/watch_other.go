//go:build !linux

package hub

import (
	"net"
	"time"
)

// On other systems every connection is read by a goroutine with a buffer of its
// own: no descriptor is ever opened.

type descriptor struct{}

func (*descriptor) open(net.Conn) bool { return false }

func (*descriptor) setUserTimeout(time.Duration) {}

func (*descriptor) write([]byte) error { return net.ErrClosed }

func (*descriptor) hungUp(Kind) bool { return false }

func (*descriptor) watch(*watch, *Waiter) bool { return false }

func (*descriptor) close(*watch, bool) {}

type watch struct{}

func newWatch() *watch { return nil }

func (*watch) close() {}
