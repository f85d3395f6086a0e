package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Hashes wait in one queue of two lines, known browsers and strangers. How many wait
// for one place is bounded for each source and for each line: strangers take no room
// of a known browser.
const (
	queuePerHash   = 64              // in each line
	queuePerSource = 32              // an address, or the account of known browsers
	queuePerDevice = 4               // a known browser
	longestQueue   = 5 * time.Second // that anybody waits
)

// limitHashing is the limit of a source that floods the queue.
const limitHashing = "hashing"

var errFlooded = errors.New("too many of one source wait")

// queue lets a few work at once, and the others wait: known browsers and strangers
// in turn, and the sources of each in turn, so that one of them cannot fill it.
type queue struct {
	places int // to work

	mu    sync.Mutex
	free  int // places to work
	room  int // places to wait in each line
	lines [2]waitLine
	next  int // the line whose turn it is
}

// waitLine is those who wait of one kind, by source.
type waitLine struct {
	turns   []string // the sources, the next first
	of      map[string][]*waiter
	waiting int
}

// entrant is who wants to work. Known browsers count by their account: one may know
// many of them.
type entrant struct {
	source string
	device string // "" for a stranger
}

type waiter struct {
	entrant
	turn chan error // nil when it may work
}

func newQueue(places int) *queue {
	q := &queue{places: places, free: places, room: places * queuePerHash}
	for i := range q.lines {
		q.lines[i].of = map[string][]*waiter{}
	}
	return q
}

// enter waits for a place to work. errFlooded for a source that has too many
// waiting; ErrBusy when it took too long.
func (q *queue) enter(ctx context.Context, who entrant) error {
	w, err := q.join(who)
	if w == nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, longestQueue)
	defer cancel()
	select {
	case err := <-w.turn:
		return err
	case <-ctx.Done():
		if !q.giveUp(w) {
			q.leave() // its turn came meanwhile
		}
		return fmt.Errorf("%w: %w", ErrBusy, ctx.Err())
	}
}

// join takes a place, or returns a waiter for one.
func (q *queue) join(who entrant) (*waiter, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.free > 0 {
		q.free--
		return nil, nil
	}
	l := &q.lines[0]
	if who.device != "" {
		l = &q.lines[1]
	}
	has := len(l.of[who.source])
	if l.floods(who) || (l.waiting >= q.room && !l.crowdOut(has)) {
		return nil, errFlooded
	}
	w := &waiter{entrant: who, turn: make(chan error, 1)}
	if has == 0 {
		l.turns = append(l.turns, who.source)
	}
	l.of[who.source] = append(l.of[who.source], w)
	l.waiting++
	return w, nil
}

// floods says whether somebody has too many waiting already.
func (l *waitLine) floods(who entrant) bool {
	same := 0
	for _, other := range l.of[who.source] {
		if other.device == who.device {
			same++
		}
	}
	return len(l.of[who.source]) >= queuePerSource || who.device != "" && same >= queuePerDevice
}

// crowdOut sends away the last of the source that has most waiting, if it has more
// than the one that comes.
func (l *waitLine) crowdOut(has int) bool {
	var longest []*waiter
	for _, waiting := range l.of {
		if len(waiting) > len(longest) {
			longest = waiting
		}
	}
	if len(longest) <= has+1 {
		return false
	}
	last := longest[len(longest)-1]
	l.remove(last)
	last.turn <- errFlooded
	return true
}

// length is how many wait, and how many work.
func (q *queue) length() (waiting, working int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.lines[0].waiting + q.lines[1].waiting, q.places - q.free
}

// leave gives the place to whoever is next.
func (q *queue) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for range q.lines {
		q.next = 1 - q.next
		if l := &q.lines[q.next]; len(l.turns) > 0 {
			w := l.of[l.turns[0]][0]
			l.remove(w)
			if len(l.of[w.source]) > 0 { // to the end of the turns
				l.turns = append(without(l.turns, w.source), w.source)
			}
			w.turn <- nil
			return
		}
	}
	q.free++
}

// giveUp takes a waiter out; false if its turn has come, or it was sent away.
func (q *queue) giveUp(w *waiter) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i := range q.lines {
		if q.lines[i].remove(w) {
			return true
		}
	}
	return <-w.turn != nil
}

func (l *waitLine) remove(w *waiter) bool {
	for n, other := range l.of[w.source] {
		if other != w {
			continue
		}
		l.of[w.source] = slices.Delete(l.of[w.source], n, n+1)
		if len(l.of[w.source]) == 0 {
			delete(l.of, w.source)
			l.turns = without(l.turns, w.source)
		}
		l.waiting--
		return true
	}
	return false
}

func without(all []string, one string) []string {
	kept := make([]string, 0, len(all))
	for _, s := range all {
		if s != one {
			kept = append(kept, s)
		}
	}
	return kept
}
