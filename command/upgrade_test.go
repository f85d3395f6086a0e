package command

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// oldFiles puts files of version 68d1548 into the folder of the test.
func oldFiles(t *testing.T, names ...string) {
	t.Helper()
	from, err := filepath.Abs("../testdata/68d1548")
	must(t, err)
	t.Chdir(t.TempDir())
	for _, name := range names {
		content, err := os.ReadFile(filepath.Join(from, name))
		must(t, err)
		must(t, os.WriteFile(name, content, 0o600))
	}
}

// refused starts the program, which should end with a sentence that has all
// the parts.
func refused(t *testing.T, settings []string, parts ...string) {
	t.Helper()
	settings = append([]string{"ADDR", "127.0.0.1:0", "SIMULATOR_ADDR", "127.0.0.1:0"}, settings...)
	err := run(t.Context(), nil, environment(settings...), io.Discard, t.Output())
	if err == nil {
		t.Fatal("the program has run")
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q lacks %q", err, part)
		}
	}
}

var realKey = []string{"AUTHY_API_KEY", "a-key-of-authy", "SIMULATOR_ADDR", ""}

// Accounts with simulated phones cannot sign in through Authy: the start says
// so instead of locking everybody out.
func TestSimulatedAccountsBesideARealKey(t *testing.T) {
	oldFiles(t, "nod.db", "nod-sessions.db", "nod-simulator.db")
	refused(t, realKey, "nod.db", "6 accounts", "simulated", "AUTHY_API_KEY", "DATABASE_URL")
}

func TestRealAccountsWithoutAKey(t *testing.T) {
	oldFiles(t, "nod.db", "nod-sessions.db")
	refused(t, []string{"LEGACY_PROVIDER", "authy"}, "nod.db", "6 accounts", "Authy", "AUTHY_API_KEY", "DATABASE_URL")
}

// Nobody guesses whose phones the accounts of an old file have, and asking
// leaves nothing behind that would be taken for an answer.
func TestAnOldFileAsksWhosePhonesItHas(t *testing.T) {
	oldFiles(t, "nod.db", "nod-sessions.db")
	for range 2 {
		refused(t, nil, "LEGACY_PROVIDER", "authy", "simulator")
		if _, err := os.Stat("nod-simulator.db"); !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("the simulator's file is there: %v", err)
		}
	}
}

// A file of a newer version is refused with what to do, by everything that opens it,
// and stays as it is.
func TestAFileOfANewerVersionIsRefused(t *testing.T) {
	oldFiles(t, "nod.db", "nod-sessions.db", "nod-simulator.db")
	dir, err := os.Getwd()
	must(t, err)
	settings := []string{"DATABASE_URL", "sqlite:" + dir + "/nod.db"}
	start(t, lastWords, nil, settings...).end()
	change(t, settings[1], `INSERT INTO migrations VALUES ('migrations/9999_later.sql', 0)`)
	before, err := os.ReadFile(dir + "/nod.db")
	must(t, err)
	const words = "was made by a newer version, with migrations/9999_later.sql: start that one again, or restore a backup"
	refused(t, settings, words)
	want(t, settings, 1, "newer version", "audit")
	want(t, settings, 1, "newer version", "user", "ada@example.com")
	if after, err := os.ReadFile(dir + "/nod.db"); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file was changed: %v", err)
	}
	want(t, settings, 0, "backup.db", "backup", "backup.db") // of any version
}
