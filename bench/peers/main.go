// Command peers serves the designs that Nod is compared with, one per process:
//
//	usual       a plain Fiber hub: contrib/websocket with its defaults, a reader
//	            and a writer goroutine, a channel and a ticker per browser
//	centrifuge  the engine of Centrifugo, with its defaults
//	polling     the tutorial's design: the page polls every two seconds
//
// Owns: these three servers. It is a module of its own, which keeps their
// dependencies out of Nod's.
// Promises: each is written as the documentation of its libraries shows, and reads
// session cookies from the same kind of storage as Nod.
// Never: adds an optimisation that the usual design does not have.
package main

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

// settings of a peer, from its flags.
type settings struct {
	listener net.Listener
	origin   string // of the pages, for the origin check
	sessions string // the SQLite file of the session storage
	database string // the SQLite file of the polling tutorial
}

func run(args []string) error {
	if len(args) == 0 {
		return errors.New("want usual, centrifuge or polling")
	}
	serve, known := map[string]func(settings) error{
		"usual": serveUsual, "centrifuge": serveCentrifuge, "polling": servePolling,
	}[args[0]]
	if !known {
		return fmt.Errorf("%q: want usual, centrifuge or polling", args[0])
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	addr := flags.String("addr", "127.0.0.1:0", "where to listen")
	sessions := flags.String("sessions", "sessions.db", "the SQLite file of the sessions")
	database := flags.String("database", "polling.db", "the SQLite file of the tutorial's users")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		return err
	}
	return serve(settings{listener, "http://" + *addr, *sessions, *database})
}
