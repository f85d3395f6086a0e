package server

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"os"
	"strings"
	"time"

	"nod/config"
	"nod/providers"
)

// ErrRefused: a running Nod with these settings would refuse the callback.
var ErrRefused = errors.New("this callback is refused")

// maxSaved is how large a file with a request may be.
const maxSaved = 256 << 10

// Doctor says why the callback in a file, which holds one raw request, is refused
// or not. ErrRefused if it is.
func Doctor(c config.Config, file string, out io.Writer) error {
	if c.Simulated() {
		return &config.Error{Problems: []string{"AUTHY_API_KEY: set it, or AUTHY_API_KEY_FILE, to the key that callbacks are signed with"}}
	}
	r, err := readSaved(file)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	s := newSite(c, nil)
	if s.PublicURL == "" {
		s.PublicURL = "http://localhost:" + c.Addr[strings.LastIndex(c.Addr, ":")+1:]
	}
	address := s.PublicURL + callbackPath
	fmt.Fprintf(out, "%s %s for %s, with a body of %d bytes, checked over %s\n", r.Method, r.Path, r.Header.Get("Host"), len(r.Body), address)
	return tellVerdict(out, providers.Doctor{APIKey: string(c.APIKey), CallbackURL: address}, r)
}

// tellVerdict says whether the callback is refused, and why.
func tellVerdict(out io.Writer, d providers.Doctor, r providers.Received) error {
	problem := unlikeACallback(r)
	if problem != "" {
		fmt.Fprintln(out, problem)
	}
	answer, signed, why, err := d.Judge(r)
	switch {
	case why != "":
		fmt.Fprintf(out, "Its signature is refused: %s.\n", why)
		return ErrRefused
	case err != nil:
		fmt.Fprintf(out, "Its signature is right, but the message cannot be used: %v.\n", err)
		return ErrRefused
	case answer.Ping:
		fmt.Fprintln(out, "Its signature is right. It is the test callback of Authy's dashboard.")
	default:
		fmt.Fprintf(out, "Its signature is right. The answer to request %s is %q.\n", answer.RequestID, answer.Status)
	}
	if !signed.IsZero() {
		fmt.Fprintf(out, "Its nonce is the time %s UTC: Nod refuses it when its own clock is more than %v away from that.\n",
			signed.UTC().Format(time.DateTime), providers.NonceAge)
	}
	if problem != "" {
		return ErrRefused
	}
	return nil
}

// unlikeACallback is what a running Nod refuses before it looks at the signature.
func unlikeACallback(r providers.Received) string {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	switch {
	case r.Header.Get("Content-Encoding") != "":
		return "It is refused: its body is compressed. Let the proxy pass it on as it is."
	case r.Method == http.MethodPost && !strings.EqualFold(strings.TrimSpace(kind), "application/json"):
		return fmt.Sprintf("It is refused: its Content-Type is %q, not application/json.", r.Header.Get("Content-Type"))
	case r.Path != callbackPath:
		return fmt.Sprintf("It is refused: Nod takes callbacks at %s.", callbackPath)
	}
	return ""
}

// readSaved reads one raw request from a file. Line ends may be those of an editor.
func readSaved(file string) (r providers.Received, err error) {
	f, err := os.Open(file)
	if err != nil {
		return r, errors.Unwrap(err)
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxSaved+1))
	switch {
	case err != nil:
		return r, err
	case len(raw) > maxSaved:
		return r, fmt.Errorf("it is larger than %d bytes, which no callback is", maxSaved)
	}
	left := bytes.NewReader(raw)
	reader := bufio.NewReader(left)
	req, err := http.ReadRequest(reader)
	if err != nil {
		return r, fmt.Errorf("it is no raw HTTP/1.1 request: %w; it must begin as in \"POST %s HTTP/1.1\", then headers, an empty line and the body", err, callbackPath)
	}
	body, err := io.ReadAll(reader)
	if err != nil {
		return r, err
	}
	if body, err = savedBody(req, body); err != nil {
		return r, err
	}
	req.Header.Set("Host", req.Host)
	return providers.Received{Method: req.Method, Path: req.URL.Path, RawQuery: req.URL.RawQuery, Header: req.Header, Body: body}, nil
}

// savedBody is the body among what follows the head in a file.
func savedBody(req *http.Request, rest []byte) ([]byte, error) {
	switch {
	case len(req.TransferEncoding) > 0:
		return io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(rest)))
	case req.ContentLength > int64(len(rest)):
		return nil, fmt.Errorf("its body has %d bytes, and its Content-Length says %d: save the whole request", len(rest), req.ContentLength)
	case req.ContentLength > 0:
		return rest[:req.ContentLength], nil
	}
	return bytes.TrimSpace(rest), nil // the length was not saved
}
