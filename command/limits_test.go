package command

import (
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"testing"
)

// The limits hold where the phones are simulated too, and the demonstration lifts
// them at the phones' address.
func TestADemonstrationLiftsTheLimits(t *testing.T) {
	p := start(t, lastWords, nil)
	jar, err := cookiejar.New(nil)
	must(t, err)
	client := &http.Client{Jar: jar}
	guess := func() int {
		form, err := client.Get(p.url + "/login")
		must(t, err)
		page, err := io.ReadAll(form.Body)
		must(t, errors.Join(err, form.Body.Close()))
		token := regexp.MustCompile(`name="_csrf" value="([^"]+)"`).FindSubmatch(page)
		got, err := client.PostForm(p.url+"/login", url.Values{
			"_csrf": {string(token[1])}, "email": {"ada@example.com"}, "password": {"not her password"},
		})
		must(t, errors.Join(err, got.Body.Close()))
		return got.StatusCode
	}
	for range 5 {
		if got := guess(); got != http.StatusUnprocessableEntity {
			t.Fatalf("a wrong password: got status %d", got)
		}
	}
	if got := guess(); got != http.StatusTooManyRequests {
		t.Errorf("the sixth: got status %d, want 429", got)
	}
	res, err := http.Post(p.phones+"/limits/reset", "application/json", nil)
	must(t, err)
	must(t, res.Body.Close())
	if got := guess(); res.StatusCode != http.StatusOK || got != http.StatusUnprocessableEntity {
		t.Errorf("once they are lifted: got status %d, then %d", res.StatusCode, got)
	}
	p.end()
}
