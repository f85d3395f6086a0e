package command

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"nod/config"
)

// environment is a fixed one; names that are missing are not set.
func environment(pairs ...string) config.Lookup {
	set := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		set[pairs[i]] = pairs[i+1]
	}
	return func(name string) (string, bool) {
		value, ok := set[name]
		return value, ok
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// stopDeadline fails a test whose program does not stop; it is no measure.
const stopDeadline = 10 * time.Minute

func TestMain(m *testing.M) {
	if os.Getenv(beInstance) != "" {
		os.Args = os.Args[:1]
		if ahead, err := time.ParseDuration(os.Getenv(beAhead)); err == nil {
			clock = func() time.Time { return time.Now().Add(ahead) }
		}
		if file := os.Getenv(beSet); file != "" {
			clock = func() time.Time { return time.Now().Add(setBy(file)) }
		}
		os.Exit(Main())
	}
	stopFactor = 60
	m.Run()
}

// program is the whole program, run as Main does.
type program struct {
	t      testing.TB
	stop   context.CancelFunc
	ended  chan error
	stdout *transcript
	url    string // the application
	phones string // the simulator, "" where there is none
	lan    string // the phones of an audience, likewise
}

// transcript is what a program has written so far.
type transcript struct {
	mu   sync.Mutex
	text strings.Builder
}

func (tr *transcript) String() string {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.text.String()
}

func (tr *transcript) Write(p []byte) (int, error) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.text.Write(p)
}

// start runs the program on free ports until the test ends, and waits for its
// first words to end with last.
func start(t testing.TB, last string, args []string, settings ...string) *program {
	t.Helper()
	t.Chdir(t.TempDir())
	settings = append([]string{"ADDR", "127.0.0.1:0", "SIMULATOR_ADDR", "127.0.0.1:0"}, settings...)
	ctx, cancel := context.WithCancel(t.Context())
	p := &program{t: t, stop: cancel, ended: make(chan error, 1), stdout: &transcript{}}
	r, w := io.Pipe()
	go func() {
		err := run(ctx, args, environment(settings...), w, t.Output())
		w.CloseWithError(io.EOF)
		p.ended <- err
	}()
	t.Cleanup(func() { cancel() })
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		fmt.Fprintln(p.stdout, lines.Text())
		name, where, _ := strings.Cut(lines.Text(), " at ")
		switch where = strings.TrimSpace(where); name {
		case "Nod is":
			p.url = where
		case "The phones are", "The phones and the API are":
			p.phones = where
		case "An audience joins":
			p.lan = where
		}
		if strings.Contains(lines.Text(), last) {
			go func() {
				for lines.Scan() {
					fmt.Fprintln(p.stdout, lines.Text())
				}
			}()
			return p
		}
	}
	t.Fatalf("the program ended before it said %q: %v\n%s", last, <-p.ended, p.stdout)
	return nil
}

// end stops the program and waits until it has.
func (p *program) end() {
	p.t.Helper()
	p.stop()
	select {
	case err := <-p.ended:
		must(p.t, err)
	case <-time.After(stopDeadline):
		p.t.Fatal("the program does not end")
	}
}

func status(t *testing.T, req *http.Request) *http.Response {
	t.Helper()
	res, err := http.DefaultTransport.RoundTrip(req)
	must(t, err)
	must(t, res.Body.Close())
	return res
}

func get(t *testing.T, url string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	must(t, err)
	return status(t, req)
}

const lastWords = "nod -h explains them."
