package main

import (
	"fmt"
	"runtime"
)

// memory says what Go holds, by the names that Prometheus has for it. It
// collects no garbage: how often that is done is for the environment to say, as
// it is with Nod.
func memory() string {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return fmt.Sprintf("go_memstats_heap_alloc_bytes %d\ngo_memstats_stack_inuse_bytes %d\n", m.HeapAlloc, m.StackInuse)
}
