package main

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"sync"
	"time"
)

// What the waiting page carries for its script.
var (
	statusOf = regexp.MustCompile(`data-status="([^"]*)"`)
	reasonOf = regexp.MustCompile(`data-reason="([^"]*)"`)
	numberOf = regexp.MustCompile(`id="number">([^<]+)<`)
)

// state is what a waiting page is told.
type state struct {
	Status, Reason, Number string
	Revision               int64
}

// repeatable is how long the last step can be repeated, and a little less.
const repeatable = 25 * time.Second

// secondStep waits for the phone and goes in. in says whether it did.
func (p *person) secondStep(ctx context.Context) (in bool, err error) {
	verb := p.verb()
	for range patience {
		waits, err := p.b.get(ctx, "/login/approval")
		if err != nil {
			return false, err
		}
		now := state{Status: first(statusOf, waits.body), Reason: first(reasonOf, waits.body), Number: first(numberOf, waits.body)}
		switch {
		case waits.to("/login/approval"):
			continue // the phone was asked only now
		case now.Status == "":
			p.lose("the waiting page got %d %s", waits.status, waits.location)
			return false, nil
		case now.Status == "pending":
			if now, err = p.await(ctx, waits, now, verb); err != nil {
				return false, err
			}
		}
		again, in, err := p.goOn(ctx, waits, now, verb)
		if err != nil || !again {
			return in, err
		}
	}
	return false, nil // a limit on requests holds the phone up for longer
}

// goOn does what the page offers in a state. again says that it goes on waiting.
func (p *person) goOn(ctx context.Context, waits page, now state, verb string) (again, in bool, err error) {
	switch {
	case now.Status == "approved" && verb == "approve":
		in, err = p.confirm(ctx, waits)
		return false, in, err
	case now.Status == "denied" && verb == "deny":
		p.w.book.add(&p.w.book.denials)
		return false, false, p.closed(ctx, waits, "after a Deny")
	case now.Status == "pending", now.Status == "expired", now.Reason == "unavailable":
		p.w.book.add(&p.w.book.resends)
		_, _, err = p.b.insist(ctx, "/login/resend", waits.form())
		return true, false, err
	case now.Reason == "push_paused":
		return false, false, pause(ctx, 10*time.Second)
	default:
		p.lose("after %s the page was told %q %q", verb, now.Status, now.Reason)
		return false, false, nil
	}
}

// await shows the waiting page until it is told an end, while the phone is
// answered. Pending is returned when the phone was not asked.
func (p *person) await(ctx context.Context, waits page, now state, verb string) (state, error) {
	if p.sometimes(percentTooEarly) {
		if err := p.closed(ctx, waits, "before the tap"); err != nil {
			return now, err
		}
	}
	wait := p.w.told.begin()
	defer wait.end()
	l := &listener{b: p.b, best: p.best, events: "/login/events", stream: "/login/stream", status: "/authy/status"}
	l.heard = func(message []byte) error {
		var s state
		if json.Unmarshal(message, &s) != nil || s.Status == "" || (s.Revision > 0 && s.Revision < now.Revision) {
			return nil
		}
		now = s
		wait.heard(s.Status == "pending")
		if s.Status != "pending" {
			return errHeard
		}
		return nil
	}
	err := p.whileAnswering(ctx, wait, "Number", now.Number, verb, l.listen)
	if now.Status != "pending" {
		p.w.book.ended(wait.uuid, now.Status)
	}
	return now, err
}

// whileAnswering runs listen while the phone is answered. It ends early without
// an error if the phone was not asked.
func (p *person) whileAnswering(ctx context.Context, wait *waiting, label, value, verb string, listen func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	think := p.within(1500 * time.Millisecond)
	var hand sync.WaitGroup
	hand.Go(func() {
		err := pause(ctx, think)
		if err == nil {
			err = p.phone.answer(ctx, label, value, verb, wait)
		}
		if errors.Is(err, errNotShown) {
			p.w.book.add(&p.w.book.unasked)
			cancel(errNotShown)
		}
	})
	err := listen(ctx)
	cancel(errHeard)
	hand.Wait()
	if errors.Is(err, errNotShown) {
		return nil
	}
	return err
}

// closed checks that this browser is not let in.
func (p *person) closed(ctx context.Context, waits page, when string) error {
	p.w.book.add(&p.w.book.attempts)
	got, _, err := p.b.insist(ctx, "/confirm-login", waits.form())
	if err != nil {
		return err
	}
	if got.to("/protected") {
		p.lose("let in %s", when)
	}
	return p.keptOut(ctx, p.b, when)
}

// keptOut checks that a browser does not see the protected page.
func (p *person) keptOut(ctx context.Context, b *browser, when string) error {
	got, err := b.get(ctx, "/protected")
	if err == nil && got.status == 200 {
		p.lose("/protected opened %s", when)
	}
	return err
}

// confirm sends the last step, again if its reply is lost, and opens the page
// behind it. The session from before must be worth nothing then.
func (p *person) confirm(ctx context.Context, waits page) (in bool, err error) {
	half, start := p.b.cookies(), time.Now()
	got, again, err := p.b.insist(ctx, "/confirm-login", waits.form())
	if err != nil {
		return false, err
	}
	if !got.to("/protected") {
		if again && time.Since(start) > repeatable {
			p.w.book.add(&p.w.book.late)
		} else {
			p.lose("an approved sign-in got %d %s (sent again: %t)", got.status, got.location, again)
		}
		return false, nil
	}
	if in, err = p.inside(ctx, "after the sign-in"); err != nil || !in {
		return false, err
	}
	p.w.book.add(&p.w.book.signIns)
	if again {
		p.w.book.add(&p.w.book.again)
	}
	return true, p.keptOut(ctx, p.b.with(half), "with the session from before the sign-in")
}
