package main

import (
	"fmt"
	"strings"
)

// row is a line of the table: one figure of Nod and of other programs.
type row struct {
	what   string
	figure figure
	unit   unit
	nod    string // the program in Nod's column
	usual  string // the program in the usual design's column, "" for none
	others []string
	goal   goal
	how    string // how it is measured
}

// unit formats a value.
type unit func(float64) string

func kilobytes(v float64) string    { return fmt.Sprintf("%.2f kB", v/1e3) }
func megabytes(v float64) string    { return fmt.Sprintf("%.0f MB", v/1e6) }
func microseconds(v float64) string { return fmt.Sprintf("%.0f µs", v*1e6) }
func milliseconds(v float64) string {
	switch {
	case v >= 0.1:
		return fmt.Sprintf("%.0f ms", v*1e3)
	case v >= 0.01:
		return fmt.Sprintf("%.1f ms", v*1e3)
	}
	return fmt.Sprintf("%.2f ms", v*1e3)
}
func number(v float64) string { return fmt.Sprintf("%.0f", v) }
func perSecond(v float64) string {
	if v >= 1000 {
		return fmt.Sprintf("%.1f k/s", v/1e3)
	}
	return fmt.Sprintf("%.1f/s", v)
}

// goal is what a row should reach. The zero value is no goal.
type goal struct {
	text    string
	reached func(results, row) bool
}

func atMost(limit float64, text string) goal {
	return goal{"≤ " + text, func(r results, w row) bool {
		s, ok := r.summarise(w.figure, w.nod)
		return ok && s.median <= limit
	}}
}

func atLeast(limit float64, text string) goal {
	return goal{"≥ " + text, func(r results, w row) bool {
		s, ok := r.summarise(w.figure, w.nod)
		return ok && s.median >= limit
	}}
}

// none is reached only if no round lost anything.
var none = goal{"0", func(r results, w row) bool {
	s, ok := r.summarise(w.figure, w.nod)
	return ok && s.max == 0
}}

func ratioAtMost(limit float64, to string) goal {
	return goal{fmt.Sprintf("≤ %g × %s", limit, names[to]), func(r results, w row) bool {
		s, ok := r.ratio(w.figure, w.nod, to)
		return ok && s.median <= limit
	}}
}

func ratioAtLeast(limit float64, to string) goal {
	return goal{fmt.Sprintf("≥ %g × %s", limit, names[to]), func(r results, w row) bool {
		s, ok := r.ratio(w.figure, w.nod, to)
		return ok && s.median >= limit
	}}
}

// names are the programs' names in the table.
var names = map[string]string{
	designNod: "Nod", designHub: "hub alone", designUsual: "usual", designCentrifuge: "centrifuge", designPolling: "polling",
	instances[0]: instances[0], instances[1]: instances[1], instances[2]: instances[2],
	rawLoopback: "raw", emptyPost: "empty POST", hashAlone: "hash alone", disk: "disk alone",
}

