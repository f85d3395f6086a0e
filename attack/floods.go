package main

import (
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"time"
)

// Who holds what others need.
var floodAttacks = []attack{
	{"A-71", "send requests slower than anyone would", slowRequests},
	{"A-72", "open connection after connection from one address", manyConnections},
	{"6.16", "open connections and say nothing", silentConnections},
}

// served ends the attempt if somebody else is not, or not soon.
func (a *attempt) served(how string) time.Duration {
	b := a.elsewhere().browser()
	began := time.Now()
	if got := b.get("/login"); got.status != http.StatusOK {
		a.through("%s: somebody else gets status %d", how, got.status)
	}
	return time.Since(began)
}

// hold opens n connections that say something and nothing more.
func (a *attempt) hold(n int, text string) (held []net.Conn) {
	for range n {
		conn, err := a.dial(a.ctx)
		if err != nil {
			break // that is one way to be refused
		}
		_, _ = io.WriteString(conn, text) // another is to be closed
		held = append(held, conn)
	}
	return held
}

// cut waits until all connections are closed, and says how many were within a time.
func cut(held []net.Conn, within time.Duration) (n int) {
	by := time.Now().Add(within)
	for _, conn := range held {
		if conn.SetReadDeadline(by) == nil {
			if _, err := io.Copy(io.Discard, conn); err == nil || time.Now().Before(by) {
				n++
			}
		}
		conn.Close()
	}
	return n
}

func slowRequests(a *attempt) {
	const each = 30
	host := "Host: " + a.origin.Host + "\r\n"
	heads := a.hold(each, "GET /login HTTP/1.1\r\n"+host+"X-A: ")
	bodies := a.hold(each, "POST /login HTTP/1.1\r\n"+host+"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\na=")
	took := a.served("slow requests")
	all := append(heads, bodies...)
	if n := cut(all, 25*time.Second); n < len(all) {
		a.through("%d of %d slow requests were never cut", len(all)-n, len(all))
	}
	a.tried("%d heads and %d bodies that stop", each, each)
	a.refusedBy("cut after seconds; others were served in %s meanwhile", took.Round(time.Millisecond))
}

func manyConnections(a *attempt) {
	const connections = 400
	held := a.hold(connections, "GET /healthz HTTP/1.1\r\nHost: "+a.origin.Host+"\r\n\r\n")
	took := a.served("many connections")
	open := held
	// What came last may still be on its way to be seen, and to be closed.
	for until := time.Now().Add(10 * time.Second); len(open) > 128 && time.Now().Before(until); {
		open = slices.DeleteFunc(open, hungUp)
	}
	if len(open) > 128 {
		a.through("%d connections of one address stay open", len(open))
	}
	for _, conn := range open {
		conn.Close()
	}
	a.tried("%d connections from one address", connections)
	a.refusedBy("%d stay open, the idlest make room; others were served in %s", len(open), took.Round(time.Millisecond))
}

// hungUp says whether the server has closed a connection, and closes it, too.
func hungUp(conn net.Conn) bool {
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	if _, err := io.Copy(io.Discard, conn); err != nil && isTimeout(err) {
		return false
	}
	conn.Close()
	return true
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

func silentConnections(a *attempt) {
	const connections = 200
	held := a.hold(connections, "")
	took := a.served("silent connections")
	if n := cut(held, 25*time.Second); n < len(held) {
		a.through("%d of %d silent connections were never cut", len(held)-n, len(held))
	}
	a.tried("%d silent connections from one address", connections)
	a.refusedBy("at most 128 at a time, each cut after seconds; others were served in %s", took.Round(time.Millisecond))
}
