package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// inside opens the protected page, and says whether it is this person's.
func (p *person) inside(ctx context.Context, when string) (bool, error) {
	got, err := p.b.get(ctx, "/protected")
	if err != nil {
		return false, err
	}
	if got.status != 200 || !strings.Contains(got.body, p.phone.email) {
		p.lose("/protected got %d %s %s", got.status, got.location, when)
		return false, nil
	}
	return true, nil
}

// stay looks at the page now and then, and sends money. in is false when the
// session was lost.
func (p *person) stay(ctx context.Context) (in bool, err error) {
	for range 1 + p.random.IntN(4) {
		if err := pause(ctx, 200*time.Millisecond+p.within(600*time.Millisecond)); err != nil {
			return false, err
		}
		if in, err = p.inside(ctx, "while signed in"); err != nil || !in {
			return in, err
		}
	}
	if p.sometimes(percentTransfer) {
		return true, p.transfer(ctx)
	}
	return true, nil
}

// signOut signs out; once that is answered the session is worth nothing.
func (p *person) signOut(ctx context.Context) error {
	got, err := p.b.get(ctx, "/protected")
	if err != nil {
		return err
	}
	in := p.b.cookies()
	got, _, err = p.b.insist(ctx, "/logout", got.form())
	if err != nil {
		return err
	}
	if !got.to("/") {
		p.lose("signing out got %d %s", got.status, got.location)
	}
	p.w.book.add(&p.w.book.signOuts)
	return p.keptOut(ctx, p.b.with(in), "after signing out")
}

// keeper is a browser that stays signed in to the end.
type keeper struct {
	p *person
	b *browser
}

func (p *person) leaveSignedIn() {
	p.keeps = true
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	owner := *p // later accounts have other e-mails
	p.w.keepers = append(p.w.keepers, &keeper{&owner, p.b})
	p.newBrowser()
}

// checkKeepers opens the page in each browser that stays signed in. Replies that
// are lost say nothing: there is another round.
func (w *world) checkKeepers(ctx context.Context) {
	w.mu.Lock()
	keepers := append([]*keeper(nil), w.keepers...)
	w.mu.Unlock()
	for _, k := range keepers {
		got, err := k.b.once(ctx, "/protected", nil)
		if err == nil && got.status < 500 && (got.status != 200 || !strings.Contains(got.body, k.p.phone.email)) {
			k.p.lose("a browser that stays signed in got %d %s", got.status, got.location)
		}
	}
}

// checkPasswords gives the password of each account that was promised.
func (w *world) checkPasswords(ctx context.Context) error {
	for email := range w.book.accounts {
		p := newPerson(w, 900)
		p.phone.email = email
		if _, err := p.passPassword(ctx); err != nil {
			return err
		}
	}
	return nil
}

// line is a transfer as the page lists it.
type line struct{ id, status, body string }

var (
	entries   = regexp.MustCompile(`(?s)<li class="entry"[^>]* data-transfer="([^"]+)" data-status="([^"]+)">(.*?)</li>`)
	hiddenOne = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`)
)

// lineOf finds a transfer on the protected page; its id is "" without one.
func lineOf(got page, payee string) line {
	for _, entry := range entries.FindAllStringSubmatch(got.body, -1) {
		if strings.Contains(entry[3], payee) {
			return line{entry[1], entry[2], entry[3]}
		}
	}
	return line{}
}

// form is what the line's button sends.
func (l line) form() url.Values {
	form := url.Values{}
	for _, field := range hiddenOne.FindAllStringSubmatch(l.body, -1) {
		form.Set(field[1], field[2])
	}
	return form
}

// transfer sends money: asks, taps, and carries out what was approved.
func (p *person) transfer(ctx context.Context) error {
	payee := fmt.Sprintf("Payee %d-%d", p.n, p.random.Int64())
	asked, err := p.askTransfer(ctx, payee)
	if err != nil || asked.id == "" {
		return err
	}
	verb := p.verb()
	if p.sometimes(percentTooEarly) {
		if err := p.execute(ctx, asked, payee, false); err != nil {
			return err
		}
	}
	status, err := p.awaitTransfer(ctx, asked, payee, verb)
	if err != nil {
		return err
	}
	switch {
	case status == "approved" && verb == "approve":
		return p.execute(ctx, asked, payee, true)
	case status == "denied" && verb == "deny":
		return p.execute(ctx, asked, payee, false)
	case status != "expired" && status != "awaiting":
		p.lose("after %s a transfer is %s", verb, status)
	}
	return nil
}

// askTransfer asks for a transfer. Who loses the reply looks at the list first.
func (p *person) askTransfer(ctx context.Context, payee string) (asked line, err error) {
	for tries := 0; ; tries++ {
		got, err := p.b.get(ctx, "/protected")
		if err != nil {
			return line{}, err
		}
		if asked = lineOf(got, payee); asked.id != "" {
			return asked, nil
		}
		reply, err := p.b.once(ctx, "/transfers", got.form("payee", payee, "amount", "12.50", "currency", "EUR"))
		switch {
		case err == nil && reply.status == 409:
			return line{}, nil // another one waits, whose phone was not asked
		case err == nil && reply.status < 500 && !reply.to("/protected"):
			p.lose("a transfer got %d %s", reply.status, reply.location)
			return line{}, nil
		}
		if err := pause(ctx, backOff(tries)); err != nil {
			return line{}, err
		}
	}
}

// awaitTransfer listens until the transfer has left "awaiting".
func (p *person) awaitTransfer(ctx context.Context, asked line, payee, verb string) (status string, err error) {
	wait := p.w.told.begin()
	defer wait.end()
	status = asked.status
	l := &listener{b: p.b, best: p.best, events: "/transfers/events", status: "/transfers/status"}
	l.heard = func(message []byte) error {
		var all struct {
			Status    string // of the session, when it is over
			Transfers []struct{ ID, Status string }
		}
		if json.Unmarshal(message, &all) != nil {
			return nil
		}
		if all.Status != "" {
			status = all.Status
			return errHeard
		}
		for _, one := range all.Transfers {
			if one.ID != asked.id {
				continue
			}
			status = one.Status
			wait.heard(status == "awaiting")
			if status != "awaiting" {
				return errHeard
			}
		}
		return nil
	}
	err = p.whileAnswering(ctx, wait, "Payee", payee, verb, l.listen)
	if status == "cancelled" && wait.uuid == "" {
		p.w.book.add(&p.w.book.unasked) // as while the simulator is gone
		return "awaiting", err
	}
	if status != "awaiting" {
		p.w.book.ended(wait.uuid, status)
	}
	return status, err
}

// execute sends the form of a transfer's line: with success if it is approved,
// also a second time, and never otherwise.
func (p *person) execute(ctx context.Context, asked line, payee string, approved bool) error {
	times := 1
	if approved && p.sometimes(percentTwice) {
		times = 2
	}
	for n := range times {
		got, again, err := p.b.insist(ctx, "/transfers/"+asked.id+"/execute", asked.form())
		if err != nil {
			return err
		}
		done := got.to("/protected")
		switch {
		case done && !approved:
			p.lose("a transfer was executed without an approval")
		case !done && approved:
			p.lose("an approved transfer got %d (time %d, sent again: %t)", got.status, n+1, again)
		case done && n == 0:
			p.w.book.execute(payee)
		}
	}
	return nil
}
