package main

import (
	"slices"
	"sync"
	"time"
)

// board knows who waits for news, and how long after each return of the process
// they have it.
type board struct {
	mu      sync.Mutex
	up      time.Time // since when the process is there; zero while it is not
	waiting map[*waiting]bool
	told    []time.Duration // from the return of the process
	answers []time.Duration // from the tap, or from the return of the process
}

// waiting is a page that waits for the answer of a phone.
type waiting struct {
	board *board
	since time.Time // of the return that it has not heard of yet
	tap   time.Time // when the phone's answer was acknowledged
	uuid  string    // of the request that it was about
}

func newBoard() *board { return &board{waiting: map[*waiting]bool{}, up: time.Now()} }

func (b *board) begin() *waiting {
	w := &waiting{board: b}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting[w] = true
	return w
}

func (w *waiting) end() {
	w.board.mu.Lock()
	defer w.board.mu.Unlock()
	delete(w.board.waiting, w)
}

// gone notes that the process is about to end: nobody can be told.
func (b *board) gone() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.up = time.Time{}
	for w := range b.waiting {
		w.since = time.Time{}
	}
}

// back notes that the process is there again.
func (b *board) back() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.up = time.Now()
	for w := range b.waiting {
		w.since = b.up
	}
}

func (w *waiting) tapped(uuid string) {
	w.board.mu.Lock()
	defer w.board.mu.Unlock()
	w.tap, w.uuid = time.Now(), uuid
}

// heard notes what the page was told: that it still waits counts only as long as
// no answer of the phone was acknowledged.
func (w *waiting) heard(pending bool) {
	b := w.board
	b.mu.Lock()
	defer b.mu.Unlock()
	answered := !w.tap.IsZero()
	if !w.since.IsZero() && !(pending && answered) {
		b.told = append(b.told, time.Since(w.since))
		w.since = time.Time{}
	}
	if answered && !pending && !b.up.IsZero() {
		b.answers = append(b.answers, time.Since(slices.MaxFunc([]time.Time{w.tap, b.up}, time.Time.Compare)))
	}
}
