package main

import (
	"fmt"
	"strings"
)

// row is a line of the table: one figure of Nod, beside the same of others.
type row struct {
	what   string
	of     figure
	unit   unit
	nod    string // what stands in Nod's column
	usual  string // what it is compared with, "" for nothing
	beside []string
	goal   goal
	how    string // it is measured
}

// unit writes a value for people.
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

// goal is what a row is to reach. The zero value wants nothing.
type goal struct {
	text    string
	reached func(results, row) bool
}

func atMost(limit float64, text string) goal {
	return goal{"≤ " + text, func(r results, of row) bool {
		s, ok := r.of(of.of, of.nod)
		return ok && s.median <= limit
	}}
}

func atLeast(limit float64, text string) goal {
	return goal{"≥ " + text, func(r results, of row) bool {
		s, ok := r.of(of.of, of.nod)
		return ok && s.median >= limit
	}}
}

// none counts every round: one loss is one too many.
var none = goal{"0", func(r results, of row) bool {
	s, ok := r.of(of.of, of.nod)
	return ok && s.most == 0
}}

func ratioAtMost(limit float64, to string) goal {
	return goal{fmt.Sprintf("≤ %g × %s", limit, names[to]), func(r results, of row) bool {
		s, ok := r.ratio(of.of, of.nod, to)
		return ok && s.median <= limit
	}}
}

func ratioAtLeast(limit float64, to string) goal {
	return goal{fmt.Sprintf("≥ %g × %s", limit, names[to]), func(r results, of row) bool {
		s, ok := r.ratio(of.of, of.nod, to)
		return ok && s.median >= limit
	}}
}

// names for people.
var names = map[string]string{
	designNod: "Nod", designHub: "hub alone", designUsual: "usual", designCentrifuge: "centrifuge", designPolling: "polling",
	rawLoopback: "raw", emptyPost: "empty POST", hashAlone: "hash alone", disk: "disk alone",
}

