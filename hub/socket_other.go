//go:build !linux

package hub

import (
	"net"
	"syscall"
	"time"
)

// On other systems every connection is read with a buffer of its own.

func rawConn(net.Conn) syscall.RawConn { return nil }

func writeOnce(syscall.RawConn, []byte) error { return syscall.ENOTSUP }

func hungUp(syscall.RawConn) bool { return false }

func (w *Waiter) readLoopRaw() {}

func setUserTimeout(syscall.RawConn, time.Duration) {}
