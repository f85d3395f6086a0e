package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// verdict is what became of a mutation.
type verdict int

const (
	caught verdict = iota
	survived
	stale
)

func (v verdict) String() string { return [...]string{"caught", "SURVIVED", "STALE"}[v] }

// run tries all rows, prints a line for each, and counts the verdicts.
func run(ctx context.Context, rows []row) (counts [3]int, err error) {
	dir, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return counts, err
	}
	defer os.RemoveAll(dir)
	if err := passUnchanged(ctx, rows); err != nil {
		return counts, err
	}
	var mu sync.Mutex
	queue := make(chan row)
	var workers sync.WaitGroup
	for i := range parallel {
		own := filepath.Join(dir, fmt.Sprint(i))
		if err := os.Mkdir(own, 0o700); err != nil {
			return counts, err
		}
		workers.Go(func() {
			for r := range queue {
				began := time.Now()
				v, why := try(ctx, own, r)
				mu.Lock()
				counts[v]++
				fmt.Printf("%-8s %5.1fs  %s [%s]%s\n", v, time.Since(began).Seconds(), r, r.test, why)
				mu.Unlock()
			}
		})
	}
	for _, r := range rows {
		queue <- r
	}
	close(queue)
	workers.Wait()
	return counts, ctx.Err()
}

// passUnchanged runs every named test on the code as it is: one that fails
// anyway, or does not exist, proves nothing.
func passUnchanged(ctx context.Context, rows []row) error {
	tests := map[string][]string{}
	for _, r := range rows {
		pkg, test := r.target()
		if !slices.Contains(tests[pkg], test) {
			tests[pkg] = append(tests[pkg], test)
		}
	}
	for _, pkg := range slices.Sorted(maps.Keys(tests)) {
		cmd := exec.CommandContext(ctx, "go", "test", "-vet=off", "-v", "-run", "^("+strings.Join(tests[pkg], "|")+")$", pkg)
		out, err := cmd.CombinedOutput()
		if err != nil {
			return fmt.Errorf("tests of %s fail on the unchanged code: %w\n%s", pkg, err, lastLines(out, 30))
		}
		for _, test := range tests[pkg] {
			if !bytes.Contains(out, []byte("--- PASS: "+test+" ")) {
				return fmt.Errorf("%s has no test %s that passes here", pkg, test)
			}
		}
	}
	return nil
}

// try applies one mutation and runs its test. why explains all but a plain
// failure of the test.
func try(ctx context.Context, dir string, r row) (v verdict, why string) {
	program, err := build(ctx, dir, r)
	if err != nil {
		return stale, "\n         " + err.Error()
	}
	pkg, test := r.target()
	hang := cmp.Or(r.hang, time.Minute)
	cmd := exec.CommandContext(ctx, program, "-test.run", "^"+test+"$", "-test.timeout", hang.String())
	cmd.Dir = pkg
	out, err := cmd.CombinedOutput()
	var failed *exec.ExitError
	switch {
	case err == nil:
		return survived, ""
	case !errors.As(err, &failed):
		return stale, "\n         " + err.Error()
	case bytes.Contains(out, []byte("panic: test timed out")):
		return caught, fmt.Sprintf(" (hung for %s)", hang)
	}
	return caught, ""
}

// build compiles the package's tests with the mutation in place of the file.
func build(ctx context.Context, dir string, r row) (program string, err error) {
	text, err := r.mutated()
	if err != nil {
		return "", err
	}
	file, err := filepath.Abs(r.file)
	if err != nil {
		return "", err
	}
	changed, overlay := filepath.Join(dir, filepath.Base(file)), filepath.Join(dir, "overlay.json")
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {file: changed}})
	if err != nil {
		return "", err
	}
	if err := errors.Join(os.WriteFile(changed, text, 0o600), os.WriteFile(overlay, replace, 0o600)); err != nil {
		return "", err
	}
	pkg, _ := r.target()
	program = filepath.Join(dir, "tests")
	if out, err := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-ldflags=-s -w", "-overlay", overlay, "-o", program, pkg).CombinedOutput(); err != nil {
		return "", fmt.Errorf("does not compile: %s", lastLines(out, 3))
	}
	return program, nil
}

func lastLines(out []byte, n int) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
