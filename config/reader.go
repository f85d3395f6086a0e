package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Lookup finds a setting; os.LookupEnv is one.
type Lookup func(name string) (value string, set bool)

// reader turns settings into values and remembers every problem.
type reader struct {
	getenv   Lookup
	problems []string
}

func (r *reader) problem(name, what string) {
	line := name + ": " + what
	if !slices.Contains(r.problems, line) {
		r.problems = append(r.problems, line)
	}
}

func (r *reader) err() error {
	if len(r.problems) == 0 {
		return nil
	}
	return &Error{r.problems}
}

// text is the value of a setting; an empty one counts as not set.
func (r *reader) text(name string) string {
	value, _ := r.getenv(name)
	return strings.TrimSpace(value)
}

func (r *reader) callOnly(name string, allowed bool, why string) {
	if r.text(name) != "" && !allowed {
		r.problem(name, why)
	}
}

func (r *reader) address(name, byDefault string) string {
	value := r.text(name)
	if value == "" {
		return byDefault
	}
	_, port, err := net.SplitHostPort(value)
	if err != nil {
		r.problem(name, fmt.Sprintf("%q: want host:port, such as 127.0.0.1:3000", value))
		return byDefault
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil {
		r.problem(name, fmt.Sprintf("%q: the port must be a number from 0 to 65535", value))
	} else if strconv.FormatUint(n, 10) != port {
		r.problem(name, fmt.Sprintf("%q: write the port as %d", value, n))
	}
	return value
}

// duration wants at least a second: shorter ones cannot be told to the
// provider. limit 0 means none.
func (r *reader) duration(name string, byDefault, limit time.Duration) time.Duration {
	value := r.text(name)
	if value == "" {
		return byDefault
	}
	d, err := time.ParseDuration(value)
	switch {
	case err != nil:
		r.problem(name, fmt.Sprintf("%q: want a time such as 90s, 2m or 1h30m", value))
	case d < time.Second:
		r.problem(name, fmt.Sprintf("%s: want at least 1s", value))
	case limit > 0 && d > limit:
		r.problem(name, fmt.Sprintf("%s: want at most %s", value, short(limit)))
	default:
		return d
	}
	return byDefault
}

// number wants a whole number of at least 1.
func (r *reader) number(name string, byDefault int) int {
	value := r.text(name)
	if value == "" {
		return byDefault
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 {
		r.problem(name, fmt.Sprintf("%q: want a whole number, at least 1", value))
		return byDefault
	}
	return n
}

// short writes 10m0s as 10m.
func short(d time.Duration) string {
	s := strings.TrimSuffix(d.String(), "0s")
	if strings.HasSuffix(s, "h0m") {
		return strings.TrimSuffix(s, "0m")
	}
	return s
}

// webURL parses an absolute http(s) URL without user or fragment.
func (r *reader) webURL(name string) *url.URL {
	value := r.text(name)
	if value == "" {
		return nil
	}
	// What is wrong is not quoted: a URL may carry a password by mistake.
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Hostname() == "" || (u.Scheme != "http" && u.Scheme != "https"):
		r.problem(name, "want http://host[:port] or https://host[:port]")
	case u.User != nil:
		r.problem(name, "must not carry a user or password")
	case u.Fragment != "":
		r.problem(name, "must not carry a fragment")
	default:
		return u
	}
	return nil
}

// origin reads a URL without a path, spelt as browsers spell it: in lower
// case, and without the port that the scheme implies.
func (r *reader) origin(name string) string {
	u := r.webURL(name)
	if u == nil {
		return ""
	}
	if (u.Path != "" && u.Path != "/") || u.RawQuery != "" {
		r.problem(name, "must end after the host and port: paths of a proxy are not supported")
		return ""
	}
	host := strings.ToLower(u.Host)
	if port := u.Port(); port == "" || (u.Scheme == "http" && port == "80") || (u.Scheme == "https" && port == "443") {
		host = strings.TrimSuffix(strings.TrimSuffix(host, port), ":")
	}
	return u.Scheme + "://" + host
}

// base reads the URL of a service. Plain http would send the key in clear,
// so it must not leave the machine.
func (r *reader) base(name, byDefault string) string {
	u := r.webURL(name)
	if u == nil {
		return byDefault
	}
	if u.RawQuery != "" {
		r.problem(name, "must not carry a query")
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) {
		r.problem(name, "plain http would send the key in clear: want https, or a loopback address")
	}
	return strings.TrimSuffix(u.String(), "/")
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && ip.IsLoopback())
}

func (r *reader) link(name string) string {
	if u := r.webURL(name); u != nil {
		return u.String()
	}
	return ""
}

// database reads sqlite:PATH, also as sqlite://PATH, and answers the path.
func (r *reader) database(name, byDefault string) string {
	value := r.text(name)
	if value == "" {
		value = byDefault
	}
	file, ok := strings.CutPrefix(value, "sqlite:")
	file = strings.TrimPrefix(file, "//")
	switch {
	case !ok:
		r.problem(name, "want sqlite:PATH, such as "+byDefault)
	case file == "" || strings.HasSuffix(file, "/"):
		r.problem(name, "want the path of a file after sqlite:")
	case strings.HasPrefix(file, ":memory:"):
		r.problem(name, "want a file: a database in memory is a new one for each connection")
	case strings.ContainsAny(file, "?#"):
		r.problem(name, "must not carry options: a path with ? or # is not supported")
	}
	return file
}

// secret reads a setting or the file that name_FILE points to. Messages about
// it never quote what was found.
func (r *reader) secret(name string) Secret {
	value, source := r.text(name), name
	if file := r.text(name + "_FILE"); file != "" {
		if value != "" {
			r.problem(name, "set as well as "+name+"_FILE: want one of the two")
			return ""
		}
		source = name + "_FILE"
		content, err := os.ReadFile(file)
		if err != nil {
			r.problem(source, err.Error())
			return ""
		}
		if value = strings.TrimSpace(string(content)); value == "" {
			r.problem(source, file+" is empty")
		}
	}
	if strings.ContainsFunc(value, func(c rune) bool { return unicode.IsSpace(c) || c < '!' || c > '~' }) {
		r.problem(source, "a key has no blanks and only plain characters")
		return ""
	}
	return Secret(value)
}

func (r *reader) networks(name string) []string {
	var all []string
	for _, item := range strings.FieldsFunc(r.text(name), func(c rune) bool { return c == ',' || unicode.IsSpace(c) }) {
		_, errAddr := netip.ParseAddr(item)
		_, errRange := netip.ParsePrefix(item)
		if errAddr != nil && errRange != nil {
			r.problem(name, fmt.Sprintf("%q is no address and no range such as 10.0.0.0/8", item))
			continue
		}
		all = append(all, item)
	}
	return all
}
