package server

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// BenchmarkHealthzUnderWrongPasswords asks /healthz while 200 wrong passwords
// are checked at once, at their full cost, each from an address of its own so
// that no limit spares the work.
func BenchmarkHealthzUnderWrongPasswords(b *testing.B) {
	const crowd = 200
	site := startProcess(b)
	guessers := make([]*guesser, crowd)
	for i := range guessers {
		guessers[i] = newGuesser(b, site, i)
	}
	var took []time.Duration
	for b.Loop() {
		var group sync.WaitGroup
		var working atomic.Bool
		working.Store(true)
		for _, g := range guessers {
			group.Go(func() { g.guess(b) })
		}
		go func() { group.Wait(); working.Store(false) }()
		for working.Load() {
			began := time.Now()
			res, err := http.Get(site + "/healthz")
			if err != nil {
				b.Fatal(err)
			}
			res.Body.Close()
			took = append(took, time.Since(began))
		}
		group.Wait()
	}
	slices.Sort(took)
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	b.ReportMetric(ms(took[len(took)/2]), "p50-ms")
	b.ReportMetric(ms(took[len(took)*99/100]), "p99-ms")
	b.ReportMetric(ms(took[len(took)-1]), "max-ms")
}

// startProcess builds the program and runs it apart, so that those who ask do
// not work in its process. It returns where the program is.
func startProcess(b *testing.B) string {
	b.Helper()
	dir := b.TempDir()
	binary := filepath.Join(dir, "nod")
	if said, err := exec.Command("go", "build", "-o", binary, "nod").CombinedOutput(); err != nil {
		b.Fatalf("building: %v\n%s", err, said)
	}
	program := exec.Command(binary)
	program.Dir = dir
	program.Env = append(os.Environ(), "ADDR=127.0.0.1:0", "SIMULATOR_ADDR=127.0.0.1:0")
	stdout, err := program.StdoutPipe()
	must(b, err)
	must(b, program.Start())
	b.Cleanup(func() {
		must(b, program.Process.Signal(syscall.SIGTERM))
		must(b, program.Wait())
	})
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if where, ok := strings.CutPrefix(lines.Text(), "Nod is at"); ok {
			go io.Copy(io.Discard, stdout)
			return strings.TrimSpace(where)
		}
	}
	b.Fatal("the program did not start")
	return ""
}

// guesser is a browser at an address of its own.
type guesser struct {
	client *http.Client
	url    string
	form   url.Values
	name   string
	n      int
}

func newGuesser(b *testing.B, site string, i int) *guesser {
	b.Helper()
	jar, err := cookiejar.New(nil)
	must(b, err)
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 1, byte(i), 1)}}
	g := &guesser{url: site, name: fmt.Sprint("at", i), client: &http.Client{Jar: jar, Transport: &http.Transport{DialContext: dialer.DialContext}}}
	res, err := g.client.Get(site + "/login")
	must(b, err)
	page, err := io.ReadAll(res.Body)
	must(b, err)
	must(b, res.Body.Close())
	token := regexp.MustCompile(`name="_csrf" value="([^"]+)"`).FindSubmatch(page)
	g.form = url.Values{"_csrf": {string(token[1])}}
	return g
}

// guess tries one wrong password. Busy is an answer too.
func (g *guesser) guess(b *testing.B) {
	g.n++
	g.form.Set("email", fmt.Sprintf("nobody%d@%s.example.com", g.n, g.name))
	g.form.Set("password", "wrong wrong wrong")
	res, err := g.client.PostForm(g.url+"/login", g.form)
	if err != nil {
		b.Error(err)
		return
	}
	res.Body.Close()
	if res.StatusCode != http.StatusUnprocessableEntity && res.StatusCode != http.StatusServiceUnavailable {
		b.Errorf("a wrong password: got %d", res.StatusCode)
	}
}
