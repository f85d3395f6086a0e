package main

import (
	"bufio"
	"bytes"
	"net/http"
	"strings"
	"time"

	"github.com/fasthttp/websocket"
)

// Who hears what.
var socketAttacks = []attack{
	{"A-24", "open the waiting page's socket without waiting", socketsOfStrangers},
	{"A-25", "open the victim's socket from another site", socketsOfOtherSites},
	{"A-26", "keep a socket open after the session has ended", aSocketAfterSignOut},
	{"A-28", "take over a connection that was somebody else's", reusedConnections},
	{"A-29", "open socket after socket of one session", manySockets},
	{"A-2A", "talk to a socket that only tells", talkingSockets},
	{"A-73", "send frames that are too large, endless or malformed", hostileFrames},
	{"A-74", "break the rules of the frames one by one", brokenFrames},
	{"A-75", "have frames unpacked", packedFrames},
	{"6.20", "open a socket with headers that no browser sends", forgedHandshakes},
}

const waitingSocket = "/login/events"

func socketsOfStrangers(a *attempt) {
	p := a.account()
	b := a.elsewhere().browser()
	p.waits(b).close()
	r := p.phone.pending()
	out := a.elsewhere().browser()
	p.signsIn(out)
	old := out.twin()
	out.post("/logout")
	garbage := a.browser()
	garbage.plant("session", "garbage")
	tried := 0
	for _, who := range []*browser{a.browser(), garbage, old} {
		for _, path := range []string{waitingSocket, waitingSocket + "?id=" + r.UUID + "&session=" + b.cookie("session"), "/transfers/events"} {
			tried++
			if status := who.refusal(path); status < 400 {
				a.through("%s: status %d", path, status)
			}
		}
	}
	a.tried("%d sockets without a cookie, with garbage, with a session that has ended", tried)
	a.refusedBy("401 before the upgrade")
}

func socketsOfOtherSites(a *attempt) {
	p := a.account()
	b := a.elsewhere().browser()
	p.waits(b).close()
	ours := a.origin.String()
	origins := []string{
		"https://evil.example", "null", ours + ".evil.example", strings.ToUpper(ours), "http://127.0.0.1:1",
		strings.Replace(ours, "http:", "https:", 1), strings.TrimSuffix(ours, a.origin.Port()) + "1", ours + "/", "http://evil@" + a.origin.Host, "",
	}
	for _, origin := range origins {
		if status := b.refusal(waitingSocket, "Origin", origin); status < 400 {
			a.through("origin %q: status %d", origin, status)
		}
	}
	a.tried("%d origins with the victim's cookie", len(origins))
	a.refusedBy("403: the origin is compared whole")
}

func aSocketAfterSignOut(a *attempt) {
	p := a.account()
	b := a.elsewhere().browser()
	p.waits(b).close()
	spy := b.events()
	spy.next()
	b.post("/login/cancel")
	if code := spy.closed(); code < 0 {
		a.through("the socket of a cancelled sign-in stays open")
	}
	p.signsIn(b)
	conn, _, err := b.dialSocket("/transfers/events")
	must(err)
	b.post("/logout")
	if code := (&socket{conn}).closed(); code < 0 {
		a.through("the socket of a signed-out page stays open")
	}
	a.tried("the sockets of a cancelled sign-in and of a page that signed out")
	a.refusedBy("closed as the session ends")
}

// reusedConnections: what is meant for sockets that have closed reaches nobody.
func reusedConnections(a *attempt) {
	const sockets = 20
	ada, bob := a.account(), a.account()
	victim, spy := a.elsewhere().browser(), a.elsewhere().browser()
	ada.waits(victim).close()
	for range sockets - 1 {
		s := victim.events()
		s.next()
		s.close()
	}
	bob.waits(spy).close()
	var ears []*socket
	for range 5 {
		s := spy.events()
		s.next()
		defer s.close()
		ears = append(ears, s)
	}
	ada.phone.approve(ada.phone.pending())
	for _, ear := range ears {
		if silent, frame := ear.silent(); !silent {
			a.through("a socket of somebody else was told %s", frame)
		}
	}
	a.tried("%d short sockets of one person, then 5 of another", sockets)
	a.refusedBy("the hub owns its connections: no frame went astray")
}

func manySockets(a *attempt) {
	p := a.account()
	b := a.elsewhere().browser()
	p.waits(b).close()
	opened, refused := 1, 0
	for range 60 {
		if b.refusal(waitingSocket) == http.StatusSwitchingProtocols {
			opened++
		} else {
			refused++
		}
	}
	if refused == 0 {
		a.through("%d sockets of one session in a row", opened)
	}
	if state := b.get("/authy/status"); state.status != http.StatusOK {
		a.through("the page does not even learn by asking: status %d", state.status)
	}
	a.tried("61 sockets in a row")
	a.refusedBy("429 after %d; asking goes on", opened)
}

func talkingSockets(a *attempt) {
	p := a.account()
	b := a.elsewhere().browser()
	p.waits(b).close()
	for name, send := range map[string]func(*websocket.Conn) error{
		"a text": func(c *websocket.Conn) error {
			return c.WriteMessage(websocket.TextMessage, []byte(`{"status":"approved"}`))
		},
		"bytes": func(c *websocket.Conn) error { return c.WriteMessage(websocket.BinaryMessage, []byte("approved")) },
		"64 KiB": func(c *websocket.Conn) error {
			return c.WriteMessage(websocket.TextMessage, bytes.Repeat([]byte("x"), 64<<10))
		},
		"no UTF-8": func(c *websocket.Conn) error { return c.WriteMessage(websocket.TextMessage, []byte{0xff, 0xfe}) },
	} {
		s := b.events()
		s.next()
		_ = send(s.conn) // it may be cut meanwhile
		if silent, frame := s.silent(); !silent {
			a.through("%s was answered with %q", name, frame)
		}
		if s.closed() < 0 {
			a.through("%s leaves the socket open", name)
		}
		s.close()
	}
	a.stillPending(b, "a frame")
	a.tried("text, bytes, 64 KiB and what is no text")
	a.refusedBy("nothing is echoed, and nothing decided")
}

