package config

import (
	"fmt"
	"net"
	"slices"
	"strings"
)

// Lookup finds a setting; os.LookupEnv is one.
type Lookup func(name string) (value string, set bool)

// reader turns settings into a Config and collects every problem.
type reader struct {
	getenv   Lookup
	problems []string
}

// read fills a Config with the settings of one program.
func (r *reader) read(by program) Config {
	var c Config
	for _, s := range settings {
		value := r.text(s.Name)
		if value == "" {
			value = s.Default
		}
		if s.readBy&by != 0 && value != "" {
			s.read(&c, input{r, s.Name, value})
		}
	}
	return c
}

// text is the value of a setting; an empty one counts as not set.
func (r *reader) text(name string) string {
	value, _ := r.getenv(name)
	return strings.TrimSpace(value)
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

func (r *reader) forbidUnless(allowed bool, name, why string) {
	if r.text(name) != "" && !allowed {
		r.problem(name, why)
	}
}

// distinct refuses one address for two listeners. Port 0 is always another
// port.
func (r *reader) distinct(name, addr, other, otherAddr string) {
	_, port, err := net.SplitHostPort(addr)
	if err == nil && port != "0" && addr == otherAddr {
		r.problem(other, fmt.Sprintf("%s is the address of %s already", otherAddr, name))
	}
}

// input is one setting while it is read. Its methods return the value, or
// report what is wrong and return a zero value or something near it.
type input struct {
	*reader
	name, value string
}

func (in input) problem(format string, args ...any) {
	in.reader.problem(in.name, fmt.Sprintf(format, args...))
}
