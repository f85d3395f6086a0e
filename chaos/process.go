package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"time"
)

// process is one program, whichever of its processes runs now.
type process struct {
	name   string // of its log
	binary string
	args   []string
	env    []string
	dir    string
	ready  string // the URL that says that it is ready

	cmd   *exec.Cmd
	ended chan error // nil while it does not run
}

func (p *process) log() string { return filepath.Join(p.dir, p.name+".log") }

func (p *process) runs() bool { return p.ended != nil }

// start runs the binary.
func (p *process) start() error {
	log, err := os.OpenFile(p.log(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	p.cmd = exec.Command(p.binary, p.args...)
	p.cmd.Dir, p.cmd.Stderr, p.cmd.Env = p.dir, log, p.env
	if err := p.cmd.Start(); err != nil {
		return err
	}
	p.ended = make(chan error, 1)
	go func(cmd *exec.Cmd, ended chan error) { ended <- cmd.Wait() }(p.cmd, p.ended)
	return nil
}

func (p *process) awaitReady(ctx context.Context) error {
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		if p.isReady(ctx) {
			return nil
		}
		select {
		case <-again.C:
		case err := <-p.ended:
			p.ended <- err
			return fmt.Errorf("%s ended by itself: %w", p.name, err)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (p *process) isReady(ctx context.Context) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.ready, nil)
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
	if !p.runs() {
		return
	}
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.ended
	p.ended = nil
}

// errGaveUp: a stop took so long that the process left behind what was not done.
var errGaveUp = errors.New("gave up on what was left")

// stop is what an operator does. errGaveUp is no fault on a machine that is slow.
func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return errors.Join(err, <-p.ended)
	}
	err := <-p.ended
	p.ended = nil
	var status *exec.ExitError
	if errors.As(err, &status) && status.ExitCode() == 1 {
		return errGaveUp
	}
	if err != nil {
		return fmt.Errorf("%s did not stop in order: %w", p.name, err)
	}
	return nil
}

var errorLine = regexp.MustCompile(`(?m)level=ERROR msg=("[^"]*"|\S+)|^panic: .*`)

// countErrors counts what the log says of errors.
func (p *process) countErrors(counts map[string]int) {
	log, err := os.ReadFile(p.log())
	if err != nil {
		counts["it cannot be read: "+err.Error()]++
	}
	for _, found := range errorLine.FindAllString(string(log), -1) {
		counts[found]++
	}
}
