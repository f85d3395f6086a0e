package simulator_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// A project with a module of its own requires nod, replaces it with a folder,
// and tests its sign-in with the kit, also as docs/simulator.md shows it. A copy is
// run: the go command adds to go.mod and go.sum what the requirement of nod brings
// along.
func TestAnotherModuleUsesTheKit(t *testing.T) {
	dir := t.TempDir()
	must(t, os.CopyFS(dir, os.DirFS("testdata/kit-module")))
	sums, err := os.ReadFile("../go.sum")
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "go.sum"), sums, 0o600))
	docs, err := os.ReadFile("../docs/simulator.md")
	must(t, err)
	documented := regexp.MustCompile("(?s)```go\n(package login_test\n.*?)```").FindSubmatch(docs)
	if documented == nil {
		t.Fatal("docs/simulator.md shows no test")
	}
	must(t, os.WriteFile(filepath.Join(dir, "documented_test.go"), documented[1], 0o600))
	root, err := filepath.Abs("..")
	must(t, err)
	inModule := func(args ...string) {
		t.Helper()
		command := exec.Command("go", args...)
		command.Dir = dir
		command.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
		if text, err := command.CombinedOutput(); err != nil {
			t.Fatalf("go %q: %v\n%s", args, err, text)
		}
	}
	inModule("mod", "edit", "-replace", "nod="+root)
	// The race detector, as make test has it: the packages are compiled already.
	inModule("test", "-race", "./...")
}
