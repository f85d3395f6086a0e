package server

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"

	"nod/handlers"
	"nod/signin"
	"nod/stage"
)

// audience tells the wall of a demonstration, too: it is the browser of each guest.
type audience struct {
	handlers.Browsers
	stage *stage.Stage
}

// TellState tells the pages that wait on a session.
func (a audience) TellState(sessionID string, s signin.State) {
	a.Browsers.TellState(sessionID, s)
	a.stage.TellState(sessionID, s)
}

// browsers are who the flow tells.
func (s *site) browsers(b handlers.Browsers) signin.Browsers {
	if s.LAN == "" {
		return b
	}
	return audience{b, s.stage}
}

// listenInLAN opens the listener for the phones of an audience; nil where there is
// none. Its address is one alone, for that is the name it answers under.
func (s *site) listenInLAN() (net.Listener, error) {
	if s.LAN == "" {
		return nil, nil
	}
	host, port, err := net.SplitHostPort(s.LAN)
	if err == nil && host == "" {
		host, err = lanHost()
	}
	if err != nil {
		return nil, fmt.Errorf("--lan: %w", err)
	}
	ln, err := s.listen("--lan", net.JoinHostPort(host, port))
	if err != nil {
		return nil, err
	}
	s.lanURL = "http://" + ln.Addr().String()
	return ln, nil
}

// lanHost is the address of this machine in its network: the one that it would reach
// others from, or else the first. One that the whole internet may reach is taken only if
// it is named.
func lanHost() (string, error) {
	hosts := networkHosts()
	// Nothing is sent: the system only looks up from where it would be.
	if conn, err := net.Dial("udp", "192.0.2.1:9"); err == nil {
		defer conn.Close()
		host, _, _ := net.SplitHostPort(conn.LocalAddr().String())
		hosts = append([]string{host}, hosts...)
	}
	for _, host := range hosts {
		if ip, err := netip.ParseAddr(host); err == nil && ip.IsPrivate() {
			return host, nil
		}
	}
	return "", errors.New("this machine has no private address in a network: connect it, or name the address with --lan=ADDRESS:PORT")
}

// serveLAN serves the phones of the audience, and nothing else.
func (s *site) serveLAN(ln net.Listener) {
	if ln != nil {
		s.serveHTTP("the phones of the audience", ln, s.simulator.RoomHandler(ln.Addr().String(), s.stage.Audience()))
	}
}

// announceLAN says who reaches what.
func (s *site) announceLAN(out io.Writer) {
	if s.lanURL == "" {
		return
	}
	fmt.Fprintf(out, "An audience joins at %s\n\n", s.lanURL)
	fmt.Fprintln(out, "Everybody in that network reaches this address, and without encryption. It serves")
	fmt.Fprintln(out, "phones to those who scan the code on the stage (key W): no stage, faults, API or")
	fmt.Fprintln(out, "limits. Each phone has a secret address; a reset ends them all.")
}
