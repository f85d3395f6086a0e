// Package push wakes phones: it hands messages to the push services of their
// browsers, as RFC 8030 says (Web Push), encrypted (RFC 8291) and signed (RFC 8292).
//
// Owns: the queue of messages, how they are encrypted and signed, what the answer of
// a push service means, and which addresses may be reached.
// Promises: Send never waits; a message is tried until it is taken, refused or too
// late, or others need its place, and then its outcome is told once, unless the process stops before; only hosts
// of a list are asked, over https on port 443, at public addresses, without redirect
// or proxy.
// Never: logs an endpoint, which is all that it takes to reach a phone; knows what a
// message is about.
package push

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Options of a sender. Key and Subject are required.
type Options struct {
	Key     *ecdsa.PrivateKey // P-256; subscriptions are made for its public part
	Subject string            // who runs this site: an https or mailto URL
	Hosts   []string          // further hosts, besides Hosts
	Now     func() time.Time  // nil: time.Now
	Logger  *slog.Logger      // nil: slog.Default

	// Dial and Roots are for tests, whose push service is at a loopback address and
	// has a certificate of its own. nil: Dial reaches public addresses alone, and
	// the roots are those of the machine.
	Dial  func(ctx context.Context, network, address string) (net.Conn, error)
	Roots *x509.CertPool
}

// Message is what a phone is to show.
type Message struct {
	Payload []byte    // at most MaxPayload bytes
	Topic   string    // at most 32 characters of base64url, may be ""; a message replaces one of the same topic that has not arrived
	Expires time.Time // from then on it is of no use
}

// Outcome is what became of a message.
type Outcome string

// The outcomes.
const (
	Accepted   Outcome = "accepted"    // the push service has it
	Gone       Outcome = "gone"        // there is no such subscription any more
	KeyRefused Outcome = "key_refused" // the push service does not take our key or subject
	Refused    Outcome = "refused"     // it takes this message or endpoint never
	Late       Outcome = "late"        // it was not taken in time
)

// ErrBusy: so many messages wait that this one is not taken.
var ErrBusy = errors.New("push: too many messages wait")

const (
	maxWaiting = 4096             // messages, also those that are tried again later
	workers    = 16               // messages that are on their way at once
	patience   = 10 * time.Second // with one answer of a push service
)

// Sender sends messages. Make one with New.
type Sender struct {
	Options
	hosts  []string
	client *http.Client
	room   chan struct{} // holds one for each message that is not done
	queue  chan *job
	health health
}

// job is a message on its way.
type job struct {
	to    Subscription
	m     Message
	done  func(Outcome)
	tries int
}

// New checks the options.
func New(o Options) (*Sender, error) {
	if o.Key == nil {
		return nil, errors.New("push: a key is required")
	}
	if !strings.HasPrefix(o.Subject, "https://") && !strings.HasPrefix(o.Subject, "mailto:") {
		return nil, fmt.Errorf("push: the subject %q is neither an https nor a mailto URL", o.Subject)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Logger = cmp.Or(o.Logger, slog.Default())
	if o.Dial == nil {
		o.Dial = guarded(nil).DialContext
	}
	return &Sender{
		Options: o, hosts: append(append([]string{}, Hosts...), o.Hosts...), client: client(o),
		room: make(chan struct{}, maxWaiting), queue: make(chan *job, maxWaiting),
	}, nil
}

// Run sends what is taken until ctx ends.
func (s *Sender) Run(ctx context.Context) {
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case j := <-s.queue:
					s.try(ctx, j)
				}
			}
		})
	}
	all.Wait()
	s.client.CloseIdleConnections()
}

// Send takes a message and returns at once. done is told once what became of it.
// ErrBusy; ErrSubscription and a message that is too long are refused at once.
func (s *Sender) Send(to Subscription, m Message, done func(Outcome)) error {
	if err := s.Check(to); err != nil {
		return err
	}
	if len(m.Payload) > MaxPayload {
		return fmt.Errorf("push: the message has %d bytes, more than %d", len(m.Payload), MaxPayload)
	}
	select {
	case s.room <- struct{}{}:
		s.queue <- &job{to: to, m: m, done: done}
		return nil
	default:
		return ErrBusy
	}
}

// try sends a message once. One that may be taken later is put back by a timer, unless
// half of the places are taken: whoever names endpoints that never answer must not keep
// others' messages out.
func (s *Sender) try(ctx context.Context, j *job) {
	left := j.m.Expires.Sub(s.Now())
	if left <= 0 {
		s.end(j, Late)
		return
	}
	a, err := s.post(ctx, j, left)
	if ctx.Err() != nil {
		return // the process stops
	}
	s.note(j, a, err)
	outcome := a.outcome()
	if err != nil {
		outcome = outcomeOf(err)
	}
	if outcome != "" {
		s.end(j, outcome)
		return
	}
	wait := max(a.wait, backoff(j.tries))
	if j.tries++; wait >= j.m.Expires.Sub(s.Now()) || len(s.room) > cap(s.room)/2 {
		s.end(j, Late)
		return
	}
	time.AfterFunc(wait, func() { s.queue <- j }) // which has a place for all that wait
}

func (s *Sender) end(j *job, o Outcome) {
	<-s.room
	j.done(o)
}

// backoff is how long to wait after so many tries.
func backoff(tries int) time.Duration { return time.Second << min(tries, 4) }

// post makes one request. It has one size, whatever it says.
func (s *Sender) post(ctx context.Context, j *job, left time.Duration) (answer, error) {
	body, err := encrypted(j.m.Payload, j.to)
	if err != nil {
		return answer{}, err
	}
	proof, err := s.vapid(j.to.Endpoint)
	if err != nil {
		return answer{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, min(patience, left))
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, j.to.Endpoint, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	r.Header.Set("Authorization", proof)
	r.Header.Set("Content-Encoding", "aes128gcm")
	r.Header.Set("Content-Type", "application/octet-stream")
	r.Header.Set("TTL", strconv.Itoa(int(left.Seconds())))
	r.Header.Set("Urgency", "high")
	if j.m.Topic != "" {
		r.Header.Set("Topic", j.m.Topic)
	}
	reply, err := s.client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer reply.Body.Close()
	why, _ := io.ReadAll(io.LimitReader(reply.Body, maxReason)) // what is cut is for the log alone
	return answer{reply.StatusCode, retryAfter(reply.Header.Get("Retry-After"), s.Now()), string(why)}, nil
}
