package simulator_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"nod/simulator"
)

// An application keeps the ids that it was given. If the simulator's file is
// lost, nobody else may get one of them: the first person's sign-in would ring
// the second person's phone.
func TestNoIDIsGivenTwiceAfterTheFileWasLost(t *testing.T) {
	random := func(c *simulator.Config) { c.FirstID = 0 }
	s := newSim(t, random)
	given := map[int64]bool{}
	for range 3 {
		var order []int64
		for range 20 {
			id := s.user("someone@example.com")
			if given[id] || id < 1e8 || id >= 1<<31 {
				t.Fatalf("got the id %d, want another one of nine digits", id)
			}
			given[id] = true
			order = append(order, id)
		}
		phones, err := s.Phones()
		must(t, err)
		for i, phone := range phones {
			if phone.AuthyID != order[i] {
				t.Fatalf("got the phones %v, want them in the order %v", phones, order)
			}
		}
		s.stop()
		files, err := filepath.Glob(s.path + "*")
		must(t, err)
		for _, file := range files {
			must(t, os.Remove(file))
		}
		s.open(random)
	}
}

// After a power cut a file has what was synced: every commit, therefore.
func TestCommitsAreSynced(t *testing.T) {
	s := newAda(t)
	if got := s.Synchronous(t.Context()); got != 2 {
		t.Errorf("synchronous is %d, want 2, which is FULL", got)
	}
}

// A file of the first version keeps its phones and their order, and gets new
// ones.
func TestAFileOfTheFirstVersion(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nod-simulator.db")
	content, err := os.ReadFile("../testdata/68d1548/nod-simulator.db")
	must(t, err)
	must(t, os.WriteFile(path, content, 0o600))
	one, err := simulator.New(simulator.Config{Path: path})
	must(t, err)
	defer func() { must(t, one.Close(t.Context())) }()
	phones, err := one.Phones()
	must(t, err)
	sorted := slices.IsSortedFunc(phones, func(a, b simulator.Phone) int { return int(a.AuthyID - b.AuthyID) })
	if len(phones) == 0 || phones[0].AuthyID != 100001 || !sorted {
		t.Fatalf("got the phones %v, want 100001 first", phones)
	}
	if requests, err := one.Requests(100001); err != nil || len(requests) == 0 {
		t.Errorf("got the requests %v, %v, want some", requests, err)
	}
}
