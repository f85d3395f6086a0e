package main

import (
	"fmt"
	"net/http"
	"strings"
)

// What is no proper HTTP.
var protocolAttacks = []attack{
	{"A-70", "send requests that two readers read differently", smuggling},
}

// smuggling: none of these may be answered as if it were a request.
func smuggling(a *attempt) {
	host := "Host: " + a.origin.Host + "\r\n"
	get, post := "GET /healthz HTTP/1.1\r\n", "POST /login HTTP/1.1\r\n"
	form := "Content-Type: application/x-www-form-urlencoded\r\n"
	bad := map[string]string{
		"a length beside chunks":     post + host + form + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"chunks beside a length":     post + host + form + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
		"two lengths":                post + host + form + "Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
		"two equal lengths":          post + host + form + "Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd",
		"a list of lengths":          post + host + form + "Content-Length: 4, 4\r\n\r\nabcd",
		"a signed length":            post + host + form + "Content-Length: +4\r\n\r\nabcd",
		"a negative length":          post + host + form + "Content-Length: -4\r\n\r\nabcd",
		"xchunked":                   post + host + form + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
		"chunked twice":              post + host + form + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"chunked, identity":          post + host + form + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
		"a blank before the colon":   post + host + form + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
		"a chunk extension with LF":  post + host + form + "Transfer-Encoding: chunked\r\n\r\n2;\nxx\r\n0\r\n\r\n",
		"a chunk size that is none":  post + host + form + "Transfer-Encoding: chunked\r\n\r\n0x2\r\nab\r\n0\r\n\r\n",
		"chunks in HTTP/1.0":         "POST /login HTTP/1.0\r\n" + host + form + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"no host":                    get + "\r\n",
		"two hosts":                  get + host + "Host: evil.example\r\n\r\n",
		"an empty host":              get + "Host: \r\n\r\n",
		"a folded line":              get + host + "X-A: b\r\n c\r\n\r\n",
		"a NUL in a header":          get + host + "X-A: b\x00c\r\n\r\n",
		"a bare LF":                  "GET /healthz HTTP/1.1\n" + host + "\n",
		"a bare CR":                  get + host + "X-A: b\rX-B: c\r\n\r\n",
		"HTTP/9.9":                   "GET /healthz HTTP/9.9\r\n" + host + "\r\n",
		"HTTP/0.9":                   "GET /healthz\r\n\r\n",
		"an absolute URL":            "GET http://evil.example/healthz HTTP/1.1\r\n" + host + "\r\n",
		"a host in the line":         "GET @evil.example/ HTTP/1.1\r\n" + host + "\r\n",
		"a blank in the path":        "GET /health z HTTP/1.1\r\n" + host + "\r\n",
		"a header without a name":    get + host + ": b\r\n\r\n",
		"a header without a colon":   get + host + "X-A\r\n\r\n",
		"a name with a blank":        get + host + "X A: b\r\n\r\n",
		"a line before the first":    " " + get + host + "\r\n",
		"a method with a control":    "G\x01T /healthz HTTP/1.1\r\n" + host + "\r\n",
		"a path of 9 kB":             "GET /" + strings.Repeat("a", 9<<10) + " HTTP/1.1\r\n" + host + "\r\n",
		"a header of 9 kB":           get + host + "X-A: " + strings.Repeat("a", 9<<10) + "\r\n\r\n",
		"a method that does nothing": "TRACE /healthz HTTP/1.1\r\n" + host + "\r\n",
	}
	for name, text := range bad {
		if status := a.statusOf(text); status != 0 && status < 400 {
			a.through("%s: status %d", name, status)
		}
	}
	// A second request behind the first must not be answered either.
	conn := a.raw(bad["a length beside chunks"] + "GET /healthz HTTP/1.1\r\n" + host + "\r\n")
	defer conn.Close()
	answer := make([]byte, 64<<10)
	n, _ := conn.Read(answer) // it may be closed without an answer
	if strings.Contains(string(answer[:n]), fmt.Sprintf("HTTP/1.1 %d", http.StatusOK)) {
		a.through("a request was smuggled")
	}
	a.tried("%d malformed requests", len(bad))
	a.refusedBy("400, or the connection is closed")
}
