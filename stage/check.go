package stage

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/fasthttp/websocket"

	"nod/simulator"
)

// tried is how one line of the stage check went: what was seen, and what to do about it
// where that is wrong.
type tried struct {
	OK   bool   `json:"ok"`
	Said string `json:"said"`
	Do   string `json:"do,omitempty"`
}

func good(format string, args ...any) tried {
	return tried{OK: true, Said: fmt.Sprintf(format, args...)}
}

func bad(do, format string, args ...any) tried {
	return tried{Said: fmt.Sprintf(format, args...), Do: do}
}

// checks are what the server tries; the browser tries itself.
var checks = map[string]func(ctx context.Context, h *House, r *http.Request) tried{
	"callback": checkCallback,
	"socket":   checkSocket,
	"clock":    checkClock,
	"ports":    checkPorts,
	"network":  checkNetwork,
}

// serveCheck is POST /stage/check: what names one of the checks.
func serveCheck(w http.ResponseWriter, r *http.Request, h *House) error {
	check := checks[r.FormValue("what")]
	if check == nil {
		http.Error(w, "what must be callback, socket, clock, ports or network", http.StatusBadRequest)
		return nil
	}
	ctx, cancel := context.WithTimeout(r.Context(), writeTimeout)
	defer cancel()
	return writeJSON(w, check(ctx, h, r))
}

// checkCallback sends two: one that is signed has to be taken, and one that is not has
// to be refused.
func checkCallback(ctx context.Context, h *House, _ *http.Request) tried {
	const anew = "Press X, which also takes back every fault of the phones, and check again."
	signed, err := h.Phones.Ping(ctx)
	switch {
	case err != nil:
		return bad("Start nod demo anew; if that does not help, a firewall on this machine stands in between.", "No callback reaches the application: %v.", err)
	case signed != http.StatusOK:
		return bad(anew, "The application answers a signed callback with %d %s.", signed, http.StatusText(signed))
	}
	unsigned, err := h.Phones.Send(ctx, simulator.SentCallback{Method: http.MethodPost, Nonce: strconv.FormatInt(h.Now().Unix(), 10), Body: []byte("{}")})
	if err != nil || unsigned != http.StatusUnauthorized {
		return bad(anew, "The application answers an unsigned callback with %d: %v.", unsigned, err)
	}
	return good("A signed callback is taken, an unsigned one is refused.")
}

