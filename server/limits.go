package server

import "syscall"

// spareDescriptors are kept for the database, the listeners and ordinary
// requests.
const spareDescriptors = 256

// waitingLimit is how many browsers may wait at once. It raises the limit of
// open files as far as the system allows, and subtracts what else the process
// needs.
func waitingLimit() int {
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
	return max(int(min(limit.Cur, 1<<20))-spareDescriptors, 64)
}
