package nudges_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"nod/nudges"
	"nod/tools/postgres"
)

var cluster *postgres.Cluster

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	var err error
	if cluster, err = postgres.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		if os.Getenv("NOD_TEST_ALL") == "" {
			return 0
		}
		return 1
	}
	defer cluster.Close()
	return m.Run()
}

// process is one that tells and hears.
type process struct {
	*nudges.Nudges
	heard  chan string
	missed chan bool
}

func start(t *testing.T, self string) *process {
	t.Helper()
	connect, err := pgx.ParseConfig(cluster.URL("postgres"))
	must(t, err)
	connect.RuntimeParams["application_name"] = self
	p := &process{heard: make(chan string, 10_000), missed: make(chan bool, 100)}
	p.Nudges = nudges.New(nudges.Options{
		Connect: connect,
		Heard:   func(_ context.Context, word string) { p.heard <- word },
		Missed:  func(context.Context) { p.missed <- true },
		Logger:  slog.New(slog.NewTextHandler(t.Output(), nil)),
	}, self)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan bool)
	go func() { p.Run(ctx); close(ended) }()
	t.Cleanup(func() { stop(); <-ended })
	<-p.missed // it listens
	return p
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// want reads words in any order.
func (p *process) want(t *testing.T, words ...string) {
	t.Helper()
	want := map[string]bool{}
	for _, word := range words {
		want[word] = true
	}
	for len(want) > 0 {
		word := <-p.heard
		if !want[word] {
			t.Fatalf("heard %q, want one of %d others", word, len(want))
		}
		delete(want, word)
	}
}

// Who tells is heard by all others, and not by itself.
func TestOthersHear(t *testing.T) {
	a, b, c := start(t, "a"), start(t, "b"), start(t, "c")
	a.Tell("one")
	b.want(t, "one")
	c.want(t, "one")
	b.Tell("two")
	a.want(t, "two")
}

// However many words there are, each arrives.
func TestManyWordsArrive(t *testing.T) {
	a, b := start(t, "a"), start(t, "b")
	var words []string
	for i := range 5000 {
		words = append(words, fmt.Sprintf("sign-in:%026d", i))
		a.Tell(words[i])
	}
	b.want(t, words...)
}

// More than can be kept while nobody can be told becomes one word: everything.
func TestTooManyWordsAreEverything(t *testing.T) {
	n := nudges.New(nudges.Options{}, "a")
	for i := range 20_000 {
		n.Tell(fmt.Sprint(i))
	}
	if told := n.Take(); !slices.Equal(told, []string{"*"}) {
		t.Errorf("%d words are told", len(told))
	}
}

// A connection that is cut is opened again: what was told meanwhile arrives, and who
// listened learns that they may have missed something.
func TestACutConnectionIsMadeGood(t *testing.T) {
	a, b := start(t, "a"), start(t, "b")
	cut := func(name string) {
		must(t, cluster.Do(t.Context(), "postgres", `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '`+name+`'`))
	}
	cut("b")
	<-b.missed
	cut("a")
	<-a.missed
	a.Tell("after")
	b.want(t, "after")
	must(t, cluster.Stop())
	a.Tell("while-it-was-down")
	must(t, cluster.Run())
	<-b.missed
	a.Tell("again")
	// Whoever told "after" may not have been answered before the server stopped.
	known := []string{"after", "while-it-was-down", "again"}
	for word := ""; word != "again"; {
		if word = <-b.heard; !slices.Contains(known, word) {
			t.Fatalf("heard %q", word)
		}
	}
}
