package push

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// notForAll are addresses that only this machine, or its network, takes for what they
// are.
var notForAll = map[string]string{
	"loopback": "127.0.0.1", "loopback, another": "127.255.0.3", "loopback of IPv6": "::1",
	"unspecified": "0.0.0.0", "unspecified of IPv6": "::",
	"private": "10.0.0.1", "private, second": "172.31.255.255", "private, third": "192.168.1.1", "private of IPv6": "fd00::1",
	"link-local": "169.254.169.254", "link-local of IPv6": "fe80::1", "site-local": "fec0::1",
	"carrier-grade NAT": "100.64.0.1", "its end": "100.127.255.255",
	"mapped loopback": "::ffff:127.0.0.1", "mapped private": "::ffff:10.0.0.1", "compatible": "::127.0.0.1",
	"NAT64": "64:ff9b::7f00:1", "NAT64, local": "64:ff9b:1::a00:1", "6to4": "2002:7f00:1::1", "Teredo": "2001:0:7f00:1::",
	"multicast": "224.0.0.1", "multicast of IPv6": "ff02::1", "broadcast": "255.255.255.255", "reserved": "240.0.0.1",
	"benchmarks": "198.18.0.1", "examples": "192.0.2.1", "examples of IPv6": "2001:db8::1", "discard": "100::1",
}

func TestOnlyPublicAddressesAreReached(t *testing.T) {
	for name, address := range notForAll {
		if err := mayDial(net.JoinHostPort(address, "443")); !errors.Is(err, errAddress) {
			t.Errorf("%s, %s: got %v", name, address, err)
		}
	}
	for _, address := range []string{"8.8.8.8", "172.15.255.255", "172.32.0.1", "100.63.255.255", "100.128.0.1", "11.0.0.1", "2607:f8b0:4004::1", "2a00:1450::1"} {
		if err := mayDial(net.JoinHostPort(address, "443")); err != nil {
			t.Errorf("%s: got %v", address, err)
		}
		if err := mayDial(net.JoinHostPort(address, "80")); !errors.Is(err, errAddress) {
			t.Errorf("%s on port 80: got %v", address, err)
		}
	}
	for _, address := range []string{"fcm.googleapis.com:443", "8.8.8.8", "[::ffff:8.8.8.8]:443", "[fe80::1%eth0]:443", "[2607:f8b0::1%eth0]:443"} {
		if err := mayDial(address); !errors.Is(err, errAddress) {
			t.Errorf("%s: got %v", address, err)
		}
	}
}

// A proxy would look names up where nobody judges the answer.
func TestNoProxyIsAsked(t *testing.T) {
	if client(Options{}).Transport.(*http.Transport).Proxy != nil {
		t.Error("there is a proxy")
	}
}

// A name of the list may lead anywhere: whoever runs its DNS, or stands on the way to
// it, says so.
func TestANameThatLeadsInsideIsNotReached(t *testing.T) {
	for name, address := range notForAll {
		dns := &nameServer{answers: []netip.Addr{netip.MustParseAddr(address)}}
		_, err := guarded(dns.resolver()).DialContext(t.Context(), "tcp", "fcm.googleapis.com:443")
		if !errors.Is(err, errAddress) {
			t.Errorf("%s, %s: got %v", name, address, err)
		}
	}
}

// The address that is looked at is the one that is dialled: an answer that is another
// one the second time gains nothing.
func TestANameThatChangesItsAnswer(t *testing.T) {
	errStop := errors.New("no network in a test")
	dns := &nameServer{answers: []netip.Addr{netip.MustParseAddr("8.8.8.8"), netip.MustParseAddr("127.0.0.1")}}
	d := guarded(dns.resolver())
	judge := d.ControlContext
	d.ControlContext = func(ctx context.Context, network, address string, c syscall.RawConn) error {
		if err := judge(ctx, network, address, c); err != nil {
			return err
		}
		return errStop
	}
	if _, err := d.DialContext(t.Context(), "tcp4", "fcm.googleapis.com:443"); !errors.Is(err, errStop) {
		t.Errorf("the public address: got %v", err)
	}
	if _, err := d.DialContext(t.Context(), "tcp4", "fcm.googleapis.com:443"); !errors.Is(err, errAddress) {
		t.Errorf("the loopback address: got %v", err)
	}
}

// nameServer answers every question with the next of its addresses, and then with the
// last again.
type nameServer struct {
	mu      sync.Mutex
	answers []netip.Addr
}

func (n *nameServer) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, StrictErrors: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go n.serve(ours)
		return theirs, nil
	}}
}

// serve speaks DNS as it is over TCP: each message after its length.
func (n *nameServer) serve(conn net.Conn) {
	defer conn.Close()
	for {
		var size uint16
		if binary.Read(conn, binary.BigEndian, &size) != nil {
			return
		}
		question := make([]byte, size)
		if _, err := io.ReadFull(conn, question); err != nil {
			return
		}
		reply, err := n.reply(question)
		if err != nil {
			return
		}
		if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...)); err != nil {
			return
		}
	}
}

func (n *nameServer) reply(question []byte) ([]byte, error) {
	var m dnsmessage.Message
	if err := m.Unpack(question); err != nil {
		return nil, err
	}
	m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
	head := dnsmessage.ResourceHeader{Name: m.Questions[0].Name, Class: dnsmessage.ClassINET, TTL: 0}
	switch a := n.answer(m.Questions[0].Type); {
	case a.Is4():
		m.Answers = []dnsmessage.Resource{{Header: head, Body: &dnsmessage.AResource{A: a.As4()}}}
	case a.Is6():
		m.Answers = []dnsmessage.Resource{{Header: head, Body: &dnsmessage.AAAAResource{AAAA: a.As16()}}}
	}
	return m.Pack()
}

// answer is the next address, or none for a question of the other family.
func (n *nameServer) answer(kind dnsmessage.Type) netip.Addr {
	n.mu.Lock()
	defer n.mu.Unlock()
	a := n.answers[0]
	if a.Is4() != (kind == dnsmessage.TypeA) {
		return netip.Addr{}
	}
	if len(n.answers) > 1 {
		n.answers = n.answers[1:]
	}
	return a
}