// rows returns the rows of the table, with the project's goals.
func rows(e extent) []row {
	inMemory := fmt.Sprintf("all with env %s, so that Go collects early and returns memory at once; minimum of %d readings", strings.Join(collected, " "), e.readings)
	return []row{
		{
			what: "RSS per waiting browser", figure: rss, unit: kilobytes,
			nod: designNod, usual: designUsual, others: []string{designCentrifuge}, goal: atMost(0.5e3, "0.5 kB"),
			how: fmt.Sprintf("whole application, %d sockets with Chromium's headers and session cookies added to 200 that already wait, after every session has loaded a page; smaps_rollup; %s", e.browsers, inMemory),
		},
		{
			what: "heap and stack per waiting browser", figure: live, unit: kilobytes,
			nod: designNod, usual: designUsual, others: []string{designCentrifuge}, goal: atMost(0.5e3, "0.5 kB"),
			how: "at the same moment; go_memstats_heap_alloc_bytes + go_memstats_stack_inuse_bytes as the process reports them",
		},
		{
			what: "RSS of the whole process", figure: natural, unit: megabytes,
			nod: designNod, usual: designUsual, others: []string{designHub, designCentrifuge},
			how: "with Go's default settings, just after all browsers have connected, garbage and caches included",
		},
		{
			what: "RSS per open event stream", figure: streamRSS, unit: kilobytes,
			nod: designNod, usual: designUsual, goal: atMost(0.3e3, "0.3 kB"),
			how: "as in the first row, for GET /login/stream; the usual design uses fasthttp's body stream writer",
		},
		{
			what: "CPU per handshake, the same work", figure: handshake, unit: microseconds,
			nod: designHub, usual: designUsual, others: []string{designCentrifuge}, goal: ratioAtMost(0.75, designUsual),
			how: fmt.Sprintf("schedstat of all threads of the server while %d browsers connect, %d at a time; Nod's hub behind the session check of the usual design", e.browsers, concurrentDials),
		},
		{
			what: "CPU per handshake, whole application", figure: handshake, unit: microseconds,
			nod: designNod, usual: designUsual, goal: ratioAtMost(0.75, designUsual),
			how: "the same for the real binary, which also reads session, user and request and sends the stored state; the usual design only reads its session",
		},
		{
			what: "CPU per ping and pong", figure: ping, unit: microseconds,
			nod: designNod, usual: designUsual, others: []string{designHub}, goal: atMost(30e-6, "30 µs"),
			how: fmt.Sprintf("all CPU time of the server in %s while all browsers wait, divided by the pings answered; one ping per browser every 30 s", e.pings),
		},
		{
			what: "publish → received at 200/s, p50", figure: publishP50, unit: milliseconds,
			nod: designHub, usual: designUsual, others: []string{rawLoopback, emptyPost, designCentrifuge}, goal: ratioAtMost(1.3, rawLoopback),
			how: fmt.Sprintf("Nod's hub behind the publishing endpoint of the usual design, because Nod itself publishes only what it has stored; from sending a POST to reading the frame on another connection, with %d open; raw: 128 bytes there and back at the same rate, in the same minute; empty POST: the response time of a request of the same size that publishes nothing", e.browsers),
		},
		{
			what: "publish → received at 200/s, p99", figure: publishP99, unit: milliseconds,
			nod: designHub, usual: designUsual, others: []string{rawLoopback, emptyPost, designCentrifuge}, goal: atMost(5e-3, "5 ms"),
			how: fmt.Sprintf("the same %.0f events", e.publishFor.Seconds()*eventsPerSecond),
		},
		{
			what: "events lost", figure: publishLost, unit: number,
			nod: designHub, usual: designUsual, others: []string{designCentrifuge}, goal: none,
			how: "of the events of the rows above and below",
		},
		{
			what: "publishes to distinct browsers", figure: publishRate, unit: perSecond,
			nod: designHub, usual: designUsual, others: []string{designCentrifuge}, goal: atLeast(15_000, "15 k/s"),
			how: fmt.Sprintf("%d POSTs over 32 connections, each sent as soon as the one before is answered, until the last event is received; the load generator shares the processors", e.burst*e.browsers),
		},
		{
			what: "CPU per publish", figure: publishCPU, unit: microseconds,
			nod: designHub, usual: designUsual, others: []string{designCentrifuge}, goal: atMost(60e-6, "60 µs"),
			how: "schedstat over the row above, the HTTP request included",
		},
		{
			what: "callback → event received at 200/s, p50", figure: tapP50, unit: milliseconds,
			nod: designNod, others: []string{disk, designPolling}, goal: atMost(5e-3, "5 ms"),
			how: fmt.Sprintf("the real binary: from sending a signed POST /authy/callback to reading the frame, with the decision stored on disk in between (SQLite, WAL, synchronous=FULL); disk alone: 4 kB written and synced; polling: from storing the answer to the page's next poll, %d pages polling every 2 s", e.pollers),
		},
		{
			what: "callback → event received at 200/s, p99", figure: tapP99, unit: milliseconds,
			nod: designNod, others: []string{designPolling}, goal: atMost(50e-3, "50 ms"),
			how: "the same",
		},
		{
			what: "decisions lost", figure: tapLost, unit: number,
			nod: designNod, others: []string{designPolling}, goal: none,
			how: "the same",
		},
		{
			what: "RSS per browser waiting by polling", figure: pollRSS, unit: kilobytes,
			others: []string{designPolling},
			how:    fmt.Sprintf("as in the first row, for %d keep-alive connections that poll every 2 s", e.pollers),
		},
		{
			what: "sign-ins", figure: signIns, unit: perSecond,
			nod: designNod, others: []string{hashAlone}, goal: ratioAtLeast(0.95, hashAlone),
			how: fmt.Sprintf("from POST /login to the waiting page, 8 at a time, argon2id at its default cost, the push sent to a stand-in for Authy; hash alone: on all processors with no other work, alternating %d times with the sign-ins, after one turn of theirs that is not counted", alternations),
		},
		{
			what: "CPU per sign-in", figure: signInCPU, unit: milliseconds,
			nod: designNod, others: []string{hashAlone},
			how: "schedstat of the server over the same time, and the CPU time of the hashing process: comparable even if the machine is busy with other work",
		},
		{
			what: "callback at another instance → event received, p50", figure: tapP50, unit: milliseconds,
			nod: instances[1], others: []string{instances[0]}, goal: ratioAtMost(1.5, instances[0]),
			how: "as row 13, with the decision in PostgreSQL, on the disk of this machine with fsync: the browsers wait at one instance, and the callbacks come to another; one instance: both at the only one",
		},
		{
			what: "callback at another instance → event received, p99", figure: tapP99, unit: milliseconds,
			nod: instances[1], others: []string{instances[0]}, goal: atMost(50e-3, "50 ms"),
			how: "the same",
		},
		{
			what: "decisions lost among instances", figure: tapLost, unit: number,
			nod: instances[2], others: []string{instances[1], instances[0]}, goal: none,
			how: "of the rows above and below",
		},
		{
			what: "decisions of three instances", figure: decisions, unit: perSecond,
			nod: instances[2], others: []string{instances[1], instances[0]},
			how: "callbacks over 32 connections to all instances, each sent as soon as the one before is answered, until the last event is received at the first; instances, PostgreSQL and the load generator share the processors",
		},
	}
}
