package authy_test

import (
	"bytes"
	"compress/gzip"
	"errors"
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

// hang does not answer; it returns when the client hangs up.
func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// drip sends the head and then a space every few milliseconds, which is valid JSON
// so far.
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

// Every call fails with ErrUnavailable, returns no value, and is made once. The
// provider that hangs or drips is given up on by the timeout; all the others end
// without one.
func TestUnavailableProvider(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{
		"hangs": hang, "drips": drip, "100 MB": endless, "gzip bomb": bomb, "half a body": half, "drops": drop,
		"301": redirect(301), "302": redirect(302), "307": redirect(307), "308": redirect(308),
		"502 in HTML":           replying(502, "<html><body>Bad Gateway</body></html>"),
		"500 in JSON":           replying(500, `{"message":"x","success":false}`),
		"503 with success":      replying(503, valid),
		"201 with success":      replying(201, valid),
		"204":                   replying(204, ""),
		"200 in HTML":           replying(200, "<html>login</html>"),
		"404 in text":           replying(404, "Requested URL was not found. Please check http://docs.authy.com/ to see the valid URLs"),
		"401 in HTML":           replying(401, "<html>proxy</html>"),
		"empty":                 replying(200, ""),
		"{}":                    replying(200, `{}`),
		"[]":                    replying(200, `[]`),
		"null":                  replying(200, `null`),
		"a string":              replying(200, `"true"`),
		"two objects":           replying(200, valid+valid),
		"success and 2 MB":      replying(200, valid+strings.Repeat(" ", 2<<20)),
		"truncated":             replying(200, valid[:len(valid)-1]),
		"success false alone":   replying(200, `{"success":false}`),
		"success 1":             replying(200, `{"success":1,"token":"is valid"}`),
		"success True":          replying(200, `{"success":"True","token":"is valid"}`),
		"no success":            replying(200, `{"token":"is valid","user":{"id":1635}}`),
		"fields of other types": replying(200, `{"success":true,"message":[],"token":{},"user":[],"status":7,"approval_request":"x","qr_code":1}`),
		"not HTTP":              raw("SSH-2.0-OpenSSH\r\n"),
		"endless header":        raw("HTTP/1.1 200 OK\r\nX-A: " + strings.Repeat("a", 100<<10) + "\r\n\r\n" + valid),
		"invalid gzip":          raw("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd"),
		"truncated chunks":      raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\""),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t, answer)
			c := p.client()
			silent := name == "hangs" || name == "drips"
			if silent {
				c.Timeout = 200 * time.Millisecond
			}
			n := 0
			for op, call := range calls(c, t) {
				wantOnly(t, call(), "ErrUnavailable")
				// A provider that is given up on may not have received the request yet.
				if n++; len(p.received()) > n || (len(p.received()) < n && !silent) {
					t.Fatalf("%s: %d requests after %d calls", op, len(p.received()), n)
				}
			}
		})
	}
}

// A proxy in front of the provider may have passed a call on: what it answers says
// nothing about what became of the call. The provider's own errors do.
func TestTheOutcomeOfACallThatAProxyAnswers(t *testing.T) {
	t.Parallel()
	const page = "<html><body>Gateway Time-out</body></html>"
	for _, tt := range []struct {
		status  int
		body    string
		unknown bool
	}{
		{500, page, true}, {502, page, true}, {503, page, true}, {504, page, true}, {408, page, true},
		{504, "", true}, {504, `null`, true}, {504, `"timeout"`, true}, {504, `[]`, true}, {504, `{}`, true}, {520, "", true},
		{504, `{"message": "Endpoint request timed out"}`, true},
		{503, `{"error": "Service Unavailable", "status": 503, "path": "/protected"}`, true},
		{503, valid, true}, {201, valid, true}, {202, "", true}, {204, "", true}, {200, page, true}, {200, `{"success":true}`, true},

		{500, `{"message":"x","success":false}`, false},
		{500, `{"error_code":"60000","message":"Something went wrong","errors":{},"success":false}`, false},
		{503, `{"error_code":"60053","message":"x"}`, false},
		{408, `{"message":"x","success":"false"}`, false},
		{404, page, false}, {403, "", false}, {302, "", false}, {407, page, false},
	} {
		p := newProvider(t, replying(tt.status, tt.body))
		all := calls(p.client(), t)
		for _, op := range []string{"request approval", "sms", "call", "verify", "register", "authenticator"} {
			if tt.body == `{"success":true}` && (op == "sms" || op == "call") {
				continue // needs no more
			}
			if err := all[op](); err == nil || errors.Is(err, authy.ErrNoReply) != tt.unknown {
				t.Errorf("%s, status %d, %s: got %v; not known: want %v", op, tt.status, tt.body, err, tt.unknown)
			}
		}
	}
}

