package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"time"
)

// book is what was promised to people, and what of it was lost.
type book struct {
	mu       sync.Mutex
	accounts map[string]bool // by e-mail: whom an account was promised
	taps     map[string]*tap // by the provider's id of the request
	executed map[string]bool // by payee: acknowledged as executed
	faults   map[string]int  // answers of 5xx, by path and status
	starts   []time.Duration // from the start of what had ended until all is ready
	stops    []time.Duration // from SIGTERM until the process has ended
	lost     []string
	paid     chan struct{} // closed by the first transfer

	kills, terms, crashes, cuts, restarts    int
	gaveUp                                   int
	signUps, signUpsAgain, signIns, signOuts int
	refusals                                 int
	denials, transfers, resends              int
	again, late, unasked, attempts           int
}

// tap is an answer of a phone.
type tap struct {
	verb  string
	taken bool   // acknowledged
	told  string // how the page heard that it ended, "" if it did not
}

func newBook() *book {
	return &book{accounts: map[string]bool{}, taps: map[string]*tap{}, executed: map[string]bool{}, faults: map[string]int{}, paid: make(chan struct{})}
}

func (b *book) add(counter *int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	*counter++
}

// lose notes something that was promised and does not hold.
func (b *book) lose(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	text := time.Now().UTC().Format("15:04:05.000 ") + fmt.Sprintf(format, args...)
	b.lost = append(b.lost, text)
	fmt.Fprintln(os.Stderr, "LOST", text)
}

func (b *book) losses() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.lost)
}

func (b *book) took(times *[]time.Duration, d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	*times = append(*times, d)
}

// fault counts an answer of 5xx.
func (b *book) fault(path string, got page) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.faults[fmt.Sprintf("%d %s", got.status, path)]++
}

func (b *book) account(email string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.accounts[email] = true
}

func (b *book) execute(payee string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.executed[payee] = true
	if b.transfers++; b.transfers == 1 {
		close(b.paid)
	}
}

// tapSent notes a tap before it is sent: it may count though its reply is lost.
func (b *book) tapSent(uuid, verb string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.taps[uuid] = &tap{verb: verb}
}

func (b *book) tapTaken(uuid, verb string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.taps[uuid] = &tap{verb: verb, taken: true}
}

// ended notes what a page was told at the end about a request that was answered.
func (b *book) ended(uuid, status string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if t := b.taps[uuid]; t != nil {
		t.told = status
	}
}

// promises are what the audit holds the databases to.
type promises struct {
	accounts, executed []string
	taps               map[string]tap
}

func (b *book) promises() promises {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := promises{slices.Collect(maps.Keys(b.accounts)), slices.Collect(maps.Keys(b.executed)), map[string]tap{}}
	for uuid, t := range b.taps {
		p.taps[uuid] = *t
	}
	return p
}
