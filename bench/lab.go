package main

import (
	"context"
	"errors"
	"fmt"
	"net/rpc"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"nod/tools/ports"
)

// The programs that are compared.
const (
	designNod        = "nod" // the real binary
	designHub        = "hub" // its hub alone, see serveHub
	designUsual      = "usual"
	designCentrifuge = "centrifuge"
	designPolling    = "polling"
)

// lab holds what the measurements run on: a folder, the programs, the data.
type lab struct {
	dir        string
	self       string // this program's binary
	nod, peers string // the other binaries
	fixture    *fixture
	authyURL   string
	started    int      // servers so far; each has its own folder
	cleanups   []func() // run in reverse order by close
}

// newLab builds the programs and seeds the data.
func newLab(ctx context.Context, attempts, members int) (l *lab, err error) {
	l = &lab{}
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	if l.dir, err = l.folder(""); err != nil {
		return nil, err
	}
	if err := l.build(ctx); err != nil {
		return nil, err
	}
	var stop func()
	if l.authyURL, stop, err = provider(); err != nil {
		return nil, err
	}
	l.cleanups = append(l.cleanups, stop)
	// The data is written in memory where possible, and copied to a disk for
	// every server.
	seeds, err := l.folder(inMemory())
	if err != nil {
		return nil, err
	}
	l.fixture, err = seed(ctx, seeds, attempts, members)
	return l, err
}

func (l *lab) close() {
	for _, end := range slices.Backward(l.cleanups) {
		end()
	}
}

// folder creates a folder that close removes.
func (l *lab) folder(parent string) (string, error) {
	dir, err := os.MkdirTemp(parent, "nod-bench-")
	if err == nil {
		l.cleanups = append(l.cleanups, func() { _ = os.RemoveAll(dir) })
	}
	return dir, err
}

// inMemory returns a folder on a file system in memory, "" if there is none.
func inMemory() string {
	const shared = "/dev/shm"
	if info, err := os.Stat(shared); err == nil && info.IsDir() {
		return shared
	}
	return ""
}

const apiKey = "the-key-of-the-benchmark-is-no-secret"

// build compiles the real binary and the peers with go build.
func (l *lab) build(ctx context.Context) error {
	root, err := moduleRoot(ctx)
	if err != nil {
		return err
	}
	l.nod, l.peers = filepath.Join(l.dir, "nod"), filepath.Join(l.dir, "peers")
	for _, b := range []struct{ from, to string }{{root, l.nod}, {filepath.Join(root, "bench", "peers"), l.peers}} {
		cmd := exec.CommandContext(ctx, "go", "build", "-o", b.to, ".")
		cmd.Dir, cmd.Stderr = b.from, os.Stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("building %s: %w", b.from, err)
		}
	}
	l.self, err = os.Executable()
	return err
}

func moduleRoot(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("run it inside the module, as go run ./bench: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// serve starts a design on a copy of the data on disk.
func (l *lab) serve(ctx context.Context, design string, env ...string) (*server, error) {
	l.started++
	dir := filepath.Join(l.dir, fmt.Sprint(l.started))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	files := []string{peerSessions}
	if design == designNod || design == designHub {
		files = []string{nodDatabase, nodSessions}
	}
	for _, name := range files {
		if err := copyFile(l.fixture.path(name), filepath.Join(dir, name)); err != nil {
			return nil, err
		}
	}
	addr := ports.Free()
	s := &server{addr: addr, memory: "http://" + addr + "/metrics"}
	switch design {
	case designNod:
		metrics := ports.Free()
		s.memory = "http://" + metrics + "/metrics"
		s.process = launch(ctx, dir, append(env, "ADDR="+addr, "PUBLIC_URL=http://"+addr, "METRICS_ADDR="+metrics,
			"DATABASE_URL=sqlite:"+nodDatabase, "AUTHY_API_KEY="+apiKey, "AUTHY_API_URL="+l.authyURL), l.nod)
	case designHub:
		s.process = launch(ctx, dir, env, l.self, "hub", "-addr", addr, "-sessions", nodSessions)
	default:
		s.process = launch(ctx, dir, env, l.peers, design, "-addr", addr, "-sessions", peerSessions)
	}
	return s, s.run(ctx)
}

// serveEcho starts the raw loopback.
func (l *lab) serveEcho(ctx context.Context) (*server, error) {
	addr := ports.Free()
	s := &server{process: launch(ctx, l.dir, nil, l.self, "echo", addr), addr: addr}
	return s, s.run(ctx)
}

// load is the load generator's process, see Load.
type load struct {
	*process
	client *rpc.Client
}

func (l *lab) load(ctx context.Context) (*load, error) {
	// Garbage collection in the load generator would disturb the latencies.
	p := launch(ctx, l.dir, []string{"GOGC=400"}, l.self, "load", l.fixture.attemptsFile())
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.start(); err != nil {
		return nil, err
	}
	return &load{p, rpc.NewClient(pipes{out, in})}, nil
}

func (l *load) do(what string, args, reply any) error {
	if err := l.client.Call("Load."+what, args, reply); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.ToLower(what), err, l.stderr.String())
	}
	return nil
}

func (l *load) open(s *server, design, transport string, n int) error {
	return l.do("Open", OpenArgs{Addr: s.addr, Transport: transport, Design: design, N: n}, &struct{}{})
}

// run starts a design and a load generator, calls do, and stops both.
func (l *lab) run(ctx context.Context, design string, env []string, do func(*server, *load) error) (err error) {
	s, err := l.serve(ctx, design, env...)
	if err != nil {
		return err
	}
	defer s.stop()
	if err := s.settle(ctx); err != nil {
		return err
	}
	clients, err := l.load(ctx)
	if err != nil {
		return err
	}
	defer clients.stop()
	if err := do(s, clients); err != nil {
		return errors.Join(fmt.Errorf("%s: %w", design, err), stderrOf(s))
	}
	return nil
}

// stderrOf returns what a server wrote to its standard error.
func stderrOf(s *server) error {
	lines := strings.TrimSpace(s.stderr.String())
	if lines == "" {
		return nil
	}
	return fmt.Errorf("its standard error: %s", lines[max(0, len(lines)-2000):])
}
