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
)

// The programs that are compared.
const (
	designNod        = "nod" // the real binary
	designHub        = "hub" // its hub alone, see serveHub
	designUsual      = "usual"
	designCentrifuge = "centrifuge"
	designPolling    = "polling"
)

// lab is where the measuring happens: a folder, the programs, the world.
type lab struct {
	dir        string
	self       string // this program
	nod, peers string // the others
	world      *world
	authyURL   string
	started    int      // servers so far; each has a folder of its own
	endings    []func() // in the order they were begun
}

// newLab builds the programs and seeds a world of seats and members.
func newLab(ctx context.Context, seats, members int) (l *lab, err error) {
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
	l.endings = append(l.endings, stop)
	// The world is written in memory where that is possible, and copied to a
	// disk for every server.
	seeds, err := l.folder(inMemory())
	if err != nil {
		return nil, err
	}
	l.world, err = seed(ctx, seeds, seats, members)
	return l, err
}

func (l *lab) close() {
	for _, end := range slices.Backward(l.endings) {
		end()
	}
}

// folder makes one that close removes.
func (l *lab) folder(parent string) (string, error) {
	dir, err := os.MkdirTemp(parent, "nod-bench-")
	if err == nil {
		l.endings = append(l.endings, func() { _ = os.RemoveAll(dir) })
	}
	return dir, err
}

// inMemory is a file system in memory, "" if there is none.
func inMemory() string {
	const shared = "/dev/shm"
	if info, err := os.Stat(shared); err == nil && info.IsDir() {
		return shared
	}
	return ""
}

const apiKey = "the-key-of-the-benchmark-is-no-secret"

// build compiles the real binary and the peers, as anybody would.
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
		return "", fmt.Errorf("run it inside the module, such as go run ./bench: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// serve starts a design on a copy of the world, on disk.
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
		if err := copyFile(l.world.path(name), filepath.Join(dir, name)); err != nil {
			return nil, err
		}
	}
	addr, err := freeAddress()
	if err != nil {
		return nil, err
	}
	s := &server{addr: addr, memory: "http://" + addr + "/metrics"}
	switch design {
	case designNod:
		metrics, err := freeAddress()
		if err != nil {
			return nil, err
		}
		s.memory = "http://" + metrics + "/metrics"
		s.process = launch(ctx, dir, append(env, "ADDR="+addr, "PUBLIC_URL=http://"+addr, "METRICS_ADDR="+metrics,
			"DATABASE_URL=sqlite:"+nodDatabase, "AUTHY_API_KEY="+apiKey, "AUTHY_API_URL="+l.authyURL), l.nod)
	case designHub:
		s.process = launch(ctx, dir, env, l.self, "hub", "-addr", addr, "-sessions", nodSessions)
	default:
		s.process = launch(ctx, dir, env, l.peers, design, "-addr", addr, "-sessions", peerSessions)
	}
	return s, s.begin(ctx)
}

// serveEcho starts the raw loopback.
func (l *lab) serveEcho(ctx context.Context) (*server, error) {
	addr, err := freeAddress()
	if err != nil {
		return nil, err
	}
	s := &server{process: launch(ctx, l.dir, nil, l.self, "echo", addr), addr: addr}
	return s, s.begin(ctx)
}

// load is the process with the browsers in it.
type load struct {
	*process
	client *rpc.Client
}

func (l *lab) load(ctx context.Context) (*load, error) {
	// It should not collect garbage while a browser is told something.
	p := launch(ctx, l.dir, []string{"GOGC=400"}, l.self, "load", l.world.seatsFile())
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

func (l *load) open(s *server, design, way string, n int) error {
	return l.do("Open", Opening{Addr: s.addr, Way: way, Dialect: design, N: n}, &struct{}{})
}

// run starts a design and a load, has do measure, and ends both.
func (l *lab) run(ctx context.Context, design string, env []string, do func(*server, *load) error) (err error) {
	s, err := l.serve(ctx, design, env...)
	if err != nil {
		return err
	}
	defer s.stop()
	crowd, err := l.load(ctx)
	if err != nil {
		return err
	}
	defer crowd.stop()
	if err := do(s, crowd); err != nil {
		return errors.Join(fmt.Errorf("%s: %w", design, err), said(s))
	}
	return nil
}

// said is what a server complained of.
func said(s *server) error {
	lines := strings.TrimSpace(s.stderr.String())
	if lines == "" {
		return nil
	}
	return fmt.Errorf("it says: %s", lines[max(0, len(lines)-2000):])
}
