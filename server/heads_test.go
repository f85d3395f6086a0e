package server

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
)

// asked are requests as bytes. HOST stands for the public name. Each ends with a
// request that a proxy might have taken for part of the one before, or the other
// way round: a second answer is what an attacker wants.
var asked = []struct {
	name, request string
	want          []int // the answers; 400 is the last one
}{
	// What must go on working.
	{"a request", "GET /healthz HTTP/1.1\r\nHost: HOST\r\n\r\n", []int{200}},
	{"two in a row", "GET /healthz HTTP/1.1\r\nHost: HOST\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: HOST\r\n\r\n", []int{200, 404}},
	{"an empty line before it", "\r\nGET /healthz HTTP/1.1\r\nHost: HOST\r\n\r\n", []int{200}},
	{"a value with blanks around it", "GET /healthz HTTP/1.1\r\nHost: \t HOST \t\r\nAccept:\r\n\r\n", []int{200}},
	{"a body, and one more", "POST /login HTTP/1.1\r\nHost: HOST\r\nContent-Length: 4\r\n\r\na=b\nGET /healthz HTTP/1.1\r\nHost: HOST\r\n\r\n", []int{403, 200}},
	{"a body that looks like a head", "POST /login HTTP/1.1\r\nHost: HOST\r\nContent-Length: 13\r\n\r\nGET / evil\n\n\nGET /healthz HTTP/1.1\r\nHost: HOST\r\n\r\n", []int{403, 200}},
	{"a body of GET", "GET /healthz HTTP/1.1\r\nHost: HOST\r\nContent-Length: 3\r\n\r\n\n\n\nGET /healthz HTTP/1.1\r\nHost: HOST\r\n\r\n", []int{200, 200}},
	{"chunks, and one more", "POST /login HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\na=\r\nA\r\n0123\n56789\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: HOST\r\n\r\n", []int{403, 200}},
	{"HTTP/1.0", "GET /healthz HTTP/1.0\r\n\r\n", []int{200}},
	{"what follows the last part of a form", post("Content-Type: multipart/form-data; boundary=x",
		"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--x--\r\n"+strings.Repeat("\r\n", 3000)+"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"), []int{403}},

	{"a head too large", "GET /login HTTP/1.1\r\nHost: HOST\r\nCookie: " + strings.Repeat("x", 20_000) + "\r\nX: y\r\n\r\n", []int{431}},
	{"a body too large", "POST /login HTTP/1.1\r\nHost: HOST\r\nContent-Length: 1000000\r\n\r\n", []int{413}},

	// One body, two lengths.
	{"a length and chunks", "POST /login HTTP/1.1\r\nHost: HOST\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: HOST\r\n\r\n", []int{400}},
	{"chunks and a length", "POST /login HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: HOST\r\n\r\n", []int{400}},
	{"chunks and no length", "POST /login HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n", []int{400}},
	{"two lengths", "POST /login HTTP/1.1\r\nHost: HOST\r\nContent-Length: 0\r\nContent-Length: 43\r\n\r\nGET /healthz HTTP/1.1\r\nHost: HOST\r\n\r\n", []int{400}},
	{"one length twice", "POST /login HTTP/1.1\r\nHost: HOST\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n", []int{400}},
	{"a list of lengths", "POST /login HTTP/1.1\r\nHost: HOST\r\nContent-Length: 0, 0\r\n\r\n", []int{400}},
	{"a length with a sign", "POST /login HTTP/1.1\r\nHost: HOST\r\nContent-Length: +0\r\n\r\n", []int{400}},
	{"a length in hexadecimal", "POST /login HTTP/1.1\r\nHost: HOST\r\nContent-Length: 0x0\r\n\r\n", []int{400}},
	{"no length", "POST /login HTTP/1.1\r\nHost: HOST\r\nContent-Length:\r\n\r\n", []int{400}},
	{"a length that overflows", "POST /login HTTP/1.1\r\nHost: HOST\r\nContent-Length: 18446744073709551616\r\n\r\n", []int{400}},
	{"another encoding", "POST /login HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: identity\r\n\r\n", []int{400}},
	{"two encodings", "POST /login HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", []int{400}},
	{"chunked twice", "POST /login HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", []int{400}},
	{"chunked in disguise", "POST /login HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", []int{400}},
	{"chunks of HTTP/1.0", "POST /login HTTP/1.0\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", []int{400}},
	{"a chunk with an extension", "POST /login HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n1;a\r\nb\r\n0\r\n\r\n", []int{400}},
	{"a chunk that ends in a bare line feed", "POST /login HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n1\nb\r\n0\r\n\r\n", []int{400}},
	{"a chunk longer than it says", "POST /login HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nbc\r\n0\r\n\r\n", []int{400}},
	{"a chunk of no number", "POST /login HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nb\r\n0\r\n\r\n", []int{400}},
	{"a trailer", "POST /login HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n", []int{400}},

	// Whose request is it?
	{"two Hosts", "GET /healthz HTTP/1.1\r\nHost: HOST\r\nHost: evil.example\r\n\r\n", []int{400}},
	{"one Host twice", "GET /healthz HTTP/1.1\r\nHost: HOST\r\nhost: HOST\r\n\r\n", []int{400}},
	{"no Host", "GET /healthz HTTP/1.1\r\n\r\n", []int{400}},
	{"an empty Host", "GET /healthz HTTP/1.1\r\nHost:\r\n\r\n", []int{400}},
	{"a path that names a host", "GET @evil.example/ HTTP/1.1\r\nHost: other.example\r\n\r\n", []int{400}},
	{"a whole URL", "GET http://evil.example/ HTTP/1.1\r\nHost: HOST\r\n\r\n", []int{400}},
	{"a tunnel", "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n", []int{400}},

	// Where does a line end?
	{"bare line feeds", "GET /healthz HTTP/1.1\nHost: HOST\n\n", []int{400}},
	{"a bare line feed after the request line", "GET /healthz HTTP/1.1\nHost: HOST\r\n\r\n", []int{400}},
	{"a bare line feed after a header", "GET /healthz HTTP/1.1\r\nHost: HOST\nX: y\r\n\r\n", []int{400}},
	{"a bare line feed at the end", "GET /healthz HTTP/1.1\r\nHost: HOST\r\n\n", []int{400}},
	{"a bare carriage return", "GET /healthz HTTP/1.1\r\nHost: HOST\r\nX: a\rY: b\r\n\r\n", []int{400}},
	{"a bare carriage return in the request line", "GET /health\rz HTTP/1.1\r\nHost: HOST\r\n\r\n", []int{400}},
	{"two carriage returns", "GET /healthz HTTP/1.1\r\nHost: HOST\r\r\n\r\n", []int{400}},
	{"a folded line", "GET /healthz HTTP/1.1\r\nHost: HOST\r\nX: a\r\n b\r\n\r\n", []int{400}},
	{"a folded line with a colon", "GET /healthz HTTP/1.1\r\nHost: HOST\r\nX: a\r\n\tTransfer-Encoding: chunked\r\n\r\n", []int{400}},
	{"a line folded at once", "GET /healthz HTTP/1.1\r\n Host: HOST\r\nHost: HOST\r\n\r\n", []int{400}},
	{"a blank before the colon", "POST /login HTTP/1.1\r\nHost: HOST\r\nContent-Length : 5\r\n\r\n", []int{400}},
	{"no colon", "GET /healthz HTTP/1.1\r\nHost: HOST\r\nnonsense\r\n\r\n", []int{400}},
	{"no name", "GET /healthz HTTP/1.1\r\nHost: HOST\r\n: value\r\n\r\n", []int{400}},
	{"a zero byte", "GET /healthz HTTP/1.1\r\nHost: HOST\r\nX: a\x00b\r\n\r\n", []int{400}},

	// Which HTTP is it?
	{"HTTP/9.9", "GET /healthz HTTP/9.9\r\nHost: HOST\r\n\r\n", []int{400}},
	{"HTTP/1.2", "GET /healthz HTTP/1.2\r\nHost: HOST\r\n\r\n", []int{400}},
	{"HTTP/0.9", "GET /healthz\r\n\r\n", []int{400}},
	{"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", []int{400}},
	{"http/1.1", "GET /healthz http/1.1\r\nHost: HOST\r\n\r\n", []int{400}},
	{"two blanks in the request line", "GET  /healthz HTTP/1.1\r\nHost: HOST\r\n\r\n", []int{400}},
	{"a blank in the path", "GET /health z HTTP/1.1\r\nHost: HOST\r\n\r\n", []int{400}},
	{"a tab in the request line", "GET\t/healthz HTTP/1.1\r\nHost: HOST\r\n\r\n", []int{400}},
	{"a zero byte in the path", "GET /\x00 HTTP/1.1\r\nHost: HOST\r\n\r\n", []int{400}},
	{"a method that is no word", "G(T /healthz HTTP/1.1\r\nHost: HOST\r\n\r\n", []int{400}},
}