// checkSocket opens one through the public address, and waits for its first word.
func checkSocket(ctx context.Context, h *House, _ *http.Request) tried {
	const do = "Something on this machine stands between a browser and Nod: turn off proxies and VPNs, and start nod demo anew."
	begun := time.Now()
	dialer := websocket.Dialer{HandshakeTimeout: writeTimeout}
	conn, _, err := dialer.DialContext(ctx, strings.Replace(h.AppURL, "http", "ws", 1)+"/check/events", http.Header{"Origin": {h.AppURL}})
	if err != nil {
		return bad(do, "It does not open at %s: %v.", h.AppURL, err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	if _, _, err := conn.ReadMessage(); err != nil {
		return bad(do, "It opens at %s, but nothing comes: %v.", h.AppURL, err)
	}
	return good("Open through %s, first word after %d ms.", h.AppURL, time.Since(begun).Milliseconds())
}

// clockMayBeOff is how far clocks may be apart: a code of an authenticator app holds
// for half a minute, and a deadline is shown in seconds.
const clockMayBeOff = 2 * time.Second

// checkClock compares those of the application, of this machine and of the browser.
func checkClock(_ context.Context, h *House, r *http.Request) tried {
	now := time.Now()
	ms, err := strconv.ParseInt(r.FormValue("now"), 10, 64)
	if err != nil {
		return bad("Check again.", "The browser has not said what time it is.")
	}
	for _, clock := range []struct {
		whose string
		off   time.Duration
	}{{"Nod", h.Now().Sub(now)}, {"The browser", time.UnixMilli(ms).Sub(now)}} {
		if clock.off.Abs() > clockMayBeOff {
			return bad("Set the clock of this machine, and start nod demo anew.", "%s is %v away from the clock of this machine.", clock.whose, clock.off.Abs().Round(time.Second))
		}
	}
	return good("Nod, this machine and the browser agree: %s.", now.Format("15:04:05"))
}

// lookup is what a name means; a test has others.
var lookup = net.DefaultResolver.LookupHost

// checkPorts tries every address that a browser may take the name for: what is not
// Nod's there has to be free, or the browser may end up with another program.
func checkPorts(ctx context.Context, h *House, _ *http.Request) tried {
	for _, where := range []struct{ url, setting string }{{h.AppURL, "ADDR"}, {h.Origin, "SIMULATOR_ADDR"}} {
		u, err := url.Parse(where.url)
		if err != nil {
			return bad("Start nod demo anew.", "%v.", err)
		}
		hosts, _ := lookup(ctx, u.Hostname()) // one that is not known means nothing else
		for _, host := range hosts {
			addr := net.JoinHostPort(host, u.Port())
			if !slices.Contains(h.Listens, addr) && isTaken(addr) {
				return bad("End it, or start nod demo with "+where.setting+" on another port.", "Another program has %s, which %s may lead to as well.", addr, u.Hostname())
			}
		}
	}
	return good("Nobody else has them: %s.", strings.Join(h.Listens, ", "))
}

func isTaken(addr string) bool {
	ln, err := net.Listen("tcp", addr)
	if err == nil {
		_ = ln.Close() // it was never used
	}
	return errors.Is(err, syscall.EADDRINUSE)
}

// checkNetwork opens this machine's address in its network from another address, as a
// phone of the audience would: that of the room, where there is one. What the network
// itself keeps apart it cannot see.
func checkNetwork(ctx context.Context, h *House, _ *http.Request) tried {
	const try = "Try it with a phone: some networks keep devices apart."
	if h.LAN != "" {
		from, err := visitRoom(ctx, h)
		if err != nil {
			return bad("Let this program through the firewall of this machine, and start nod demo --lan anew.", "The room at %s cannot be opened: %v.", h.LAN, err)
		}
		return good("The room at %s can be opened from %s. %s", h.LAN, from, try)
	}
	hosts := h.Hosts()
	if len(hosts) == 0 {
		return bad("Join a network; without one everything works but the phones of an audience.", "This machine is in no network.")
	}
	ln, err := net.Listen("tcp", net.JoinHostPort(hosts[0], "0"))
	if err != nil {
		return bad("Join the network anew.", "Nothing can listen on %s: %v.", hosts[0], err)
	}
	defer ln.Close()
	conn, from, err := dialFromElsewhere(ctx, ln.Addr().String(), hosts)
	if err != nil {
		return bad("Let this program through the firewall of this machine.", "%s cannot be opened: %v.", hosts[0], err)
	}
	_ = conn.Close() // nothing was sent
	return good("%s can be opened from %s; nod demo --lan opens a room there. %s", hosts[0], from, try)
}

// visitRoom asks the listener of the audience for something: that it answers at all is
// what counts.
func visitRoom(ctx context.Context, h *House) (from string, err error) {
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, addr string) (conn net.Conn, err error) {
		conn, from, err = dialFromElsewhere(ctx, addr, h.Hosts())
		return conn, err
	}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.LAN+"/", nil)
	if err != nil {
		return "", err
	}
	res, err := transport.RoundTrip(req)
	if err != nil {
		return "", err
	}
	return from, res.Body.Close()
}

// dialFromElsewhere dials from the first other address of this machine that can be had.
func dialFromElsewhere(ctx context.Context, addr string, hosts []string) (conn net.Conn, from string, err error) {
	own, _, err := net.SplitHostPort(addr)
	for _, from = range slices.Concat(hosts, []string{"127.0.0.2", "127.0.0.1"}) {
		if from == own {
			continue
		}
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
		if conn, err = dialer.DialContext(ctx, "tcp", addr); err == nil {
			return conn, from, nil
		}
	}
	return nil, "", err
}
