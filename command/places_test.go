package command

import (
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nod/tools/mmdb"
)

// from sends requests as a proxy does that got them from an address.
type from string

func (f from) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("X-Forwarded-For", string(f))
	return http.DefaultTransport.RoundTrip(req)
}

// The file of places reaches the waiting page.
func TestTheWaitingPageSaysThePlaceOfTheFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "places.mmdb")
	must(t, os.WriteFile(file, mmdb.Write("GeoLite2-City", map[string]mmdb.Place{
		"198.51.100.0/24": {City: "Bogotá", Country: "Colombia"},
	}), 0o600))
	p := start(t, lastWords, nil, "GEOIP_DB", file, "TRUSTED_PROXIES", "127.0.0.1")
	jar, err := cookiejar.New(nil)
	must(t, err)
	client := &http.Client{Jar: jar, Transport: from("198.51.100.9")}
	signUp(t, client, p.url)
	res, err := client.Get(p.url + "/login/approval")
	must(t, err)
	page, err := io.ReadAll(res.Body)
	must(t, errors.Join(err, res.Body.Close()))
	if !strings.Contains(string(page), "<dd>198.51.100.9</dd>") || !strings.Contains(string(page), "<dd>Bogotá, Colombia</dd>") {
		t.Errorf("the page lacks the address or its place:\n%s", page)
	}
	p.end()
}
