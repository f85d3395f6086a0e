package push

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// scripted answers each request as the next of its list says, and then with 201.
type scripted struct {
	start   time.Time
	answers []scriptedAnswer
	at      []time.Duration // when it was asked
	ttl     []string
}

type scriptedAnswer struct {
	status     int
	retryAfter string
	err        error
	hang       bool
}

func (s *scripted) RoundTrip(r *http.Request) (*http.Response, error) {
	s.at, s.ttl = append(s.at, time.Since(s.start)), append(s.ttl, r.Header.Get("TTL"))
	a := scriptedAnswer{status: http.StatusCreated}
	if len(s.answers) > 0 {
		a, s.answers = s.answers[0], s.answers[1:]
	}
	if a.hang {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	if a.err != nil {
		return nil, a.err
	}
	head := http.Header{}
	if a.retryAfter != "" {
		head.Set("Retry-After", a.retryAfter)
	}
	return &http.Response{StatusCode: a.status, Header: head, Body: io.NopCloser(strings.NewReader("why"))}, nil
}

const endpoint = "https://fcm.googleapis.com/fcm/send/this-is-the-secret"

func TestWhatMayPassIsTriedAgainInTime(t *testing.T) {
	late := errors.New("connection reset")
	inTwo := time.Date(2000, time.January, 1, 0, 0, 2, 0, time.UTC).Format(http.TimeFormat) // a bubble begins at midnight
	for _, test := range []struct {
		name    string
		answers []scriptedAnswer
		life    time.Duration
		want    Outcome
		at      []time.Duration
		ttl     []string
		end     time.Duration // when the outcome is known
	}{
		{"taken at once", nil, time.Minute, Accepted, []time.Duration{0}, []string{"60"}, 0},
		{"a limit that says how long", []scriptedAnswer{{status: 429, retryAfter: "7"}}, time.Minute, Accepted, []time.Duration{0, 7 * time.Second}, []string{"60", "53"}, 7 * time.Second},
		{"a limit until a date", []scriptedAnswer{{status: 429, retryAfter: inTwo}}, time.Minute, Accepted, []time.Duration{0, 2 * time.Second}, []string{"60", "58"}, 2 * time.Second},
		{"a limit that says nothing", []scriptedAnswer{{status: 429}}, time.Minute, Accepted, []time.Duration{0, time.Second}, []string{"60", "59"}, time.Second},
		{"a limit beyond the end", []scriptedAnswer{{status: 429, retryAfter: "60"}}, time.Minute, Late, []time.Duration{0}, []string{"60"}, 0},
		{"a fault that passes", []scriptedAnswer{{status: 500}, {status: 503}, {err: late}}, time.Minute, Accepted,
			[]time.Duration{0, 1 * time.Second, 3 * time.Second, 7 * time.Second}, []string{"60", "59", "57", "53"}, 7 * time.Second},
		{"a fault that asks for time", []scriptedAnswer{{status: 503, retryAfter: "20"}}, time.Minute, Accepted, []time.Duration{0, 20 * time.Second}, []string{"60", "40"}, 20 * time.Second},
		{"a fault that stays", []scriptedAnswer{{status: 500}, {status: 500}, {status: 500}, {status: 500}}, 10 * time.Second, Late,
			[]time.Duration{0, 1 * time.Second, 3 * time.Second, 7 * time.Second}, []string{"10", "9", "7", "3"}, 7 * time.Second},
		{"silence", []scriptedAnswer{{hang: true}}, time.Minute, Accepted, []time.Duration{0, 11 * time.Second}, []string{"60", "49"}, 11 * time.Second},
		{"silence to the end", []scriptedAnswer{{hang: true}}, 5 * time.Second, Late, []time.Duration{0}, []string{"5"}, 5 * time.Second},
		{"too late already", nil, 0, Late, nil, nil, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSender(t, Options{Logger: slog.New(slog.DiscardHandler)})
				wire := &scripted{start: time.Now(), answers: test.answers}
				s.client.Transport = wire
				go s.Run(t.Context())
				got := make(chan Outcome)
				must(t, s.Send(subscribed(t, endpoint), Message{Expires: time.Now().Add(test.life)}, func(o Outcome) { got <- o }))
				if outcome, after := <-got, time.Since(wire.start); outcome != test.want || after != test.end {
					t.Errorf("got %s after %v, want %s after %v", outcome, after, test.want, test.end)
				}
				if !slices.Equal(wire.at, test.at) || !slices.Equal(wire.ttl, test.ttl) {
					t.Errorf("asked at %v for %v, want at %v for %v", wire.at, wire.ttl, test.at, test.ttl)
				}
				if len(s.room) != 0 {
					t.Errorf("%d messages still have a place", len(s.room))
				}
			})
		})
	}
}

// Whoever signs in never waits for a push service: not for one that hangs, nor for
// others' messages.
func TestSendNeverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSender(t, Options{Logger: slog.New(slog.DiscardHandler)})
		to, m := subscribed(t, endpoint), Message{Expires: time.Now().Add(time.Minute)}
		began := time.Now()
		for range maxWaiting {
			must(t, s.Send(to, m, func(Outcome) {}))
		}
		if err := s.Send(to, m, func(Outcome) {}); !errors.Is(err, ErrBusy) {
			t.Errorf("one too many: got %v", err)
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("it took %v", took)
		}
	})
}

// Messages that cannot be sent leave places for others', however long they may be tried.
func TestWhatFailsKeepsNobodyOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSender(t, Options{Logger: slog.New(slog.DiscardHandler)})
		s.room = make(chan struct{}, 8)
		wire := &scripted{start: time.Now()}
		for range 100 {
			wire.answers = append(wire.answers, scriptedAnswer{status: 503})
		}
		s.client.Transport = wire
		go s.Run(t.Context())
		to, outcomes := subscribed(t, endpoint), map[Outcome]int{}
		for range 10 {
			must(t, s.Send(to, Message{Expires: time.Now().Add(24 * time.Hour)}, func(o Outcome) { outcomes[o]++ }))
			synctest.Wait()
		}
		if len(s.room) != 4 || outcomes[Late] != 6 {
			t.Errorf("%d wait, and became of the others: %v", len(s.room), outcomes)
		}
	})
}

// The log says what is wrong and with whom, once a minute, and no endpoint: who has one
// can send to that phone.
func TestTheLogHasNoEndpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		s := newSender(t, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		s.client.Transport = &scripted{start: time.Now(), answers: []scriptedAnswer{{err: errors.New("connection reset")}, {status: 403}, {status: 403}, {status: 400}}}
		go s.Run(t.Context())
		got := make(chan Outcome)
		for range 3 {
			must(t, s.Send(subscribed(t, endpoint), Message{Expires: time.Now().Add(time.Minute)}, func(o Outcome) { got <- o }))
			<-got
		}
		if text := log.String(); strings.Contains(text, "this-is-the-secret") || strings.Count(text, "fcm.googleapis.com") != 3 || strings.Count(text, "level=ERROR") != 1 {
			t.Errorf("the log says\n%s", text)
		}
	})
}
