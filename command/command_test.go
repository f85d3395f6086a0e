package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nod/config"
)

func TestAllProblemsEndTheProgram(t *testing.T) {
	t.Chdir(t.TempDir())
	err := run(t.Context(), nil, environment("ADDR", "nowhere", "SESSION_IDLE", "soon", "PUBLIC_URL", "ftp://x"), io.Discard, t.Output())
	if exitStatus(err) != 2 {
		t.Errorf("got status %d, want 2", exitStatus(err))
	}
	for _, name := range []string{"ADDR", "SESSION_IDLE", "PUBLIC_URL"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named: %v", name, err)
		}
	}
	left, err := filepath.Glob("*")
	must(t, err)
	if len(left) > 0 {
		t.Errorf("a configuration with problems left files: %v", left)
	}
}

func TestSettingsFromAFile(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	must(t, os.WriteFile(".env", []byte("ADDR=nowhere\nAPPROVAL_TTL=3s\n"), 0o600))
	err := run(t.Context(), nil, environment(), io.Discard, t.Output())
	if err == nil || !strings.Contains(err.Error(), "ADDR") {
		t.Errorf("the file was not read: %v", err)
	}
}

func TestAllProblemsAreSaidAtOnce(t *testing.T) {
	var out strings.Builder
	err := run(t.Context(), nil, environment("ADDR", "x", "PUBLIC_URL", "x", "DATABASE_URL", "x", "AUTHY_API_KEY", "a b",
		"SESSION_IDLE", "x", "SESSION_MAX", "x", "APPROVAL_TTL", "x", "SIMULATOR_ADDR", "x", "TRUSTED_PROXIES", "x", "METRICS_ADDR", "x"), &out, &out)
	if got := exitStatus(err); got != 2 {
		t.Errorf("got exit status %d, want 2", got)
	}
	for _, name := range []string{"ADDR", "PUBLIC_URL", "DATABASE_URL", "AUTHY_API_KEY", "SESSION_IDLE", "SESSION_MAX",
		"APPROVAL_TTL", "SIMULATOR_ADDR", "TRUSTED_PROXIES", "METRICS_ADDR"} {
		if !strings.Contains(fmt.Sprint(err), "\n  "+name+": ") {
			t.Errorf("%s is not named in:\n%v", name, err)
		}
	}
}

func TestHelpShowsEverySetting(t *testing.T) {
	var out strings.Builder
	must(t, run(t.Context(), []string{"-h"}, environment(), &out, &out))
	for _, s := range config.Settings() {
		if !strings.Contains(out.String(), s.Name) || !strings.Contains(out.String(), s.What) {
			t.Errorf("help lacks %s:\n%s", s.Name, out.String())
		}
	}
}

func TestUnknownArgumentsAreRefused(t *testing.T) {
	err := run(context.Background(), []string{"serve"}, environment(), os.Stdout, os.Stderr)
	if !errors.Is(err, errUsage) || exitStatus(err) != 2 {
		t.Fatalf("got %v with status %d, want errUsage with status 2", err, exitStatus(err))
	}
}
