package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"time"
)

// signUpTries is how often a person sends a form that is refused for now.
const signUpTries = 10

const password = "correct horse battery staple"

// How often people do what, in percent.
const (
	percentNewAccount = 6  // begin a day with a new account
	percentNewBrowser = 20 // begin a day in a new browser
	percentDeny       = 8
	percentTooEarly   = 15 // say that it is approved before it is
	percentTransfer   = 40
	percentTwice      = 30 // send again what was answered
)

// person is somebody with a browser and a phone, who signs in again and again.
type person struct {
	w      *world
	n      int
	random *rand.Rand
	best   int // the first transport that this person's browsers can do
	moves  byte
	b      *browser

	accounts int
	phone    phone // of the newest account; its email is that of the account
	keeps    bool  // has left a browser signed in
	denies   bool  // the phone's last answer is a Deny
}

func newPerson(w *world, n int) *person {
	p := &person{w: w, n: n, random: w.random(n)}
	// Most browsers have all transports, some no WebSocket, a few only fetch.
	switch n % 10 {
	case 7, 8:
		p.best = byStream
	case 9:
		p.best = byPoll
	}
	p.newBrowser()
	return p
}

func (p *person) newBrowser() {
	p.b = p.w.newBrowser(net.IPv4(127, 10+p.moves, byte(p.n/250), byte(1+p.n%250)))
}

// move goes to another address: the limit on failed passwords counts each kill
// during a sign-in, and this is no test of that limit.
func (p *person) move() {
	p.moves++
	p.newBrowser()
}

func (p *person) sometimes(percent int) bool { return p.random.IntN(100) < percent }

// verb is what the phone answers next. Nobody denies twice in a row: that would
// leave their phone in peace for an hour.
func (p *person) verb() string {
	p.denies = !p.denies && p.sometimes(percentDeny)
	if p.denies {
		return "deny"
	}
	return "approve"
}

func (p *person) within(d time.Duration) time.Duration {
	return time.Duration(p.random.Int64N(int64(d)))
}

// live goes on until nobody begins anything new. An error is only ctx's.
func (p *person) live(ctx context.Context) {
	for {
		select {
		case <-p.w.closing:
			return
		default:
		}
		if err := p.day(ctx); err != nil {
			return
		}
	}
}

// day is one sign-in, and what follows it.
func (p *person) day(ctx context.Context) error {
	if p.sometimes(percentNewBrowser) {
		p.newBrowser()
	}
	begin := p.passPassword
	if p.phone.email == "" || p.sometimes(percentNewAccount) {
		begin = p.signUp
	}
	if ok, err := begin(ctx); err != nil || !ok {
		return err
	}
	in, err := p.secondStep(ctx)
	if err != nil || !in {
		return err
	}
	if !p.keeps {
		p.leaveSignedIn()
		return nil
	}
	if in, err = p.stay(ctx); err != nil || !in {
		return err
	}
	return p.signOut(ctx)
}

// lose notes something that this person was promised.
func (p *person) lose(format string, args ...any) {
	p.w.book.lose("%s: %s", p.phone.email, fmt.Sprintf(format, args...))
}

// signUp makes a new account. What became of it is not known when the reply is
// lost, so the form is sent again: that makes no second one.
func (p *person) signUp(ctx context.Context) (ok bool, err error) {
	p.newBrowser()
	p.accounts++
	p.phone = phone{w: p.w, email: fmt.Sprintf("person-%d-%d@example.com", p.n, p.accounts)}
	number := p.w.nextNumber()
	for tries := 0; ; tries++ {
		got, again, err := p.sendSignUp(ctx, number)
		if err != nil {
			return false, err
		}
		if again {
			p.w.book.add(&p.w.book.signUpsAgain)
		}
		switch {
		case got.to("/login/approval"), got.to("/verify-token"):
			p.w.book.account(p.phone.email)
			p.w.book.add(&p.w.book.signUps)
			return true, nil
		case got.status == http.StatusTooManyRequests && tries < signUpTries:
			p.move()
		case got.status == http.StatusTooManyRequests:
			// Each kill counts against the number, too, and this is no test of that limit.
			p.phone.email = ""
			return false, nil
		case got.status == http.StatusUnprocessableEntity && tries < signUpTries:
			// A process that stops may not reach the provider any more, and says so.
			p.w.book.add(&p.w.book.refusals)
		default:
			p.lose("sign-up got %d %s", got.status, got.location)
			p.phone.email = "" // begin with another one
			return false, nil
		}
		if err := pause(ctx, backOff(tries)); err != nil {
			return false, err
		}
	}
}

func (p *person) sendSignUp(ctx context.Context, number string) (got page, again bool, err error) {
	form, err := p.b.get(ctx, "/signup")
	if err != nil {
		return page{}, false, err
	}
	return p.b.insist(ctx, "/signup", form.form("name", "Ada", "email", p.phone.email, "password", password,
		"country_code", "1", "phone_number", number))
}

// nextNumber is a phone number that nobody has yet.
func (w *world) nextNumber() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.phones++
	return fmt.Sprintf("201555%04d", w.phones)
}

// passPassword gives e-mail and password, which no restart may forget.
func (p *person) passPassword(ctx context.Context) (ok bool, err error) {
	for {
		form, err := p.loginForm(ctx)
		if err != nil {
			return false, err
		}
		got, _, err := p.b.insist(ctx, "/login", form.form("email", p.phone.email, "password", password))
		switch {
		case err != nil:
			return false, err
		case got.to("/login/approval"), got.to("/verify-token"):
			return true, nil
		case got.status == http.StatusTooManyRequests:
			p.move()
		default:
			p.lose("the password got %d %s", got.status, got.location)
			return false, pause(ctx, time.Second)
		}
	}
}

// loginForm is a page with a form token. Who waits is led away from the first.
func (p *person) loginForm(ctx context.Context) (page, error) {
	got, err := p.b.get(ctx, "/login")
	if err == nil && got.status != http.StatusOK {
		got, err = p.b.get(ctx, "/")
	}
	return got, err
}
