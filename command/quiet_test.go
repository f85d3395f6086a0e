package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// say writes a line to a log as it would be at a time.
func say(t *testing.T, h slog.Handler, at time.Time, level slog.Level, text string, attrs ...any) {
	t.Helper()
	r := slog.NewRecord(at, level, text, 0)
	r.Add(attrs...)
	must(t, h.Handle(context.Background(), r))
}

func TestEqualWarningsStandOnceAMinute(t *testing.T) {
	var out strings.Builder
	log := newQuiet(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	now := time.Date(2026, time.November, 24, 19, 0, 0, 0, time.UTC)
	for i := range 100 {
		say(t, log, now, slog.LevelWarn, "a callback was refused", "error", errors.New("not signed"), "n", i)
		say(t, log, now, slog.LevelInfo, "audit")
		say(t, log.WithAttrs([]slog.Attr{slog.String("room", "store")}), now, slog.LevelWarn, "a callback was refused", "error", errors.New("not signed"))
		say(t, log, now, slog.LevelError, "request failed", "request_id", fmt.Sprint(i), "error", errors.New("full"))
	}
	say(t, log, now, slog.LevelWarn, "a callback was refused", "error", errors.New("too old"))
	say(t, log, now.Add(time.Minute), slog.LevelWarn, "a callback was refused", "error", errors.New("not signed"))
	say(t, log, now.Add(2*time.Minute), slog.LevelWarn, "a callback was refused", "error", errors.New("not signed"))
	for line, want := range map[string]int{
		"level=WARN msg=\"a callback was refused\" error=\"not signed\" n=0\n":          1,
		"level=WARN msg=\"a callback was refused\" error=\"not signed\" left_out=199\n": 1,
		"level=WARN msg=\"a callback was refused\" error=\"not signed\"\n":              1,
		"error=\"too old\"\n": 1, "msg=audit\n": 100, "msg=\"request failed\"": 100,
	} {
		if got := strings.Count(out.String(), line); got != want {
			t.Errorf("%q stands %d times, want %d", line, got, want)
		}
	}
}

// Who makes each line differ gains nothing by it.
func TestWarningsThatDifferByWhatWasSentAreFew(t *testing.T) {
	var out strings.Builder
	log := newQuiet(slog.NewTextHandler(&out, nil))
	now := time.Date(2026, time.November, 24, 19, 0, 0, 0, time.UTC)
	for i := range 10_000 {
		say(t, log, now, slog.LevelWarn, "a callback was refused", "error", fmt.Errorf("not signed: %d", i))
	}
	if got := strings.Count(out.String(), "\n"); got > quietLines+1 {
		t.Errorf("got %d lines", got)
	}
}
