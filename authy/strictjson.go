package authy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of a callback. Recorded ones have up to 2 KB, 60 members and depth 4.
const (
	maxBody     = 64 << 10 // bytes
	maxDepth    = 16
	maxMembers  = 200       // members and elements, in all levels together
	maxNumber   = 64        // characters
	maxRendered = 256 << 10 // bytes of the canonical string, before escaping
)

// value is a JSON value that keeps the order of members and the spelling of
// numbers. encoding/json's maps keep neither and take the last of two equal names;
// its structs ignore the case of names.
type value struct {
	kind    kind
	text    string // of a scalar, as in the canonical string
	members []member
	items   []value
}

type kind int

const (
	null kind = iota // or missing
	boolean
	number
	text
	array
	object
)

type member struct {
	name  string
	value value
}

// get returns the member with exactly this name.
func (v value) get(name string) (value, bool) {
	for _, m := range v.members {
		if m.name == name {
			return m.value, true
		}
	}
	return value{}, false
}

// empty reports whether v is an empty object or array.
func (v value) empty() bool {
	return v.kind == object && len(v.members) == 0 || v.kind == array && len(v.items) == 0
}

// parse reads exactly one JSON object. It refuses everything that parsers
// interpret differently: duplicate names, invalid UTF-8, unpaired surrogates,
// numbers out of range, data after the end.
func parse(body []byte) (value, error) {
	switch {
	case len(body) > maxBody:
		return value{}, errors.New("too large")
	case !utf8.Valid(body):
		return value{}, errors.New("not UTF-8")
	case !json.Valid(body):
		return value{}, errors.New("not JSON")
	case unpairedSurrogate(body):
		return value{}, errors.New("unpaired surrogate")
	}
	p := &parser{dec: json.NewDecoder(bytes.NewReader(body))}
	p.dec.UseNumber()
	v, err := p.value(0, 0)
	switch {
	case err != nil:
		return value{}, err
	case v.kind != object:
		return value{}, errors.New("not an object")
	}
	return v, nil
}

// unpairedSurrogate looks for a \u escape that is only half of a surrogate pair,
// which encoding/json silently replaces. In valid JSON a backslash occurs only in
// strings, and every \u has four digits.
func unpairedSurrogate(body []byte) bool {
	for i := 0; i < len(body); i++ {
		if body[i] != '\\' {
			continue
		}
		i++ // skips the escaped character, so that \\u is not taken for an escape
		switch unit := escapedUnit(body, i-1); {
		case unit < 0xD800 || unit > 0xDFFF:
		case unit > 0xDBFF:
			return true
		default:
			second := escapedUnit(body, i+5)
			if second < 0xDC00 || second > 0xDFFF {
				return true
			}
			i += 6
		}
	}
	return false
}

// escapedUnit returns the code unit of a \uXXXX at i, or -1.
func escapedUnit(body []byte, i int) int64 {
	if i+6 > len(body) || body[i] != '\\' || body[i+1] != 'u' {
		return -1
	}
	unit, err := strconv.ParseInt(string(body[i+2:i+6]), 16, 32)
	if err != nil {
		return -1
	}
	return unit
}

type parser struct {
	dec      *json.Decoder
	members  int
	rendered int
}

// value reads the next value. key is the length of its key in the canonical string,
// which repeats the key for every element below: without a limit, 64 KiB could grow
// to many megabytes.
func (p *parser) value(depth, key int) (value, error) {
	token, err := p.dec.Token()
	if err != nil {
		return value{}, err
	}
	if delim, ok := token.(json.Delim); ok {
		switch {
		case depth == maxDepth:
			return value{}, errors.New("nested too deeply")
		case delim == '{':
			return p.object(depth+1, key)
		}
		return p.array(depth+1, key)
	}
	v, err := scalar(token)
	if p.rendered += key + len(v.text); p.rendered > maxRendered {
		return value{}, errors.New("canonical string too long")
	}
	return v, err
}

func scalar(token json.Token) (value, error) {
	switch t := token.(type) {
	case string:
		return value{kind: text, text: t}, nil
	case json.Number:
		if _, err := t.Float64(); err != nil || len(t) > maxNumber {
			return value{}, errors.New("number out of range")
		}
		return value{kind: number, text: t.String()}, nil
	case bool:
		return value{kind: boolean, text: strconv.FormatBool(t)}, nil
	default:
		return value{kind: null}, nil
	}
}

func (p *parser) object(depth, key int) (value, error) {
	v := value{kind: object}
	for p.dec.More() {
		token, err := p.dec.Token()
		if err != nil {
			return value{}, err
		}
		name, _ := token.(string) // valid JSON has only strings here
		if _, duplicate := v.get(name); duplicate {
			return value{}, fmt.Errorf("duplicate member %q", short(name))
		}
		item, err := p.counted(depth, key+len(name))
		if err != nil {
			return value{}, err
		}
		v.members = append(v.members, member{name, item})
	}
	_, err := p.dec.Token()
	return v, err
}

func (p *parser) array(depth, key int) (value, error) {
	v := value{kind: array}
	for p.dec.More() {
		item, err := p.counted(depth, key)
		if err != nil {
			return value{}, err
		}
		v.items = append(v.items, item)
	}
	_, err := p.dec.Token()
	return v, err
}

func (p *parser) counted(depth, key int) (value, error) {
	if p.members++; p.members > maxMembers {
		return value{}, errors.New("too many members")
	}
	return p.value(depth, key+len("[]"))
}

// short truncates text from outside, so that it cannot fill a log.
func short(name string) string {
	if runes := []rune(name); len(runes) > 40 {
		return string(runes[:40]) + "…"
	}
	return name
}

// fold maps names that differ only in case to the same string, including the long
// s (U+017F) and the Kelvin sign (U+212A).
func fold(name string) string { return strings.ToLower(strings.ToUpper(name)) }
