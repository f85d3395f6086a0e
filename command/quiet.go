package command

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"
)

// quiet is a log in which equal warnings and errors stand once a minute, the next
// one with the number of those that were left out: what strangers can cause at will
// must not bury the rest. Lines of a request are never equal: its page shows their
// id to whoever asks the operator about it.
type quiet struct {
	slog.Handler
	said *said
}

type said struct {
	mu    sync.Mutex
	lines map[equal]spoken
}

// equal is what makes two lines equal.
type equal struct {
	level        slog.Level
	text, reason string
}

type spoken struct {
	at      time.Time
	leftOut int
}

const (
	quietFor   = time.Minute
	quietLines = 500 // more than that differ by what strangers have sent
)

func newQuiet(h slog.Handler) slog.Handler { return quiet{h, &said{lines: map[equal]spoken{}}} }

func (q quiet) WithAttrs(attrs []slog.Attr) slog.Handler {
	return quiet{q.Handler.WithAttrs(attrs), q.said}
}

func (q quiet) WithGroup(name string) slog.Handler { return quiet{q.Handler.WithGroup(name), q.said} }

func (q quiet) Handle(ctx context.Context, r slog.Record) error {
	line, ofRequest := equal{level: r.Level, text: r.Message}, false
	r.Attrs(func(a slog.Attr) bool {
		ofRequest = ofRequest || a.Key == "request_id"
		if a.Key == "error" {
			line.reason = a.Value.String()
		}
		return true
	})
	if r.Level < slog.LevelWarn || ofRequest {
		return q.Handler.Handle(ctx, r)
	}
	leftOut, say := q.said.due(line, r.Time)
	if !say {
		return nil
	}
	if leftOut > 0 {
		r = r.Clone()
		r.AddAttrs(slog.Int("left_out", leftOut))
	}
	return q.Handler.Handle(ctx, r)
}

// due says whether a line is to be written, and how many equal ones were left out
// before it.
func (s *said) due(line equal, now time.Time) (leftOut int, say bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := func(_ equal, last spoken) bool { return now.Sub(last.at) >= quietFor && last.leftOut == 0 }
	if len(s.lines) >= quietLines {
		maps.DeleteFunc(s.lines, old)
	}
	if _, known := s.lines[line]; !known && len(s.lines) >= quietLines {
		line.reason = ""
	}
	last, known := s.lines[line]
	if known && now.Sub(last.at) < quietFor {
		last.leftOut++
		s.lines[line] = last
		return 0, false
	}
	s.lines[line] = spoken{at: now}
	return last.leftOut, true
}
