package main

import (
	"fmt"
	"runtime"
)

// memory returns the size of Go's heap and stacks under their Prometheus names. It
// does not run a collection: the environment sets how often that happens, as it
// does for Nod.
func memory() string {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return fmt.Sprintf("go_memstats_heap_alloc_bytes %d\ngo_memstats_stack_inuse_bytes %d\n", m.HeapAlloc, m.StackInuse)
}
