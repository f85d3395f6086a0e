package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a server or the load generator.
type process struct {
	cmd    *exec.Cmd
	stderr bytes.Buffer
	ended  chan error
}

// launch prepares a program to run in dir, without the parts of this process's
// environment that could change what it does.
func launch(ctx context.Context, dir string, env []string, program string, args ...string) *process {
	p := &process{cmd: exec.CommandContext(ctx, program, args...), ended: make(chan error, 1)}
	p.cmd.Dir = dir
	p.cmd.Env = append([]string{"HOME=" + dir, "PATH=" + os.Getenv("PATH")}, env...)
	p.cmd.Stderr = &p.stderr
	return p
}

func (p *process) start() error {
	if err := p.cmd.Start(); err != nil {
		return err
	}
	go func() { p.ended <- p.cmd.Wait() }()
	return nil
}

// stop terminates the process, and kills it if that takes over 5 s.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(5 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
}

// server is a process that listens.
type server struct {
	*process
	addr   string
	memory string // the URL with Go's memory statistics
}

// run starts the server and waits until it accepts connections.
func (s *server) run(ctx context.Context) error {
	if err := s.start(); err != nil {
		return err
	}
	if err := s.awaitReady(ctx); err != nil {
		s.stop()
		return err
	}
	return nil
}

// awaitReady waits until the server accepts connections.
func (s *server) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		conn, err := net.Dial("tcp", s.addr)
		if err == nil {
			return conn.Close()
		}
		select {
		case err := <-s.ended:
			s.ended <- err
			return fmt.Errorf("%s ended: %w\n%s", s.cmd.Path, err, s.stderr.String())
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer at %s: %w", s.cmd.Path, s.addr, err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// settle waits until a server has done what it does at its start: Nod looks up at the
// provider every request that is still pending, and all of them are here.
func (s *server) settle(ctx context.Context) error {
	const pause, rest = 250 * time.Millisecond, 5 * time.Millisecond
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for last, idle := time.Duration(0), 0; idle < 2; idle++ {
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s does not come to rest: %w", s.cmd.Path, ctx.Err())
		case <-time.After(pause):
		}
		used, err := s.cpu()
		if err != nil {
			return err
		}
		if used-last > rest {
			idle = -1
		}
		last = used
	}
	return nil
}

// held is a process's memory in bytes.
type held struct{ rss, live float64 }

// held reads the resident memory and the size of Go's heap and stacks several
// times and returns the minima, which are those just after a collection.
func (s *server) held(ctx context.Context, readings int) (lowest held, err error) {
	for i := range readings {
		live, err := readLive(ctx, s.memory)
		if err != nil {
			return held{}, err
		}
		rss, err := readRSS(s.cmd.Process.Pid)
		if err != nil {
			return held{}, err
		}
		if i == 0 || live < lowest.live {
			lowest.live = live
		}
		if i == 0 || rss < lowest.rss {
			lowest.rss = rss
		}
		time.Sleep(100 * time.Millisecond)
	}
	return lowest, nil
}

// readLive sums two of the metrics that every Go server with Prometheus has.
func readLive(ctx context.Context, url string) (bytes float64, err error) {
	values, err := readMetrics(ctx, url)
	if err != nil {
		return 0, err
	}
	for _, name := range []string{"go_memstats_heap_alloc_bytes", "go_memstats_stack_inuse_bytes"} {
		n, ok := values[name]
		if !ok {
			return 0, fmt.Errorf("%s lacks %s", url, name)
		}
		bytes += n
	}
	return bytes, nil
}

// readMetrics reads what a server tells Prometheus, by name and labels.
func readMetrics(ctx context.Context, url string) (map[string]float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	values := make(map[string]float64)
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		if n, err := strconv.ParseFloat(value, 64); err == nil {
			values[name] = n
		}
	}
	return values, lines.Err()
}

func readRSS(pid int) (bytes float64, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "Rss:"); ok {
			n, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64)
			return n * 1024, err
		}
	}
	return 0, errors.New("no Rss in smaps_rollup")
}

// cpu is the process's CPU time, system calls included. It sums the running threads;
// Go's threads rarely end.
func (p *process) cpu() (total time.Duration, err error) {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return 0, err
		}
		ran, _, _ := strings.Cut(string(text), " ")
		ns, err := strconv.ParseInt(ran, 10, 64)
		if err != nil {
			return 0, err
		}
		total += time.Duration(ns)
	}
	return total, nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// raiseLimit raises the limit of descriptors of this process, and of those it
// starts, as far as the system allows.
func raiseLimit() error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	limit.Cur = limit.Max
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
}
