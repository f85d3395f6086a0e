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

// SignInArgs are the arguments of SignIn: users who sign in again and again for a
// time.
type SignInArgs struct {
	Addr    string
	Members []string
	From    int           // the first of the members and of the browsers' addresses
	Workers int           // how many at a time
	Pause   time.Duration // of each after a sign-in
	For     time.Duration
}

// SignedIn is the number of sign-ins that reached the waiting page: password
// checked, session started, request stored, push sent.
type SignedIn struct {
	N    int
	Took time.Duration
}

// SignIn makes users sign in.
func (l *Load) SignIn(s SignInArgs, done *SignedIn) error {
	var n atomic.Int64
	errs := make([]error, s.Workers)
	start := time.Now()
	var workers sync.WaitGroup
	for w := range s.Workers {
		workers.Go(func() {
			p, err := newUser(s.From+w, s.Addr)
			// Each worker has its own members, so no member signs in twice at a time.
			for i := s.From + w; err == nil && time.Since(start) < s.For; i += s.Workers {
				if err = p.signIn(s.Members[i%len(s.Members)]); err == nil {
					n.Add(1)
					time.Sleep(s.Pause)
				}
			}
			errs[w] = err
		})
	}
	workers.Wait()
	done.N, done.Took = int(n.Load()), time.Since(start)
	return errors.Join(errs...)
}

// user is a browser that shows the sign-in page.
type user struct {
	client *http.Client
	site   string
	csrf   *http.Cookie // its name carries the port
	token  string
}

var formToken = regexp.MustCompile(`name="_csrf" value="([^"]+)"`)

func newUser(i int, addr string) (*user, error) {
	p := &user{site: "http://" + addr, client: &http.Client{
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
		if strings.HasPrefix(c.Name, "nod_csrf") {
			p.csrf = c
		}
	}
	token := formToken.FindSubmatch(page)
	if token == nil || p.csrf == nil {
		return nil, fmt.Errorf("the sign-in page has status %s and no form token", res.Status)
	}
	p.token = string(token[1])
	return p, nil
}

func (p *user) signIn(email string) error {
	form := url.Values{"_csrf": {p.token}, "email": {email}, "password": {password}}
	req, err := http.NewRequest(http.MethodPost, p.site+"/login", strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("User-Agent", userAgent)
	req.AddCookie(p.csrf)
	res, err := p.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if to := res.Header.Get("Location"); to != "/login/approval" {
		return fmt.Errorf("the sign-in got status %s and a redirect to %q", res.Status, to)
	}
	return nil
}
