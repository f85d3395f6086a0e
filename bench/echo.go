package main

import (
	"bufio"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"
)

// EchoArgs are the arguments of Echo: messages to the raw loopback or an HTTP server.
type EchoArgs struct {
	Addr  string
	HTTP  bool // send a request of the size of a publish, to an HTTP server
	N     int
	Rate  int // per second
	Conns int
}

// message returns what to send and how to read the answer.
func (e EchoArgs) message() (message []byte, read func(*bufio.Reader) error) {
	if !e.HTTP {
		return make([]byte, echoSize), func(in *bufio.Reader) error {
			_, err := in.Discard(echoSize)
			return err
		}
	}
	p := posters{status: http.StatusOK}
	return post(e.Addr, "/nothing", event), p.readAnswer
}

// echoSize is about the size of an event's frame.
const echoSize = 128

// Echo sends messages at the same rate as SendEvents and measures their round trips.
func (l *Load) Echo(e EchoArgs, h *Latencies) error {
	sent, back := make([]int64, e.N), make([]int64, e.N)
	conns := make([]net.Conn, e.Conns)
	errs := make([]error, e.Conns)
	message, read := e.message()
	var readers sync.WaitGroup
	for c := range conns {
		conn, err := dialFrom(c, e.Addr)
		if err != nil {
			return err
		}
		defer conn.Close()
		conns[c] = conn
		readers.Go(func() {
			in := bufio.NewReader(conn)
			for i := c; i < e.N && errs[c] == nil; i += e.Conns {
				errs[c] = read(in)
				back[i] = clock()
			}
		})
	}
	err := pace(e.N, e.Rate, func(i int) error {
		sent[i] = clock()
		_, err := conns[i%e.Conns].Write(message)
		return err
	})
	if err != nil {
		return err
	}
	readers.Wait()
	trips := make([]time.Duration, e.N)
	for i := range trips {
		trips[i] = time.Duration(back[i] - sent[i])
	}
	h.P50, h.P99, h.Max = quantiles(trips)
	return errors.Join(errs...)
}

// pace calls do at a fixed rate, independently of how long earlier answers take.
func pace(n, rate int, do func(i int) error) error {
	gap := time.Second / time.Duration(rate)
	for i, start := 0, time.Now(); i < n; i++ {
		time.Sleep(time.Until(start.Add(time.Duration(i) * gap)))
		if err := do(i); err != nil {
			return err
		}
	}
	return nil
}
