package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// patience is how long a single answer may take.
const patience = time.Minute

// site is the application that is attacked, and its phones.
type site struct {
	ctx    context.Context
	origin *url.URL
	addr   string // where it listens: the name may stand for more than one
	phones string

	run     string // tells the accounts of this run from those of others
	sources *atomic.Uint32
	people  *atomic.Uint32
	from    netip.Addr // of this attempt's browsers
}

// newSite refuses addresses that are not of this machine.
func newSite(ctx context.Context, app, phones string) (*site, error) {
	origin, err := url.Parse(app)
	if err != nil {
		return nil, err
	}
	for _, address := range []string{app, phones} {
		if err := onlyHere(address); err != nil {
			return nil, err
		}
	}
	run := make([]byte, 4)
	if _, err := rand.Read(run); err != nil {
		return nil, err
	}
	s := &site{
		ctx: ctx, origin: &url.URL{Scheme: origin.Scheme, Host: origin.Host}, addr: net.JoinHostPort("127.0.0.1", origin.Port()),
		phones: strings.TrimSuffix(phones, "/"), run: hex.EncodeToString(run), sources: new(atomic.Uint32), people: new(atomic.Uint32),
	}
	var some uint32
	for _, b := range run {
		some = some<<8 | uint32(b)
	}
	s.sources.Store(some)
	s.people.Store(some)
	return s.elsewhere(), nil
}

// onlyHere refuses what is not http on a loopback address.
func onlyHere(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	ip, err := netip.ParseAddr(u.Hostname())
	if u.Scheme != "http" || (u.Hostname() != "localhost" && (err != nil || !ip.IsLoopback())) || u.Port() == "" {
		return fmt.Errorf("%s: only demos on this machine are attacked: want http://localhost:PORT", address)
	}
	return nil
}

// elsewhere is the same site seen from another network: limits count by address,
// and some of them by the addresses around it.
func (s *site) elsewhere() *site {
	other := *s
	n := s.sources.Add(1)
	// 127.1.0.0 and up, each in a /24 of its own.
	other.from = netip.AddrFrom4([4]byte{127, byte(1 + n/251%253), byte(n % 251), 9})
	return &other
}

// dial connects from the address of the attempt.
func (s *site) dial(ctx context.Context) (net.Conn, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: s.from.AsSlice()}, Timeout: patience}
	return d.DialContext(ctx, "tcp", s.addr)
}

// transport opens all connections from the address of the attempt.
func (s *site) transport() *http.Transport {
	return &http.Transport{
		DialContext:     func(ctx context.Context, _, _ string) (net.Conn, error) { return s.dial(ctx) },
		MaxIdleConns:    4,
		IdleConnTimeout: time.Second,
	}
}

// liftLimits lets a demo forget what this run has used up. An older one has no way
// to, and the attempts have addresses and accounts of their own anyway.
func (s *site) liftLimits() {
	if status, err := s.callPhones(http.MethodPost, "/limits/reset", nil, nil); err == nil && status >= 500 {
		must(fmt.Errorf("the limits could not be lifted: status %d", status))
	}
}
