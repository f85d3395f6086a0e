package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"nod/config"
)

// A second server on the same file is refused in words, under whichever name it
// knows the file.
func TestASecondServerIsRefused(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "nod.db"), filepath.Join(dir, "link.db")
	must(t, os.WriteFile(path, nil, 0o600))
	must(t, os.Symlink(path, link))
	held, err := lockFile(t.Context(), path, 0, slog.New(slog.DiscardHandler))
	must(t, err)
	for _, name := range []string{path, link} {
		_, err = lockFile(t.Context(), name, 0, slog.New(slog.DiscardHandler))
		if want := fmt.Sprintf("%s is in use by another Nod (process %d)", name, os.Getpid()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	must(t, held.Close())
	held, err = lockFile(t.Context(), path, 0, slog.New(slog.DiscardHandler))
	must(t, err)
	must(t, held.Close())
}

// Nor do two servers share a file that neither has made yet.
func TestASecondServerIsRefusedBeforeThereIsAFile(t *testing.T) {
	dir := t.TempDir()
	must(t, os.Mkdir(filepath.Join(dir, "data"), 0o700))
	must(t, os.Symlink("data", filepath.Join(dir, "folder")))
	must(t, os.Symlink("folder/nod.db", filepath.Join(dir, "relative.db")))
	must(t, os.Symlink(filepath.Join(dir, "relative.db"), filepath.Join(dir, "absolute.db")))
	held, err := lockFile(t.Context(), filepath.Join(dir, "data", "nod.db"), 0, slog.New(slog.DiscardHandler))
	must(t, err)
	for _, name := range []string{"folder/nod.db", "relative.db", "absolute.db"} {
		path := filepath.Join(dir, name)
		if !lockedElsewhere(path) {
			t.Errorf("%s counts as free", name)
		}
		second, err := lockFile(t.Context(), path, 0, slog.New(slog.DiscardHandler))
		if err == nil {
			must(t, second.Close())
			t.Errorf("%s was locked a second time", name)
		}
	}
	must(t, held.Close())
}

func TestLinksThatLeadInACircleAreRefused(t *testing.T) {
	dir := t.TempDir()
	one, two := filepath.Join(dir, "one.db"), filepath.Join(dir, "two.db")
	must(t, os.Symlink(one, two))
	must(t, os.Symlink(two, one))
	if held, err := lockFile(t.Context(), one, 0, slog.New(slog.DiscardHandler)); err == nil {
		must(t, held.Close())
		t.Error("a circle was locked")
	}
}

// Where no file can be made, the setting and the folder are named, and not the lock.
func TestAFolderThatCannotBeUsedIsNamed(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o600))
	must(t, os.Symlink(filepath.Join(dir, "gone", "nod.db"), filepath.Join(dir, "link.db")))
	for name, why := range map[string]string{
		"missing/nod.db": "missing: no such file or directory", "file/nod.db": "file: not a directory", "link.db": "gone: no such file or directory",
	} {
		path := filepath.Join(dir, name)
		held, err := lockFile(t.Context(), path, 0, slog.New(slog.DiscardHandler))
		if err == nil {
			must(t, held.Close())
			t.Fatalf("%s was locked", name)
		}
		var wrong *config.Error
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), "DATABASE_URL: ") || !strings.Contains(err.Error(), "folder "+filepath.Join(dir, why)) ||
			strings.Contains(err.Error(), "lock") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// seen is a log that says when something is written to it.
type seen chan struct{}

func (s seen) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte("waiting for it to stop")) {
		close(s)
	}
	return len(line), nil
}

// A start waits for a process that is about to stop.
func TestAStartWaitsForAStop(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nod.db")
	old, err := lockFile(t.Context(), path, 0, slog.New(slog.DiscardHandler))
	must(t, err)
	waits := make(seen)
	started := make(chan error, 1)
	go func() {
		held, err := lockFile(t.Context(), path, 1<<62, slog.New(slog.NewTextHandler(waits, nil)))
		if err == nil {
			err = held.Close()
		}
		started <- err
	}()
	<-waits
	must(t, old.Close())
	must(t, <-started)
}

func TestAStartThatWaitsCanBeStopped(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nod.db")
	old, err := lockFile(t.Context(), path, 0, slog.New(slog.DiscardHandler))
	must(t, err)
	defer old.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := lockFile(ctx, path, 1<<62, slog.New(slog.DiscardHandler)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

// A process that was killed leaves no lock behind.
func TestAKilledServerLeavesNoLock(t *testing.T) {
	path := os.Getenv("LOCK_FOR_GOOD")
	if path != "" { // this is the process to be killed
		held, err := lockFile(t.Context(), path, 0, slog.New(slog.DiscardHandler))
		must(t, err)
		defer held.Close()
		fmt.Println("locked")
		<-t.Context().Done()
	}
	path = filepath.Join(t.TempDir(), "nod.db")
	other := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAKilledServerLeavesNoLock$")
	other.Env = append(os.Environ(), "LOCK_FOR_GOOD="+path)
	out, err := other.StdoutPipe()
	must(t, err)
	must(t, other.Start())
	word := make([]byte, len("locked"))
	_, err = out.Read(word)
	must(t, err)
	if _, err := lockFile(t.Context(), path, 0, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("two processes hold the lock")
	}
	must(t, other.Process.Kill())
	if err := other.Wait(); err == nil {
		t.Error("the other process was not killed")
	}
	held, err := lockFile(t.Context(), path, 0, slog.New(slog.DiscardHandler))
	must(t, err)
	must(t, held.Close())
}
