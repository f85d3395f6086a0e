// Package ports finds ports for programs that are told where to listen, and that may
// stop and listen there again.
//
// They are below those that the system gives to a listener that asks for any, and to
// outgoing connections: such a port can be given to somebody else before the program
// listens, or while it starts anew.
package ports

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
)

const lowest, count = 20_000, 12_000

// given are the ports that this process has been given: their programs may not listen yet.
var (
	mu    sync.Mutex
	given = map[int]bool{}
)

// Free is an address of 127.0.0.1, such as 127.0.0.1:20001, where nobody listens now.
func Free() string { return Row(1)[0] }

// Row is as many such addresses, whose ports follow one another.
func Row(length int) []string {
	for {
		first := lowest + rand.IntN(count-length)
		if row := From(first, length); take(first, length) && free(row) {
			return row
		}
	}
}

// take reports whether none of a row was given before.
func take(first, length int) bool {
	mu.Lock()
	defer mu.Unlock()
	if len(given) > count/2 {
		clear(given) // the programs of the first have long begun to listen
	}
	for n := range length {
		if given[first+n] {
			return false
		}
	}
	for n := range length {
		given[first+n] = true
	}
	return true
}

// From is a row that begins with a port, whoever listens there.
func From(first, length int) (row []string) {
	for n := range length {
		row = append(row, fmt.Sprintf("127.0.0.1:%d", first+n))
	}
	return row
}

func free(row []string) bool {
	for _, addr := range row {
		ln, err := net.Listen("tcp", addr)
		if err != nil || ln.Close() != nil {
			return false
		}
	}
	return true
}
