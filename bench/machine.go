package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// machine describes the machine, and says when this was measured.
func machine() string {
	return fmt.Sprintf("%s, %s, %d processors, %s, %s %s",
		time.Now().Format("2 January 2006"), processor(), runtime.NumCPU(), runtime.Version(), runtime.GOOS, kernel())
}

func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return strings.TrimSpace(strings.TrimLeft(name, "\t: "))
		}
	}
	return runtime.GOARCH
}

func kernel() string {
	text, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	version, _, _ := strings.Cut(strings.TrimSpace(string(text)), "-")
	return version
}

// loadAverage is the system's load average over the last minute.
func loadAverage() string {
	text, _ := os.ReadFile("/proc/loadavg")
	one, _, _ := strings.Cut(string(text), " ")
	return one
}

// syncedWrite returns how long the disk under dir takes to write and sync 4 kB: the
// least time a decision takes that is stored before it is published.
func syncedWrite(dir string) (median time.Duration, err error) {
	f, err := os.Create(filepath.Join(dir, "synced"))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	took := make([]time.Duration, 101)
	for i := range took {
		start := time.Now()
		if _, err := f.WriteAt(make([]byte, 4096), int64(i)*4096); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
		took[i] = time.Since(start)
	}
	slices.Sort(took)
	return took[len(took)/2], nil
}
