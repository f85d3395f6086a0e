package store

import (
	"context"
	"log/slog"
)

// logEvents tells the log what was committed: one line for each line of the audit
// trail. It has no text that somebody typed, and no secret.
func (s *Store) logEvents(ctx context.Context, recorded []Event) {
	for _, e := range recorded {
		s.opts.Logger.LogAttrs(ctx, slog.LevelInfo, "audit", e.attrs()...)
	}
}

// attrs leave out what is empty.
func (e Event) attrs() []slog.Attr {
	attrs := []slog.Attr{slog.String("kind", string(e.Kind)), slog.String("outcome", string(e.Kind.Outcome()))}
	if e.UserID != 0 {
		attrs = append(attrs, slog.Int64("user", e.UserID))
	}
	for _, text := range [][2]string{
		{"session", e.SessionID}, {"approval", e.ApprovalID}, {"detail", e.Detail},
		{"actor", e.Actor}, {"ip", e.IP}, {"device", e.Device},
	} {
		if text[1] != "" {
			attrs = append(attrs, slog.String(text[0], text[1]))
		}
	}
	if e.Times > 1 {
		attrs = append(attrs, slog.Int("times", e.Times))
	}
	return attrs
}
