package command

import (
	"io"
	"log/slog"
	"strconv"
	"strings"
	"unicode"

	"nod/config"
)

// newLog writes lines to out. Whatever is in them, none looks like another and none
// does anything to a screen.
func newLog(out io.Writer, how config.Log) *slog.Logger {
	options := &slog.HandlerOptions{Level: how.Level}
	if !how.JSON {
		return slog.New(newQuiet(slog.NewTextHandler(out, options)))
	}
	options.ReplaceAttr = visible // text is quoted anyway
	return slog.New(newQuiet(slog.NewJSONHandler(out, options)))
}

// visible escapes what JSON leaves as it is and a terminal obeys.
func visible(_ []string, a slog.Attr) slog.Attr {
	text := a.Value
	if err, ok := text.Any().(error); ok {
		text = slog.StringValue(err.Error())
	}
	if text.Kind() == slog.KindString && strings.ContainsFunc(text.String(), unseen) {
		a.Value = slog.StringValue(strings.Trim(strconv.Quote(text.String()), `"`))
	}
	return a
}

func unseen(r rune) bool { return !unicode.IsPrint(r) }
