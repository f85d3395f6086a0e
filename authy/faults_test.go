package authy_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"nod/authy"
)

// hang answers nothing until the client has gone.
func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// drip sends the head and then a blank now and then, which is good JSON so
// far.
func drip(w http.ResponseWriter, r *http.Request) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for r.Context().Err() == nil {
		<-tick.C
		_, _ = io.WriteString(w, " ")
		_ = http.NewResponseController(w).Flush()
	}
}

func endless(w http.ResponseWriter, r *http.Request) {
	block := bytes.Repeat([]byte(" "), 1<<20)
	for range 100 {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
	_, _ = io.WriteString(w, registered)
}

func bomb(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Encoding", "gzip")
	z := gzip.NewWriter(w)
	block := make([]byte, 1<<20)
	for range 100 {
		if _, err := z.Write(block); err != nil {
			return
		}
	}
	_ = z.Close()
}

func half(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", fmt.Sprint(2*len(valid)))
	_, _ = io.WriteString(w, valid)
}

func drop(w http.ResponseWriter, _ *http.Request) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_ = conn.Close()
	}
}

func raw(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_, _ = io.WriteString(conn, text)
			_ = conn.Close()
		}
	}
}

func redirect(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("again") {
			replying(200, valid)(w, r)
			return
		}
		w.Header().Set("Location", "?again")
		replying(status, valid)(w, r)
	}
}

// Every call ends in ErrUnavailable, without a value, and is made once.
func TestProviderThatCannotBeAsked(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{
		"hangs": hang, "drips": drip, "100 MB": endless, "gzip bomb": bomb, "half a body": half, "drops": drop,
		"301": redirect(301), "302": redirect(302), "307": redirect(307), "308": redirect(308),
		"502 in HTML":         replying(502, "<html><body>Bad Gateway</body></html>"),
		"500 in JSON":         replying(500, `{"message":"x","success":false}`),
		"503 that says yes":   replying(503, valid),
		"201 that says yes":   replying(201, valid),
		"204":                 replying(204, ""),
		"200 in HTML":         replying(200, "<html>login</html>"),
		"404 in words":        replying(404, "Requested URL was not found. Please check http://docs.authy.com/ to see the valid URLs"),
		"401 in HTML":         replying(401, "<html>proxy</html>"),
		"nothing":             replying(200, ""),
		"{}":                  replying(200, `{}`),
		"[]":                  replying(200, `[]`),
		"null":                replying(200, `null`),
		"a text":              replying(200, `"true"`),
		"two objects":         replying(200, valid+valid),
		"yes and 2 MB":        replying(200, valid+strings.Repeat(" ", 2<<20)),
		"cut":                 replying(200, valid[:len(valid)-1]),
		"success alone":       replying(200, `{"success":false}`),
		"success 1":           replying(200, `{"success":1,"token":"is valid"}`),
		"success True":        replying(200, `{"success":"True","token":"is valid"}`),
		"no success":          replying(200, `{"token":"is valid","user":{"id":1635}}`),
		"fields of no type":   replying(200, `{"success":true,"message":[],"token":{},"user":[],"status":7,"approval_request":"x","qr_code":1}`),
		"not HTTP":            raw("SSH-2.0-OpenSSH\r\n"),
		"endless header":      raw("HTTP/1.1 200 OK\r\nX-A: " + strings.Repeat("a", 100<<10) + "\r\n\r\n" + valid),
		"gzip that is none":   raw("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd"),
		"chunks that are cut": raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\""),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t, answer)
			c := p.client()
			c.Timeout = 10 * time.Second
			silent := name == "hangs" || name == "drips"
			if silent {
				c.Timeout = 200 * time.Millisecond
			}
			n := 0
			for op, call := range calls(c, t) {
				start := time.Now()
				onlyMeans(t, call(), "ErrUnavailable")
				if took := time.Since(start); took > 5*time.Second {
					t.Errorf("%s took %v", op, took)
				}
				// Who is given up on may not have heard the request yet.
				if n++; len(p.received()) > n || (len(p.received()) < n && !silent) {
					t.Fatalf("%s: %d requests after %d calls", op, len(p.received()), n)
				}
			}
		})
	}
}

// Replies that say success and not what it is.
func TestEmptySuccess(t *testing.T) {
	p := newProvider(t, replying(200, `{"success":true,"message":"ok"}`))
	for op, call := range calls(p.client(), t) {
		switch op {
		case "remove", "sms", "call":
			if err := call(); err != nil {
				t.Errorf("%s: %v", op, err)
			}
		default:
			onlyMeans(t, call(), "ErrUnavailable")
		}
	}
}

func TestRepliesAboutSomethingElse(t *testing.T) {
	for _, tt := range []struct{ op, reply string }{
		{"status", status}, // of another user
		{"approval status", strings.ReplaceAll(standing, requestID, strings.Replace(requestID, "550", "551", 1))},
		{"approval status", strings.Replace(standing, "28894864", "null", 1)},
		{"approval status", strings.Replace(standing, "28894864", "-1", 1)},
		{"approval status", strings.Replace(standing, "28894864", "1.5", 1)},
		{"approval status", strings.Replace(standing, "pending", "Approved", 1)},
		{"approval status", strings.Replace(standing, "pending", "", 1)},
		{"approval status", strings.Replace(standing, "2017-02-10T01:09:52Z", "yesterday", 1)},
		{"request approval", strings.Replace(asked, requestID, "../x", 1)},
		{"register", strings.Replace(registered, "1635", "0", 1)},
		{"register", strings.Replace(registered, "1635", "-1", 1)},
		{"register", strings.Replace(registered, "1635", "99999999999999999999", 1)},
		{"verify", strings.Replace(valid, `"is valid"`, `"is Valid"`, 1)},
		{"verify", strings.Replace(valid, `"is valid"`, `true`, 1)},
		{"verify", strings.Replace(valid, `"is valid"`, `"is valid "`, 1)},
		{"verify", strings.Replace(valid, `"is valid"`, `["is valid"]`, 1)},
		{"authenticator", strings.Replace(picture, "https://example.com/qr.png", "", 1)},
	} {
		p := newProvider(t, replying(200, tt.reply))
		onlyMeans(t, calls(p.client(), t)[tt.op](), "ErrUnavailable")
	}
}

func TestNobodyListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	for _, base := range []string{"http://" + address, "http://127.0.0.1:99999", "not a URL\x00", "", "https://" + address, "gopher://x"} {
		for _, call := range calls(authy.NewClient(base, apiKey), t) {
			err := call()
			onlyMeans(t, err, "ErrUnavailable")
			if strings.Contains(fmt.Sprint(err), "/1635") {
				t.Errorf("the error shows a URL, which may have a code in it: %v", err)
			}
		}
	}
}

// A large reply is not held in memory.
func TestLargeRepliesAreNotRead(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{"100 MB": endless, "gzip bomb": bomb} {
		p := newProvider(t, answer)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		onlyMeans(t, p.client().RemoveUser(t.Context(), 1), "ErrUnavailable")
		runtime.ReadMemStats(&after)
		// The server is in this process too, with its 1 MiB blocks.
		if grown := int64(after.TotalAlloc - before.TotalAlloc); grown > 16<<20 {
			t.Errorf("%s: %d bytes were allocated", name, grown)
		}
	}
}
