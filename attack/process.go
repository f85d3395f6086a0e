package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// descriptors are all that the measured process may open.
const descriptors = 1500

// process is Nod, built from this tree and started with an empty database.
type process struct {
	app, phones string
	cmd         *exec.Cmd
	dir         string
}

func startProcess(ctx context.Context) (*process, error) {
	dir, err := os.MkdirTemp("", "nod-attack-")
	if err != nil {
		return nil, err
	}
	p := &process{dir: dir}
	if err := p.start(ctx); err != nil {
		p.stop()
		return nil, err
	}
	return p, nil
}

func (p *process) start(ctx context.Context) error {
	program := filepath.Join(p.dir, "nod")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w\n%s", err, out)
	}
	p.cmd = exec.CommandContext(ctx, "sh", "-c", fmt.Sprintf("ulimit -n %d && exec %s", descriptors, program))
	p.cmd.Dir = p.dir
	p.cmd.Env = append(os.Environ(), "ADDR=127.0.0.1:0", "SIMULATOR_ADDR=127.0.0.1:0")
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = 10 * time.Second
	said, err := p.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := p.cmd.Start(); err != nil {
		return err
	}
	lines := bufio.NewScanner(said)
	for lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), "Nod is at"); ok {
			p.app = strings.TrimSpace(rest)
		}
		if rest, ok := strings.CutPrefix(lines.Text(), "The phones are at"); ok {
			p.phones = strings.TrimSpace(rest)
			return nil
		}
	}
	return errors.New("the program did not start")
}

func (p *process) stop() {
	if p.cmd != nil && p.cmd.Process != nil {
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
		_ = p.cmd.Wait() // how it ends does not matter here
	}
	_ = os.RemoveAll(p.dir)
}
