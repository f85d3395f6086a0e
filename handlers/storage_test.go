package handlers_test

import (
	"os"
	"path/filepath"
	"testing"

	"nod/handlers"
)

// Session files are for their owner alone, also one that an earlier version
// made readable for everybody.
func TestSessionFilesAreForTheirOwnerOnly(t *testing.T) {
	for _, there := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "sessions.db")
		if there {
			must(t, os.WriteFile(path, nil, 0o644))
		}
		sessions, err := handlers.NewSessionStorage(path)
		must(t, err)
		must(t, sessions.Set("cookie", []byte("value"), 0))
		for _, name := range []string{path, path + "-wal", path + "-shm"} {
			info, err := os.Stat(name)
			must(t, err)
			if got := info.Mode().Perm(); got != 0o600 {
				t.Errorf("%s: got mode %v, want 0600", filepath.Base(name), got)
			}
		}
		must(t, sessions.Close())
	}
}

// A sign-in that was acknowledged survives a power cut: each commit reaches
// the disk.
func TestSessionsAreWrittenThrough(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sessions.db")
	sessions, err := handlers.NewSessionStorage(path)
	must(t, err)
	defer sessions.Close()
	var mode int
	const full = 2
	must(t, sessions.Conn().QueryRow("PRAGMA synchronous").Scan(&mode))
	if mode != full {
		t.Errorf("got synchronous=%d, want %d", mode, full)
	}
}
