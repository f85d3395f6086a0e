package simulator_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// worker is a third-party client in a process of its own: it reads steps as
// lines of JSON, and answers each with a line.
type worker struct {
	t   *testing.T
	in  io.WriteCloser
	out *bufio.Reader
}

// startWorker starts a client. When the test ends, the process must exit by
// itself because its input has ended.
func startWorker(t *testing.T, program string, args ...string) *worker {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*hangLimit)
	command := exec.CommandContext(ctx, program, args...)
	// The clients use the proxy of the environment, which cannot reach this test.
	command.Env = append(os.Environ(), "NO_PROXY=127.0.0.1", "no_proxy=127.0.0.1")
	command.Stderr = t.Output()
	in, err := command.StdinPipe()
	must(t, err)
	out, err := command.StdoutPipe()
	must(t, err)
	must(t, command.Start())
	t.Cleanup(func() {
		defer cancel()
		_ = in.Close()
		if err := command.Wait(); err != nil {
			t.Errorf("%s: %v", program, err)
		}
	})
	return &worker{t, in, bufio.NewReader(out)}
}

func (w *worker) send(step any) {
	w.t.Helper()
	must(w.t, json.NewEncoder(w.in).Encode(step))
}

func (w *worker) receive(outcome any) {
	w.t.Helper()
	line, err := w.out.ReadBytes('\n')
	must(w.t, err)
	if err := json.Unmarshal(line, outcome); err != nil {
		w.t.Fatalf("%v: %s", err, line)
	}
}

// skipWithout skips a test whose client is not installed, or fails it if
// everything must be tested.
func skipWithout(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("NOD_TEST_ALL") != "" {
		t.Fatalf("%s: make setup", what)
	}
	t.Skipf("%s (make setup installs it); this client is skipped", what)
}

// code returns the newest code that a phone received.
func (s *sim) code(user int64) string {
	s.t.Helper()
	messages, err := s.Messages(user)
	must(s.t, err)
	if len(messages) == 0 {
		s.t.Fatal("no message reached the phone")
	}
	return messages[0].Code
}

// otherCode returns a wrong code of the same length.
func otherCode(code string) string {
	return strings.Map(func(digit rune) rune { return '0' + (digit-'0'+1)%10 }, code)
}