// rows is the table. The goals are those of the project.
func rows(e extent) []row {
	inMemory := fmt.Sprintf("env %s for all alike, so that Go collects early and gives back at once; least of %d readings", strings.Join(collected, " "), e.readings)
	return []row{
		{
			what: "RSS per waiting browser", of: rss, unit: kilobytes,
			nod: designNod, usual: designUsual, beside: []string{designCentrifuge}, goal: atMost(5e3, "5 kB"),
			how: fmt.Sprintf("whole application, %d sockets with Chromium's headers and session cookies over 200 that wait already, every seat having loaded a page; smaps_rollup; %s", e.browsers, inMemory),
		},
		{
			what: "heap and stack per waiting browser", of: live, unit: kilobytes,
			nod: designNod, usual: designUsual, beside: []string{designCentrifuge}, goal: atMost(4.2e3, "4.2 kB"),
			how: "the same moment; go_memstats_heap_alloc_bytes + go_memstats_stack_inuse_bytes as the process says",
		},
		{
			what: "RSS of the whole process", of: natural, unit: megabytes,
			nod: designNod, usual: designUsual, beside: []string{designHub, designCentrifuge},
			how: "with Go's own settings, just after they came, garbage and caches included",
		},
		{
			what: "RSS per open event stream", of: streamRSS, unit: kilobytes,
			nod: designNod, usual: designUsual, goal: atMost(2.5e3, "2.5 kB"),
			how: "as the first row, GET /login/stream; the usual one is fasthttp's body stream writer",
		},
		{
			what: "CPU per handshake, the same work", of: handshake, unit: microseconds,
			nod: designHub, usual: designUsual, beside: []string{designCentrifuge}, goal: ratioAtMost(0.75, designUsual),
			how: fmt.Sprintf("schedstat of all threads of the server while %d browsers come, %d at once; Nod's hub behind the session check of the usual design", e.browsers, comers),
		},
		{
			what: "CPU per handshake, whole application", of: handshake, unit: microseconds,
			nod: designNod, usual: designUsual, goal: ratioAtMost(0.75, designUsual),
			how: "the same of the real binary, which reads session, user and request besides, and greets with the stored state; the usual design reads its session and stops there",
		},
		{
			what: "CPU per ping and pong", of: ping, unit: microseconds,
			nod: designNod, usual: designUsual, beside: []string{designHub}, goal: atMost(45e-6, "45 µs"),
			how: fmt.Sprintf("all the server does in %s while everybody waits, by the pings answered; one ping per browser in 30 s", e.pings),
		},
		{
			what: "publish → received at 200/s, p50", of: tellP50, unit: milliseconds,
			nod: designHub, usual: designUsual, beside: []string{rawLoopback, emptyPost, designCentrifuge}, goal: ratioAtMost(1.3, rawLoopback),
			how: fmt.Sprintf("Nod's hub behind the publishing endpoint of the usual design, since Nod itself publishes only what it has stored; POST sent → frame read by another connection, %d open; raw: 128 bytes there and back at the same gaps, in the same minute; empty POST: a request of the same size that publishes nothing, until it is answered", e.browsers),
		},
		{
			what: "publish → received at 200/s, p99", of: tellP99, unit: milliseconds,
			nod: designHub, usual: designUsual, beside: []string{rawLoopback, emptyPost, designCentrifuge}, goal: atMost(5e-3, "5 ms"),
			how: fmt.Sprintf("the same %.0f events", e.tells.Seconds()*tellsPerSecond),
		},
		{
			what: "events lost", of: tellLost, unit: number,
			nod: designHub, usual: designUsual, beside: []string{designCentrifuge}, goal: none,
			how: "of those of the rows above and below",
		},
		{
			what: "publishes to distinct browsers", of: tellRate, unit: perSecond,
			nod: designHub, usual: designUsual, beside: []string{designCentrifuge}, goal: atLeast(15_000, "15 k/s"),
			how: fmt.Sprintf("%d POSTs over 32 connections, each as soon as it has its answer, until the last is received; the load shares the processors", e.burst*e.browsers),
		},
		{
			what: "CPU per publish", of: tellCPU, unit: microseconds,
			nod: designHub, usual: designUsual, beside: []string{designCentrifuge}, goal: atMost(60e-6, "60 µs"),
			how: "schedstat over the row above, the HTTP request included",
		},
		{
			what: "callback → browser told at 200/s, p50", of: tapP50, unit: milliseconds,
			nod: designNod, beside: []string{disk, designPolling}, goal: atMost(5e-3, "5 ms"),
			how: fmt.Sprintf("the real binary: signed POST /authy/callback sent → frame read, the decision on disk in between (SQLite, WAL, synchronous=FULL); disk alone: 4 kB written and synced; polling: answer stored → page knows, %d pages ask every 2 s", e.pollers),
		},
		{
			what: "callback → browser told at 200/s, p99", of: tapP99, unit: milliseconds,
			nod: designNod, beside: []string{designPolling}, goal: atMost(50e-3, "50 ms"),
			how: "the same",
		},
		{
			what: "decisions not told", of: tapLost, unit: number,
			nod: designNod, beside: []string{designPolling}, goal: none,
			how: "the same",
		},
		{
			what: "RSS per sign-in that waits by polling", of: pollRSS, unit: kilobytes,
			beside: []string{designPolling},
			how:    fmt.Sprintf("as the first row, %d keep-alive connections that ask every 2 s", e.pollers),
		},
		{
			what: "sign-ins", of: signIns, unit: perSecond,
			nod: designNod, beside: []string{hashAlone}, goal: ratioAtLeast(0.9, hashAlone),
			how: fmt.Sprintf("POST /login to the waiting page, 8 at once, argon2id at its set cost, the phone rung at a stand-in for Authy; the hash alone: on all processors and with nothing else, in %d turns with the sign-ins", turns),
		},
		{
			what: "CPU per sign-in", of: signInCPU, unit: milliseconds,
			nod: designNod, beside: []string{hashAlone},
			how: "schedstat of the server over the same, and all of the hashing process: what is left of the row above when the machine is busy with something else",
		},
	}
}
