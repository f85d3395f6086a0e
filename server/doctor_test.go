package server

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"nod/authy"
	"nod/tools/ports"
)

// logged is a log that several goroutines write.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// With a real key the log says with which PUBLIC_URL a refused callback would match;
// the answer says nothing, and the callback counts for nothing.
func TestTheLogSaysWithWhatACallbackWouldMatch(t *testing.T) {
	const key = "a-real-key-for-this-test-only"
	address := ports.Free()
	log := &logged{}
	serve(t, endless, func(s *site) {
		s.APIKey, s.AuthyURL, s.Addr, s.PublicURL = key, "http://127.0.0.1:9", address, "https://nod.example"
		s.logger = slog.New(slog.NewTextHandler(log, nil))
	})
	body := []byte(`{"authy_id":1001,"uuid":"0123abcd","status":"approved","callback_action":"approval_request_status"}`)
	nonce := fmt.Sprint(time.Now().Unix())
	signature, err := authy.SignCallback(key, http.MethodPost, "https://front.test/authy/callback", nonce, body)
	must(t, err)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+"/authy/callback", bytes.NewReader(body))
	must(t, err)
	req.Host = "front.test"
	req.Header = http.Header{"Content-Type": {"application/json"}, "X-Authy-Signature": {signature}, "X-Authy-Signature-Nonce": {nonce}}
	res, err := http.DefaultClient.Do(req)
	must(t, err)
	var said bytes.Buffer
	_, err = said.ReadFrom(res.Body)
	must(t, err)
	must(t, res.Body.Close())
	if res.StatusCode != http.StatusUnauthorized || said.String() != "unauthorized\n" {
		t.Errorf("got %d %q", res.StatusCode, &said)
	}
	if want := "it would match with the host front.test: set PUBLIC_URL to https://front.test "; !strings.Contains(log.String(), want) {
		t.Errorf("the log lacks %q:\n%s", want, log)
	}
}