func post(header, body string) string {
	return fmt.Sprintf("POST /login HTTP/1.1\r\nHost: HOST\r\n%s\r\nContent-Length: %d\r\n\r\n%s", header, len(body), body)
}

// What two readers could read differently is refused, and nothing of what follows
// on the connection is answered.
func TestWhatCouldBeTwoRequestsIsRefused(t *testing.T) {
	s := serve(t, endless)
	for _, test := range asked {
		t.Run(test.name, func(t *testing.T) {
			conn := s.says(s.app, strings.ReplaceAll(test.request, "HOST", host(s.app)))
			must(t, conn.CloseWrite())
			in := bufio.NewReader(conn)
			for n, want := range test.want {
				res, err := http.ReadResponse(in, nil)
				if err != nil {
					t.Fatalf("answer %d: %v, want %d", n+1, err, want)
				}
				body, err := io.ReadAll(res.Body)
				must(t, err)
				if res.StatusCode != want {
					t.Fatalf("answer %d: got %d, want %d:\n%s", n+1, res.StatusCode, want, body)
				}
				if res.Header.Get("X-Content-Type-Options") != "nosniff" || res.Header.Get("Location") != "" {
					t.Errorf("answer %d: headers %v", n+1, res.Header)
				}
			}
			more, err := io.ReadAll(in)
			if errors.Is(err, os.ErrDeadlineExceeded) || len(more) > 0 {
				t.Errorf("one more answer than there are requests: %q, %v", more, err)
			}
		})
	}
}

