package postgres

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	_ "github.com/mattn/go-sqlite3"
)

// Suite is a package's tests run a second time, on PostgreSQL.
type Suite struct {
	Run  string // what of them is run; "" is all
	Skip string // what is left out: what is about SQLite alone

	// Template makes the database that each test gets a copy of, at a path or a URL.
	Template func(database string) error

	file    []byte // a database of SQLite as the template is
	cluster *Cluster

	mu    sync.Mutex
	empty []string // databases that were used, and are as the template again
}

// template is the name of the database that the others are copies of.
const template = "nod_template"

// Main runs the tests of a package, and then those of the suite on PostgreSQL: in make
// test, and where NOD_TEST_POSTGRES is set; to "only", for these alone.
func (s *Suite) Main(m *testing.M) int {
	flag.Parse()
	if err := s.makeFile(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
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

// makeFile makes the file that tests get copies of: to run all migrations takes longer
// than most tests.
func (s *Suite) makeFile() error {
	dir, err := os.MkdirTemp("", "nod-template-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "nod.db")
	if err := s.Template(path); err != nil {
		return err
	}
	db, err := sql.Open("sqlite3", "file:"+path)
	if err != nil {
		return err
	}
	_, err = db.Exec(withoutSecrets)
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	s.file, err = os.ReadFile(path)
	return err
}

// withoutSecrets is for the template: each copy makes its own.
const withoutSecrets = "DELETE FROM secrets"

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
	if err == nil {
		err = s.cluster.Do(context.Background(), template, withoutSecrets, watched)
	}
	if err != nil {
		return errors.Join(err, s.cluster.Close())
	}
	return nil
}

// Running says whether the tests run on PostgreSQL now.
func (s *Suite) Running() bool { return s.cluster != nil }

// Database is a database for one test, as the template was: the path of nod.db in a
// folder, or on PostgreSQL its URL. A file that is there already stays as it is.
func (s *Suite) Database(t testing.TB, folder string) string {
	t.Helper()
	if s.Running() {
		return s.onServer(t)
	}
	path := filepath.Join(folder, "nod.db")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := os.WriteFile(path, s.file, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func (s *Suite) onServer(t testing.TB) string {
	t.Helper()
	name, err := s.take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.giveBack(context.Background(), name); err != nil {
			t.Error(err)
		}
	})
	return s.cluster.URL(name)
}

func (s *Suite) take(ctx context.Context) (name string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if last := len(s.empty) - 1; last >= 0 {
		name, s.empty = s.empty[last], s.empty[:last]
		return name, nil
	}
	name = "t" + strings.ToLower(rand.Text())
	return name, s.cluster.Do(ctx, "postgres", "CREATE DATABASE "+name+" TEMPLATE "+template)
}

// watched has a database note that its tables were changed, and not only their rows.
const watched = `
	CREATE SCHEMA tests;
	CREATE TABLE tests.changed ();
	CREATE TABLE tests.migrations AS TABLE migrations;
	CREATE FUNCTION tests.note() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
		IF tg_tag LIKE 'DROP %' OR EXISTS (SELECT 1 FROM pg_event_trigger_ddl_commands()) THEN -- and not what is there already
			INSERT INTO tests.changed DEFAULT VALUES;
		END IF;
	END $$;
	CREATE EVENT TRIGGER changed ON ddl_command_end EXECUTE FUNCTION tests.note()`

const isChanged = `SELECT EXISTS (SELECT 1 FROM tests.changed) OR EXISTS (TABLE migrations EXCEPT TABLE tests.migrations)`

// emptied takes all rows but the list of migrations out of a database.
const emptied = `
	SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();
	DO $$ BEGIN
		EXECUTE (SELECT 'TRUNCATE ' || string_agg(format('%I', tablename), ', ') || ' RESTART IDENTITY CASCADE'
			FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migrations');
	END $$`

// giveBack makes a database good for another test: to copy and to drop one takes much
// longer than most tests.
func (s *Suite) giveBack(ctx context.Context, name string) error {
	conn, err := pgx.Connect(ctx, s.cluster.URL(name))
	if err != nil {
		return err
	}
	var changed bool
	err = conn.QueryRow(ctx, isChanged).Scan(&changed)
	if err == nil && !changed {
		_, err = conn.Exec(ctx, emptied)
	}
	if err := errors.Join(err, conn.Close(ctx)); err != nil {
		return err
	}
	if changed {
		return s.cluster.Do(ctx, "postgres", "DROP DATABASE "+name+" WITH (FORCE)")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.empty = append(s.empty, name)
	return nil
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
