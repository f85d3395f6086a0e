package command

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

func TestTheSimulatorAlone(t *testing.T) {
	p := start(t, "--help says", []string{"simulator"}, "ADDR", "", "AUTHY_API_KEY", "a-key-of-my-own-for-tests")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.phones+"/protected/json/users/new",
		strings.NewReader("user[email]=a@example.com&user[cellphone]=2015550101&user[country_code]=1"))
	must(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if got := status(t, req.Clone(t.Context())).StatusCode; got != http.StatusUnauthorized {
		t.Errorf("without a key: got %d, want 401", got)
	}
	req.Body = io.NopCloser(strings.NewReader("user[email]=a@example.com&user[cellphone]=2015550101&user[country_code]=1"))
	req.Header.Set("X-Authy-API-Key", "a-key-of-my-own-for-tests")
	if got := status(t, req).StatusCode; got != http.StatusOK {
		t.Errorf("with the key: got %d, want 200", got)
	}
	p.end()
	if strings.Contains(p.stdout.String(), "a-key-of-my-own") {
		t.Errorf("a key that was given is printed:\n%s", p.stdout)
	}

	var help strings.Builder
	must(t, run(t.Context(), []string{"simulator", "--help"}, environment(), &help, t.Output()))
	for _, language := range []string{"Ruby", "Python", "Node", "PHP", "Java", "Go"} {
		if !strings.Contains(help.String(), language) {
			t.Errorf("the help says nothing about %s", language)
		}
	}
}

// Where localhost is ::1 first, a client that tries only that finds the phones.
func TestTheSimulatorListensOnBothLocalAddresses(t *testing.T) {
	p := start(t, "--help says", []string{"simulator"}, "ADDR", "", "SIMULATOR_NAME", "Shop", "SIMULATOR_HOSTS", "phones.test")
	_, port, err := net.SplitHostPort(strings.TrimPrefix(p.phones, "http://"))
	must(t, err)
	addresses := []string{"127.0.0.1"}
	if ln, err := net.Listen("tcp", "[::1]:0"); err == nil { // this machine has IPv6
		must(t, ln.Close())
		addresses = append(addresses, "::1")
	}
	for _, address := range addresses {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+net.JoinHostPort(address, port)+"/", nil)
		must(t, err)
		if got := status(t, req).StatusCode; got != http.StatusOK {
			t.Errorf("%s: got %d, want 200", address, got)
		}
		req.Host = "phones.test"
		if got := status(t, req).StatusCode; got != http.StatusOK {
			t.Errorf("%s as phones.test: got %d, want 200", address, got)
		}
	}
	p.end()
}
