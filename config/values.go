package config

import (
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

func (in input) address() string {
	_, port, err := net.SplitHostPort(in.value)
	if err != nil {
		in.problem("%q: want host:port, such as 127.0.0.1:3000", in.value)
		return ""
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil {
		in.problem("%q: the port must be a number from 0 to 65535", in.value)
	} else if strconv.FormatUint(n, 10) != port {
		in.problem("%q: write the port as %d", in.value, n)
	}
	return in.value
}

// duration wants at least a second: the provider counts in seconds. limit 0
// means none.
func (in input) duration(limit time.Duration) time.Duration {
	d, err := time.ParseDuration(in.value)
	switch {
	case err != nil:
		in.problem("%q: want a time such as 90s, 2m or 1h30m", in.value)
	case d < time.Second:
		in.problem("%s: want at least 1s", in.value)
	case limit > 0 && d > limit:
		in.problem("%s: want at most %s", in.value, short(limit))
	}
	return d
}

// short writes 10m0s as 10m.
func short(d time.Duration) string {
	s := strings.TrimSuffix(d.String(), "0s")
	if strings.HasSuffix(s, "h0m") {
		return strings.TrimSuffix(s, "0m")
	}
	return s
}

// number wants a whole number of at least 1.
func (in input) number() int {
	n, err := strconv.Atoi(in.value)
	if err != nil || n < 1 {
		in.problem("%q: want a whole number, at least 1", in.value)
	}
	return n
}

// retries reads how often something is tried again; -1 stands for the 0 of the
// setting, because 0 means that it is not set.
func (in input) retries() int {
	n, err := strconv.Atoi(in.value)
	if err != nil || n < 0 {
		in.problem("%q: want a whole number, or 0 for never", in.value)
	}
	if n == 0 {
		return -1
	}
	return n
}

// hosts reads names without scheme or path; a port is no part of them.
func (in input) hosts() []string {
	var all []string
	for _, item := range strings.FieldsFunc(in.value, func(c rune) bool { return c == ',' || unicode.IsSpace(c) }) {
		if strings.ContainsAny(item, "/*:@?#") {
			in.problem("%q is no name of a host: want names such as authy, without scheme, port or *", item)
			continue
		}
		all = append(all, item)
	}
	return all
}

func (in input) name30() string {
	if utf8.RuneCountInString(in.value) > 30 {
		in.problem("%q: want at most 30 characters", in.value)
	}
	return in.value
}

func (in input) digits() string {
	if strings.Trim(in.value, "0123456789") != "" {
		in.problem("%q: want digits", in.value)
	}
	return in.value
}

func (in input) oneOf(words ...string) string {
	if !slices.Contains(words, in.value) {
		in.problem("%q: want %s", in.value, strings.Join(words, " or "))
	}
	return in.value
}

func (in input) level() slog.Level {
	levels := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
	return levels[in.oneOf("debug", "info", "warn", "error")]
}

func (in input) networks() []string {
	var all []string
	for _, item := range strings.FieldsFunc(in.value, func(c rune) bool { return c == ',' || unicode.IsSpace(c) }) {
		_, errAddr := netip.ParseAddr(item)
		_, errRange := netip.ParsePrefix(item)
		if errAddr != nil && errRange != nil {
			in.problem("%q is no address and no range such as 10.0.0.0/8", item)
			continue
		}
		all = append(all, item)
	}
	return all
}

// besidePostgres names the files that are still needed beside PostgreSQL.
const besidePostgres = "nod.db"

func isPostgres(url string) bool {
	return strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://")
}

// postgres checks a URL of PostgreSQL. What is wrong with it is said without it: it may
// hold a password.
func (in input) postgres() Secret {
	u, err := url.Parse(in.value)
	switch {
	case err != nil:
		in.problem("this is no URL: in a password %% / # ? @ are written as %%25 %%2F %%23 %%3F %%40")
	case strings.Contains(u.Path, "@"): // what stands before it is no path
		in.problem("this is no URL: in a password %% / # ? @ are written as %%25 %%2F %%23 %%3F %%40")
	case strings.Trim(u.Path, "/") == "":
		in.problem("want the name of a database at its end: postgres://USER:PASSWORD@HOST/NAME")
	}
	return Secret(in.value)
}

// database reads sqlite:PATH, or sqlite://PATH, and returns the path; or the URL of
// PostgreSQL.
func (in input) database() (path string, postgres Secret) {
	if isPostgres(in.value) {
		return besidePostgres, in.postgres()
	}
	return in.sqlite(", or postgres://USER:PASSWORD@HOST/NAME"), ""
}

// sqlite reads sqlite:PATH, or sqlite://PATH, and returns the path. or is what else it
// could be.
func (in input) sqlite(or string) string {
	file, ok := strings.CutPrefix(in.value, "sqlite:")
	file = strings.TrimPrefix(file, "//")
	switch {
	case !ok:
		in.problem("want sqlite:PATH, such as sqlite:nod.db%s", or)
	case file == "" || strings.HasSuffix(file, "/"):
		in.problem("want the path of a file after sqlite:")
	case strings.HasPrefix(file, ":memory:"):
		in.problem("want a file: every connection to a database in memory gets a new one")
	case strings.ContainsAny(file, "?#"):
		in.problem("must not carry options: a path with ? or # is not supported")
	}
	return file
}