// upgrade is the request for a socket as bytes.
func (b *browser) upgrade(path, headers string) string {
	return "GET " + path + " HTTP/1.1\r\nHost: " + b.s.origin.Host + "\r\nCookie: " + b.cookieHeader() + "\r\n" +
		"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
		headers + "\r\n"
}

// cutAfter sends bytes on a socket, and says whether it is closed then.
func (a *attempt) cutAfter(b *browser, frames []byte) bool {
	conn := a.raw(b.upgrade("/check/events", "Origin: "+a.origin.String()+"\r\n"))
	defer conn.Close()
	in := bufio.NewReader(conn)
	res, err := http.ReadResponse(in, nil)
	must(err)
	need(res.StatusCode == http.StatusSwitchingProtocols, "the socket was not opened: status %d", res.StatusCode)
	_, _ = conn.Write(frames) // it may be cut meanwhile
	must(conn.SetReadDeadline(time.Now().Add(patience / 4)))
	for {
		// What the server sends is short and not masked.
		opcode, err := in.ReadByte()
		if err != nil || opcode == 0x88 {
			return !isTimeout(err)
		}
		length, err := in.ReadByte()
		if err == nil {
			_, err = in.Discard(int(length))
		}
		if err != nil {
			return !isTimeout(err)
		}
	}
}

func hostileFrames(a *attempt) {
	b := a.browser()
	for name, frames := range map[string][]byte{
		"a tebibyte announced": {0x82, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4},
		"endless fragments":    bytes.Repeat([]byte{0x00, 0x81, 1, 2, 3, 4, 5}, 2000),
		"a flood of pings":     bytes.Repeat([]byte{0x89, 0x80, 1, 2, 3, 4}, 5000),
		"a megabyte of text":   append([]byte{0x81, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 0, 1, 2, 3, 4}, bytes.Repeat([]byte("x"), 1<<20)...),
	} {
		if !a.cutAfter(b, frames) {
			a.through("%s: the connection goes on", name)
		}
	}
	a.tried("a tebibyte announced, endless fragments, a flood of pings, a megabyte")
	a.refusedBy("each connection is closed")
}

func brokenFrames(a *attempt) {
	b := a.browser()
	broken := map[string][]byte{
		"no mask":               {0x81, 0x01, 'x'},
		"a ping without a mask": {0x89, 0x00},
		"a ping with a bit set": {0xa9, 0x80, 1, 2, 3, 4},
		"a reserved bit":        {0xc1, 0x81, 1, 2, 3, 4, 5},
		"an unknown opcode":     {0x83, 0x80, 1, 2, 3, 4},
		"an unknown control":    {0x8b, 0x80, 1, 2, 3, 4},
		"a long ping":           append([]byte{0x89, 0xfe, 0, 126, 1, 2, 3, 4}, bytes.Repeat([]byte("x"), 126)...),
		"a ping in pieces":      {0x09, 0x80, 1, 2, 3, 4},
		"a continued nothing":   {0x80, 0x80, 1, 2, 3, 4},
		"the top bit of length": {0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4},
		"a close of one byte":   {0x88, 0x81, 1, 2, 3, 4, 5},
		"a close code of 0":     {0x88, 0x82, 0, 0, 0, 0, 0, 0},
	}
	for name, frames := range broken {
		if !a.cutAfter(b, frames) {
			a.through("%s: the connection goes on", name)
		}
	}
	a.tried("%d broken frames", len(broken))
	a.refusedBy("each connection is closed")
}

func packedFrames(a *attempt) {
	b := a.browser()
	conn := a.raw(b.upgrade("/check/events", "Origin: "+a.origin.String()+"\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"))
	defer conn.Close()
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	must(err)
	need(res.StatusCode == http.StatusSwitchingProtocols, "the handshake: status %d", res.StatusCode)
	if extensions := res.Header.Get("Sec-WebSocket-Extensions"); extensions != "" {
		a.through("the server agrees to %q", extensions)
	}
	a.tried("permessage-deflate")
	a.refusedBy("no extension is agreed to")
}

func forgedHandshakes(a *attempt) {
	p := a.account()
	b := a.elsewhere().browser()
	p.waits(b).close()
	ours := "Origin: " + a.origin.String() + "\r\n"
	tries := map[string]string{
		"no origin":                "",
		"two origins":              ours + "Origin: https://evil.example\r\n",
		"one origin twice":         ours + ours,
		"our origin, cross-site":   ours + "Sec-Fetch-Site: cross-site\r\n",
		"our origin, sibling site": ours + "Sec-Fetch-Site: same-site\r\n",
		"two answers of one":       ours + "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Site: cross-site\r\n",
	}
	for name, headers := range tries {
		if status := a.statusOf(b.upgrade(waitingSocket, headers)); status < 400 {
			a.through("%s: status %d", name, status)
		}
	}
	a.tried("%d handshakes with the victim's cookie", len(tries))
	a.refusedBy("403 or 426")
}