// Replies with success but without the data.
func TestSuccessWithoutData(t *testing.T) {
	p := newProvider(t, replying(200, `{"success":true,"message":"ok"}`))
	for op, call := range calls(p.client(), t) {
		switch op {
		case "remove", "sms", "call":
			if err := call(); err != nil {
				t.Errorf("%s: %v", op, err)
			}
		default:
			wantOnly(t, call(), "ErrUnavailable")
		}
	}
}

func TestRepliesThatDoNotMatchTheCall(t *testing.T) {
	for _, tt := range []struct{ op, reply string }{
		{"status", status}, // of another user
		{"approval status", strings.ReplaceAll(pending, requestID, strings.Replace(requestID, "550", "551", 1))},
		{"approval status", strings.Replace(pending, "28894864", "null", 1)},
		{"approval status", strings.Replace(pending, "28894864", "-1", 1)},
		{"approval status", strings.Replace(pending, "28894864", "1.5", 1)},
		{"approval status", strings.Replace(pending, "pending", "Approved", 1)},
		{"approval status", strings.Replace(pending, "pending", "", 1)},
		{"approval status", strings.Replace(pending, "2017-02-10T01:09:52Z", "yesterday", 1)},
		{"request approval", strings.Replace(requestSent, requestID, "../x", 1)},
		{"register", strings.Replace(registered, "1635", "0", 1)},
		{"register", strings.Replace(registered, "1635", "-1", 1)},
		{"register", strings.Replace(registered, "1635", "99999999999999999999", 1)},
		{"verify", strings.Replace(valid, `"is valid"`, `"is Valid"`, 1)},
		{"verify", strings.Replace(valid, `"is valid"`, `true`, 1)},
		{"verify", strings.Replace(valid, `"is valid"`, `"is valid "`, 1)},
		{"verify", strings.Replace(valid, `"is valid"`, `["is valid"]`, 1)},
		{"authenticator", strings.Replace(qrReply, "https://example.com/qr.png", "", 1)},
	} {
		p := newProvider(t, replying(200, tt.reply))
		wantOnly(t, calls(p.client(), t)[tt.op](), "ErrUnavailable")
	}
}

func TestUnreachableProvider(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	for _, base := range []string{"http://" + address, "http://127.0.0.1:99999", "not a URL\x00", "", "https://" + address, "gopher://x"} {
		c := authy.NewClient(base, apiKey)
		c.Timeout = unlimited
		for _, call := range calls(c, t) {
			err := call()
			wantOnly(t, err, "ErrUnavailable")
			if strings.Contains(fmt.Sprint(err), "/1635") {
				t.Errorf("the error shows a URL, which may have a code in it: %v", err)
			}
		}
	}
}

// A large reply is not read into memory.
func TestLargeRepliesAreNotRead(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{"100 MB": endless, "gzip bomb": bomb} {
		p := newProvider(t, answer)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		wantOnly(t, p.client().RemoveUser(t.Context(), 1), "ErrUnavailable")
		runtime.ReadMemStats(&after)
		// The provider, with its 1 MiB blocks, is in this process too.
		if grown := int64(after.TotalAlloc - before.TotalAlloc); grown > 16<<20 {
			t.Errorf("%s: %d bytes were allocated", name, grown)
		}
	}
}
