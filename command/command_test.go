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

// What several processes share, what each has for itself, and what a pooler breaks.
func TestHelpSaysWhatSeveralProcessesShare(t *testing.T) {
	var out strings.Builder
	must(t, run(t.Context(), []string{"-h"}, environment(), &out, &out))
	_, several, _ := strings.Cut(out.String(), "Several processes")
	for _, words := range []string{"shared", "SECRET_KEY", "of each", "WAITING_PER_ADDRESS", "hashes", "pooler in transaction mode", "docs/postgres.md"} {
		if !strings.Contains(several, words) {
			t.Errorf("of several processes help lacks %q:\n%s", words, out.String())
		}
	}
}

func TestUnknownArgumentsAreRefused(t *testing.T) {
	for _, args := range []string{
		"serve", "serve -h", "version x", "-v x", "-h x", "help x", "simulator x", "simulator -h x", "simulator x -h",
		"check", "check x y", "check -h x", "check https://nod.example.com -h",
		"check ftp://nod.example.com", "check localhost:4310", "check -x", "check https://nod.example.com/login", "check https://nod.example.com?x=1",
	} {
		var out strings.Builder
		err := run(t.Context(), strings.Split(args, " "), environment(), &out, &out)
		if !errors.Is(err, errUsage) || exitStatus(err) != 2 {
			t.Errorf("nod %s: got %v with status %d, want errUsage with status 2", args, err, exitStatus(err))
		}
		if out.String() != "" {
			t.Errorf("nod %s: printed all the same:\n%s", args, &out)
		}
	}
	if err := run(t.Context(), []string{""}, environment(), io.Discard, t.Output()); !errors.Is(err, errUsage) {
		t.Errorf("an empty argument: got %v, want errUsage", err)
	}
}

// An address may carry a password by mistake: it does not get into a log.
func TestAnAddressThatCannotBeCheckedIsNotQuoted(t *testing.T) {
	err := run(t.Context(), []string{"check", "https://ada:hush@nod.example.com"}, environment(), io.Discard, t.Output())
	if exitStatus(err) != 2 || strings.Contains(fmt.Sprint(err), "hush") || !strings.Contains(fmt.Sprint(err), "user or password") {
		t.Errorf("got %v with status %d", err, exitStatus(err))
	}
}

func TestHelpOfTheCheck(t *testing.T) {
	for _, flag := range []string{"-h", "-help", "--help"} {
		var out strings.Builder
		must(t, run(t.Context(), []string{"check", flag}, environment(), &out, t.Output()))
		if !strings.HasPrefix(out.String(), "nod check URL\n") {
			t.Errorf("got %q", &out)
		}
	}
}

// A check that is interrupted has failed, and no argument was wrong.
func TestAnInterruptedCheckEndsWithStatusOne(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	var out strings.Builder
	err := run(ctx, []string{"check", "http://127.0.0.1:3000"}, environment(), &out, t.Output())
	if exitStatus(err) != 1 || !strings.Contains(fmt.Sprint(err), "interrupted") || out.String() != "" {
		t.Errorf("got %v with status %d, and printed %q", err, exitStatus(err), &out)
	}
}
