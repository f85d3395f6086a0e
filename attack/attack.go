package main

import (
	"context"
	"fmt"
	"slices"
)

// attack is one way in, and what should refuse it.
type attack struct {
	id    string // in docs/security.md
	words string // what the attacker does
	try   func(*attempt)
}

// catalogue is every attack that needs nothing but a running demo.
func catalogue() []attack {
	return slices.Concat(bindingAttacks, callbackAttacks, sessionAttacks, socketAttacks, guessingAttacks, signUpAttacks, formAttacks, pageAttacks, protocolAttacks, floodAttacks)
}

// attempt is one try of an attack.
type attempt struct {
	*site
	ctx     context.Context
	what    string // was tried
	refused string // by what
}

// tried says what was done, for the line.
func (a *attempt) tried(format string, args ...any) { a.what = fmt.Sprintf(format, args...) }

// refusedBy says what stood in the way.
func (a *attempt) refusedBy(format string, args ...any) { a.refused = fmt.Sprintf(format, args...) }

// outcome is what came of an attempt. failed is empty if the attack was refused as
// it should be.
type outcome struct {
	*attempt
	failed  string
	through bool
}

// through ends an attempt that has succeeded.
func (a *attempt) through(format string, args ...any) {
	panic(ended{fmt.Sprintf(format, args...), true})
}

// must ends an attempt that could not be made.
func must(err error) {
	if err != nil {
		panic(ended{err.Error(), false})
	}
}

// need ends an attempt whose stage could not be set.
func need(ok bool, format string, args ...any) {
	if !ok {
		why := fmt.Sprintf(format, args...)
		panic(ended{why[:min(len(why), 400)], false})
	}
}

// ended is how an attempt ends early.
type ended struct {
	why     string
	through bool
}

// attempt tries a, with addresses and accounts of its own.
func (s *site) attempt(ctx context.Context, a attack) (o outcome) {
	o.attempt = &attempt{site: s.elsewhere(), ctx: ctx}
	defer func() {
		switch e := recover().(type) {
		case nil:
		case ended:
			o.failed, o.through = e.why, e.through
		default:
			panic(e)
		}
	}()
	s.liftLimits()
	a.try(o.attempt)
	return o
}

func (o outcome) line(a attack) string {
	switch {
	case o.through:
		return fmt.Sprintf("GOT THROUGH  %-5s %s: %s", a.id, a.words, o.failed)
	case o.failed != "":
		return fmt.Sprintf("NOT TRIED    %-5s %s: %s", a.id, a.words, o.failed)
	}
	return fmt.Sprintf("refused      %-5s %s: %s; %s", a.id, a.words, o.what, o.refused)
}
