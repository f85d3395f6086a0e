package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// SignIns is people who give their password again and again, for a time.
type SignIns struct {
	Addr    string
	Members []string
	Workers int // at once
	For     time.Duration
}

// SignedIn is how many of them got to the waiting page: password checked,
// session begun, request stored, phone rung.
type SignedIn struct {
	N    int
	Took time.Duration
}

// SignIn has people sign in.
func (l *Load) SignIn(s SignIns, done *SignedIn) error {
	var n atomic.Int64
	errs := make([]error, s.Workers)
	begin := time.Now()
	var workers sync.WaitGroup
	for w := range s.Workers {
		workers.Go(func() {
			p, err := newPerson(w, s.Addr)
			// No member is signed in by two at once: each has its share.
			for i := w; err == nil && time.Since(begin) < s.For; i += s.Workers {
				if err = p.signIn(s.Members[i%len(s.Members)]); err == nil {
					n.Add(1)
				}
			}
			errs[w] = err
		})
	}
	workers.Wait()
	done.N, done.Took = int(n.Load()), time.Since(begin)
	return errors.Join(errs...)
}

// person is a browser with the sign-in page open.
type person struct {
	client      *http.Client
	site        string
	csrf, token string
}

var formToken = regexp.MustCompile(`name="_csrf" value="([^"]+)"`)

func newPerson(i int, addr string) (*person, error) {
	p := &person{site: "http://" + addr, client: &http.Client{
		Transport:     &http.Transport{DialContext: func(_ context.Context, _, addr string) (net.Conn, error) { return dialFrom(i, addr) }},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	res, err := p.client.Get(p.site + "/login")
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	for _, c := range res.Cookies() {
		if c.Name == "nod_csrf" {
			p.csrf = c.Value
		}
	}
	token := formToken.FindSubmatch(page)
	if token == nil || p.csrf == "" {
		return nil, fmt.Errorf("the sign-in page came with %s and no form token", res.Status)
	}
	p.token = string(token[1])
	return p, nil
}

func (p *person) signIn(email string) error {
	form := url.Values{"_csrf": {p.token}, "email": {email}, "password": {password}}
	req, err := http.NewRequest(http.MethodPost, p.site+"/login", strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("User-Agent", userAgent)
	req.AddCookie(&http.Cookie{Name: "nod_csrf", Value: p.csrf})
	res, err := p.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if to := res.Header.Get("Location"); to != "/login/approval" {
		return fmt.Errorf("a sign-in was answered with %s and sent to %q", res.Status, to)
	}
	return nil
}
