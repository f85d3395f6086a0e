package server

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// shortOfDescriptors makes the test binary a server that has none left.
const shortOfDescriptors = "NOD_TEST_SHORT_OF_DESCRIPTORS"

func TestMain(m *testing.M) {
	if os.Getenv(shortOfDescriptors) != "" {
		if err := serveShortOfDescriptors(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// serveShortOfDescriptors serves over a retryListener: it prints its
// address, uses all descriptors up, says so, and gives them back when it reads
// a line.
func serveShortOfDescriptors() error {
	ln, err := listen("ADDR", "127.0.0.1:0", slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err != nil {
		return err
	}
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Get("/", func(c *fiber.Ctx) error { return c.SendString("served") })
	served := make(chan error, 1)
	go func() { served <- app.Listener(ln) }()
	fmt.Println(ln.Addr())

	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 64, Max: 64}); err != nil {
		return err
	}
	var taken []int
	for {
		fd, err := syscall.Dup(1)
		if err != nil {
			break
		}
		taken = append(taken, fd)
	}
	fmt.Println("short")
	in := bufio.NewReader(os.Stdin)
	if _, err := in.ReadString('\n'); err != nil {
		return err
	}
	for _, fd := range taken {
		syscall.Close(fd)
	}
	if _, err := in.ReadString('\n'); err != nil {
		return err
	}
	ln.Close()
	return <-served
}

func TestTheServerOutlivesAShortageOfDescriptors(t *testing.T) {
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), shortOfDescriptors+"=1")
	stdin, err := child.StdinPipe()
	must(t, err)
	stdout, err := child.StdoutPipe()
	must(t, err)
	stderr, err := child.StderrPipe()
	must(t, err)
	must(t, child.Start())
	out := bufio.NewReader(stdout)
	addr, err := out.ReadString('\n')
	must(t, err)
	said, err := out.ReadString('\n')
	must(t, err)
	if said != "short\n" {
		t.Fatalf("the child said %q, want that it is short", said)
	}

	// The kernel accepts for it; the server cannot yet.
	answers := make(chan error, 1)
	go func() { answers <- fetch("http://" + strings.TrimSpace(addr)) }()
	log := bufio.NewReader(stderr)
	line, err := log.ReadString('\n')
	must(t, err)
	if !strings.Contains(line, "out of file descriptors") {
		t.Fatalf("the log says %q, want the shortage", line)
	}
	select {
	case err := <-answers:
		t.Fatalf("answered (%v) without a descriptor to answer on", err)
	default:
	}
	_, err = io.WriteString(stdin, "give back\n")
	must(t, err)
	must(t, <-answers)
	_, err = io.WriteString(stdin, "end\n")
	must(t, err)
	rest, err := io.ReadAll(log)
	must(t, err)
	if len(rest) > 0 {
		t.Errorf("the log goes on: %s", rest)
	}
	must(t, child.Wait())
}

func fetch(url string) error {
	client := http.Client{Timeout: 10 * time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get(url)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err != nil || string(body) != "served" {
		return fmt.Errorf("got %q, %v", body, err)
	}
	return nil
}

// alwaysShort is a listener that never gets a descriptor.
type alwaysShort struct {
	net.Listener
	asked chan struct{}
}

func (l alwaysShort) Accept() (net.Conn, error) {
	select {
	case l.asked <- struct{}{}:
	default:
	}
	return nil, &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
}

func TestAListenerThatWaitsCanBeClosed(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	asked := make(chan struct{}, 1)
	ln := newRetryListener(alwaysShort{inner, asked}, slog.New(slog.DiscardHandler))
	ended := make(chan error, 1)
	go func() {
		_, err := ln.Accept()
		ended <- err
	}()
	<-asked
	must(t, ln.Close())
	must(t, ln.Close()) // stopping closes it twice
	select {
	case err := <-ended:
		// The words are what fasthttp knows the end of a listener by.
		if err == nil || !strings.Contains(err.Error(), "use of closed network connection") {
			t.Fatalf("got %v, want net.ErrClosed", err)
		}
	case <-time.After(10 * time.Minute):
		t.Fatal("Accept still waits after Close")
	}
}

func TestABusyPortSaysWhichSettingChangesIt(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer busy.Close()
	_, err = listen("SIMULATOR_ADDR", busy.Addr().String(), slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), busy.Addr().String()) || !strings.Contains(err.Error(), "set SIMULATOR_ADDR") {
		t.Fatalf("got %v, want the address and the setting", err)
	}
}
