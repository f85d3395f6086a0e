package hub_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// The benchmarks hold the browsers' ends of their connections in a second process,
// so that only the hub's side is measured and one process's limit of descriptors
// is enough.

const clientsEnv = "HUB_TEST_CLIENTS"

func TestMain(m *testing.M) {
	if addr := os.Getenv(clientsEnv); addr != "" {
		if err := runClients(addr, os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "clients:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// clients is that process.
type clients struct {
	in  io.WriteCloser
	out *bufio.Reader
}

// startClients starts the process, whose clients will connect to addr.
func startClients(t testing.TB, addr string) *clients {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), clientsEnv+"="+addr)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	return &clients{in: in, out: bufio.NewReader(out)}
}

// do sends a command of runClients and waits until it is done.
func (c *clients) do(t testing.TB, command string) {
	t.Helper()
	_, err := fmt.Fprintln(c.in, command)
	must(t, err)
	answer, err := c.out.ReadString('\n')
	if err != nil || answer != "done\n" {
		t.Fatalf("clients: %s: got %q, %v", command, answer, err)
	}
}

// runClients executes commands: "ws N" and "sse N" open N connections and read the
// head and the first event; "pong" reads a ping on each and answers it.
func runClients(addr string, in io.Reader, out io.Writer) error {
	var conns []net.Conn
	for lines := bufio.NewScanner(in); lines.Scan(); {
		word, number, _ := strings.Cut(lines.Text(), " ")
		n, _ := strconv.Atoi(number)
		var err error
		switch word {
		case "pong":
			err = pongAll(conns)
		default:
			conns, err = openAll(conns, addr, word, n)
		}
		if err != nil {
			return err
		}
		fmt.Fprintln(out, "done")
	}
	return nil
}

func openAll(conns []net.Conn, addr, kind string, n int) ([]net.Conn, error) {
	for i := range n {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			return nil, err
		}
		conns = append(conns, conn)
		if _, err := io.WriteString(conn, request(kind, addr, fmt.Sprintf("session-id-of-the-usual-length-%06d", i))); err != nil {
			return nil, err
		}
		if err := readUntil(conn, `"pending"}`); err != nil {
			return nil, err
		}
	}
	return conns, nil
}

// request is what Chromium sends, without the cookies.
func request(kind, host, key string) string {
	const rest = "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r\n" +
		"Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-GB,en-US;q=0.9,en;q=0.8\r\n" +
		"Pragma: no-cache\r\nCache-Control: no-cache\r\n"
	if kind == "sse" {
		return "GET /stream?key=" + key + " HTTP/1.1\r\nHost: " + host + "\r\nAccept: text/event-stream\r\n" + rest + "\r\n"
	}
	return "GET /events?key=" + key + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Origin: http://" + host + "\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
		"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n" + rest + "\r\n"
}

func readUntil(conn net.Conn, mark string) error {
	var got []byte
	buf := make([]byte, 1024)
	for !strings.Contains(string(got), mark) {
		n, err := conn.Read(buf)
		if err != nil {
			return fmt.Errorf("after %q: %w", got, err)
		}
		got = append(got, buf[:n]...)
	}
	return nil
}

func pongAll(conns []net.Conn) error {
	buf := make([]byte, 64)
	for _, conn := range conns {
		if _, err := conn.Read(buf); err != nil {
			return err
		}
		if _, err := conn.Write([]byte{0x8A, 0x80, 1, 2, 3, 4}); err != nil {
			return err
		}
	}
	return nil
}
