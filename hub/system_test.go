package hub_test

import (
	"net"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// readable waits until server has data, or an end or reset, to read.
func readable(t testing.TB, server *net.TCPConn) {
	t.Helper()
	raw, err := server.SyscallConn()
	must(t, err)
	must(t, raw.Read(func(fd uintptr) bool {
		_, _, err := unix.Recvfrom(int(fd), make([]byte, 1), unix.MSG_PEEK)
		return err != unix.EAGAIN
	}))
}

// descriptors counts the open descriptors of this process.
func descriptors(t testing.TB) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	return len(entries)
}
