package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

// Suite is a package's tests run a second time, on PostgreSQL.
type Suite struct {
	Run  string // what of them is run; "" is all
	Skip string // what is left out: what is about SQLite alone

	// Template makes the database that each test gets a copy of.
	Template func(url string) error

	cluster *Cluster
}

// template is the name of the database that the others are copies of.
const template = "nod_template"

// Main runs the tests of a package, and then those of the suite on PostgreSQL: in make
// test, and where NOD_TEST_POSTGRES is set; to "only", for these alone.
func (s *Suite) Main(m *testing.M) int {
	flag.Parse()
	wanted := os.Getenv("NOD_TEST_POSTGRES")
	if wanted != "only" {
		if code := m.Run(); code != 0 {
			return code
		}
	}
	if wanted == "" && os.Getenv("NOD_TEST_ALL") == "" {
		return 0
	}
	return s.again(m)
}

func (s *Suite) again(m *testing.M) int {
	err := s.start()
	if err != nil {
		fmt.Fprintln(os.Stderr, "the tests could not be run on PostgreSQL:", err)
		return 1
	}
	defer s.cluster.Close() //nolint:errcheck // a temporary folder
	fmt.Fprintln(os.Stderr, "the same on PostgreSQL:")
	// A name that was asked for on the command line is asked for here, too.
	if run := flag.Lookup("test.run"); s.Run != "" && run.Value.String() == "" {
		must(run.Value.Set(s.Run))
	}
	if skip := flag.Lookup("test.skip"); s.Skip != "" && skip.Value.String() == "" {
		must(skip.Value.Set(s.Skip))
	}
	return m.Run()
}

func (s *Suite) start() (err error) {
	if s.cluster, err = Start(); err != nil {
		return err
	}
	err = s.cluster.Do(context.Background(), "postgres", "CREATE DATABASE "+template)
	if err == nil {
		err = s.Template(s.cluster.URL(template))
	}
	if err != nil {
		return errors.Join(err, s.cluster.Close())
	}
	return nil
}

// Running says whether the tests run on PostgreSQL now.
func (s *Suite) Running() bool { return s.cluster != nil }

// Database is the URL of a database for one test, which is dropped at its end.
func (s *Suite) Database(t testing.TB) string {
	t.Helper()
	name := "t" + strings.ToLower(rand.Text())
	if err := s.cluster.Do(t.Context(), "postgres", "CREATE DATABASE "+name+" TEMPLATE "+template); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.cluster.Do(context.Background(), "postgres", "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	return s.cluster.URL(name)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
