package push

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
)

// maxReason is how much is read of what a push service says about a refusal.
const maxReason = 512

// answer is what a push service has said; the zero value is nothing.
type answer struct {
	status int
	wait   time.Duration // until it may be asked again, 0 if it does not say
	why    string
}

// outcome is what an answer means; "" where the message may be taken later.
func (a answer) outcome() Outcome {
	switch {
	case a.status >= 200 && a.status < 300:
		return Accepted
	case a.status == http.StatusNotFound, a.status == http.StatusGone:
		return Gone
	case a.status == http.StatusUnauthorized, a.status == http.StatusForbidden:
		return KeyRefused
	case a.status == http.StatusTooManyRequests, a.status >= 500:
		return ""
	default:
		return Refused
	}
}

// outcomeOf is what it means that a push service could not be asked.
func outcomeOf(err error) Outcome {
	if errors.Is(err, errAddress) || errors.Is(err, ErrSubscription) {
		return Refused
	}
	return ""
}

// retryAfter reads seconds, or a date; 0 for neither.
func retryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(text); err == nil {
		return max(0, date.Sub(now))
	}
	return 0
}

// health is how the last message fared.
type health struct {
	mu     sync.Mutex
	at     time.Time
	state  string
	logged time.Time
}

// Health is a word for how the push services took the last message, and when that was.
func (s *Sender) Health() (state string, last time.Time) {
	s.health.mu.Lock()
	defer s.health.mu.Unlock()
	if s.health.at.IsZero() {
		return "not asked yet", time.Time{}
	}
	return s.health.state, s.health.at
}

// logEvery is how often the log has the same state again: an outage fills no log.
const logEvery = time.Minute

// is remembers a state, and reports whether the log is to have it.
func (h *health) is(state string, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	before := h.state
	h.at, h.state = now, state
	if state == before && (state == stateOK || now.Sub(h.logged) < logEvery) || before == "" && state == stateOK {
		return false
	}
	h.logged = now
	return true
}

// The states of Health.
const (
	stateOK          = "ok"
	stateUnavailable = "unavailable"
	stateKeyRefused  = "refuses the key"
	stateRefused     = "refuses messages"
)

// note remembers how a message fared, and logs what somebody has to see to.
func (s *Sender) note(j *job, a answer, err error) {
	state := stateOK
	switch o := a.outcome(); {
	case err != nil, o == "":
		state = stateUnavailable
	case o == KeyRefused:
		state = stateKeyRefused
	case o == Refused:
		state = stateRefused
	}
	if !s.health.is(state, s.Now()) {
		return
	}
	log := s.Logger.With("host", hostOf(j.to.Endpoint), "status", a.status, "reason", printable(a.why))
	switch {
	case err != nil:
		log.Warn("a push service could not be asked", "error", withoutEndpoint(err))
	case state == stateKeyRefused:
		log.Error("a push service does not take the key or the subject of this site", "subject", s.Subject)
	case state == stateOK:
		log.Info("push services take messages again")
	default:
		log.Warn("a push service does not take a message", "wait", a.wait)
	}
}

// withoutEndpoint is an error without the address that net/http puts before it.
func withoutEndpoint(err error) error {
	var with *url.Error
	if errors.As(err, &with) {
		return with.Err
	}
	return err
}

// printable is the text of a stranger, as a log may have it.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
}
