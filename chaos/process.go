package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"time"
)

// process is Nod, whichever of its processes runs now.
type process struct {
	dir          string
	addr, phones string // where it listens
	cmd          *exec.Cmd
	ended        chan error
}

// newProcess is given the first of two ports, or 0 for any that are free now.
func newProcess(dir string, port int) *process {
	for port == 0 || !free(port) || !free(port+1) {
		// Below the range that outgoing connections take theirs from: those
		// would take it while no process listens.
		port = 20000 + rand.IntN(10000)
	}
	return &process{dir: dir, addr: fmt.Sprintf("127.0.0.1:%d", port), phones: fmt.Sprintf("127.0.0.1:%d", port+1)}
}

func free(port int) bool {
	ln, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return false
	}
	return ln.Close() == nil
}

func (p *process) file(name string) string { return filepath.Join(p.dir, name) }

func (p *process) build(ctx context.Context) error {
	out, err := exec.CommandContext(ctx, "go", "build", "-o", p.file("nod"), "nod").CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// start runs the binary and waits until it says that it is ready.
func (p *process) start(ctx context.Context) error {
	log, err := os.OpenFile(p.file("nod.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	p.cmd = exec.Command(p.file("nod"))
	p.cmd.Dir, p.cmd.Stderr = p.dir, log
	p.cmd.Env = []string{
		"HOME=" + p.dir, "PATH=" + os.Getenv("PATH"), "DATABASE_URL=sqlite:" + p.file("nod.db"),
		"ADDR=" + p.addr, "SIMULATOR_ADDR=" + p.phones, "APPROVAL_TTL=1m",
	}
	if err := p.cmd.Start(); err != nil {
		return err
	}
	p.ended = make(chan error, 1)
	go func(cmd *exec.Cmd, ended chan error) { ended <- cmd.Wait() }(p.cmd, p.ended)
	return p.awaitReady(ctx)
}

func (p *process) awaitReady(ctx context.Context) error {
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		if p.ready(ctx) {
			return nil
		}
		select {
		case <-again.C:
		case err := <-p.ended:
			p.ended <- err
			return fmt.Errorf("nod ended by itself: %w", err)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (p *process) ready(ctx context.Context) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.addr+"/readyz", nil)
	if err != nil {
		return false
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// kill is kill -9.
func (p *process) kill() {
	if p.cmd == nil || p.ended == nil {
		return
	}
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.ended
	p.ended = nil
}

// stop is what an operator does.
func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return errors.Join(err, <-p.ended)
	}
	err := <-p.ended
	p.ended = nil
	if err != nil {
		return fmt.Errorf("nod did not stop in order: %w", err)
	}
	return nil
}

var errorLine = regexp.MustCompile(`(?m)level=ERROR msg=("[^"]*"|\S+)|^panic: .*`)

// errors counts what the log says of errors.
func (p *process) errors() map[string]int {
	counts := map[string]int{}
	log, err := os.ReadFile(p.file("nod.log"))
	if err != nil {
		counts["it cannot be read: "+err.Error()]++
	}
	for _, found := range errorLine.FindAllString(string(log), -1) {
		counts[found]++
	}
	return counts
}
