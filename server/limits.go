package server

import (
	"math"
	"sync"
	"syscall"
)

// spareDescriptors are kept for the database, the listeners and ordinary
// requests.
const spareDescriptors = 256

// keptDescriptors are those of them that no client gets as long as an idle one can
// make room: what the process opens itself must not fail.
const keptDescriptors = spareDescriptors / 2

// waitingLimit is how many browsers may wait at once: the files that may be open
// without what else the process needs; 0 if that cannot be known.
func waitingLimit() int {
	limit := descriptorLimit()
	if limit == 0 {
		return 0
	}
	return max(limit-spareDescriptors, 64)
}

// descriptorLimit is how many files may be open, after it was raised as far as the
// system allows; 0 if it cannot be known. It is asked at each new connection, so the
// system is asked once.
var descriptorLimit = sync.OnceValue(func() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0
	}
	if limit.Cur < limit.Max {
		raised := syscall.Rlimit{Cur: limit.Max, Max: limit.Max}
		if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &raised) == nil {
			limit = raised
		}
	}
	return int(min(limit.Cur, 1<<20))
})

// roomForClients is for how many connections that do not wait there are
// descriptors, beside those of the hub.
func (s *site) roomForClients() int {
	limit := descriptorLimit()
	if limit == 0 {
		return math.MaxInt
	}
	waiting := 0
	if h := s.hub.Load(); h != nil {
		sockets, streams := h.Waiting()
		waiting = sockets + streams
	}
	return limit - keptDescriptors - waiting
}
