package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// row is one mutation: in file, the text find becomes put, and the test must
// fail.
type row struct {
	what string // what is broken, in a few words
	file string
	find string // occurs exactly once in file
	put  string
	test string // of the package of file, or "package.TestName" for another one

	// hang is when a test is taken to hang: the mutation of a time-out can be
	// seen only by what does not happen. 0: a minute.
	hang time.Duration
}

func (r row) String() string { return r.file + ": " + r.what }

// target is the package with the test, as the go command takes it, and the test.
func (r row) target() (pkg, test string) {
	if dir, name, elsewhere := strings.Cut(r.test, "."); elsewhere {
		return "./" + dir, name
	}
	return "./" + filepath.Dir(r.file), r.test
}

// mutated is the text of the file after the change.
func (r row) mutated() ([]byte, error) {
	source, err := os.ReadFile(r.file)
	if err != nil {
		return nil, err
	}
	if n := strings.Count(string(source), r.find); n != 1 {
		return nil, fmt.Errorf("the text to change occurs %d times: %q", n, r.find)
	}
	return []byte(strings.Replace(string(source), r.find, r.put, 1)), nil
}