// The phones and the metrics are served by net/http, which takes some of them, behind
// the same check. What is wrong with a body is found while it is read, so such a
// request may get its answer; nothing that follows does.
func TestTheOtherListenersRefuseWhatCouldBeTwoRequests(t *testing.T) {
	s := serve(t, endless)
	for name, addr := range map[string]string{"the phones": s.phones, "the metrics": s.metrics} {
		for _, test := range asked {
			request := strings.ReplaceAll(test.request, "HOST", host(addr))
			read := &heads{}
			_, verdict := read.pass([]byte(request))
			conn := s.says(addr, request)
			must(t, conn.CloseWrite())
			in := bufio.NewReader(conn)
			for n := range test.want {
				res, err := http.ReadResponse(in, nil)
				if err != nil {
					t.Errorf("%s: %s: answer %d of %d: %v", name, test.name, n+1, len(test.want), err)
					break
				}
				_, err = io.Copy(io.Discard, res.Body)
				must(t, err)
				if verdict != nil && read.at == inHead && res.StatusCode != http.StatusBadRequest {
					t.Errorf("%s: %s: got %d, want 400", name, test.name, res.StatusCode)
				}
			}
			more, err := io.ReadAll(in)
			if errors.Is(err, os.ErrDeadlineExceeded) || len(more) > 0 {
				t.Errorf("%s: %s: one more answer than there are requests: %q, %v", name, test.name, more, err)
			}
		}
	}
}

// However the network cuts a request: the verdict is the same, and of a refused
// head the server never gets the end.
func TestTheVerdictDoesNotDependOnThePieces(t *testing.T) {
	for _, test := range asked {
		request := strings.ReplaceAll(test.request, "HOST", "localhost:3000")
		whole, wantErr := (&heads{}).pass([]byte(request))
		// Not only the server behind it refuses it.
		if refused := wantErr != nil; refused != (test.want[len(test.want)-1] == http.StatusBadRequest) {
			t.Errorf("%s: the verdict is %v", test.name, wantErr)
		}
		for size := 1; size < len(request); size++ {
			h, passed := &heads{}, 0
			var err error
			for rest := request; rest != "" && err == nil; {
				piece := rest[:min(size, len(rest))]
				rest = rest[len(piece):]
				var n int
				n, err = h.pass([]byte(piece))
				passed += n
			}
			if passed != whole || err != wantErr {
				t.Fatalf("%s in pieces of %d: got %d bytes and %v, want %d and %v", test.name, size, passed, err, whole, wantErr)
			}
		}
	}
}

// What is passed on is passed on as it is, a refused head has no end in it, and
// nothing panics.
func FuzzHeads(f *testing.F) {
	for _, test := range asked {
		f.Add([]byte(test.request), uint8(3))
	}
	f.Fuzz(func(t *testing.T, request []byte, size uint8) {
		if len(request) > maxLine {
			return // of longer lines the middle is not kept, and no server takes them
		}
		whole, wantErr := (&heads{}).pass(request)
		if wantErr == nil && whole != len(request) {
			t.Fatalf("%d of %d bytes are passed, and no word why", whole, len(request))
		}
		if wantErr != nil && request[whole] != '\n' {
			t.Fatalf("refused in the middle of a line: %q", request[whole:])
		}
		h, passed := &heads{}, 0
		for rest := request; len(rest) > 0; {
			n, err := h.pass(rest[:min(int(size)+1, len(rest))])
			passed += n
			if err != nil {
				break
			}
			rest = rest[min(int(size)+1, len(rest)):]
		}
		if passed != whole || h.err != wantErr {
			t.Fatalf("in pieces of %d: got %d bytes and %v, want %d and %v", int(size)+1, passed, h.err, whole, wantErr)
		}
	})
}
