package authy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of a callback body. Recorded ones have 2 KB, 60 members, depth 4.
const (
	maxBody    = 64 << 10
	maxDepth   = 16
	maxMembers = 200
)

// value is a JSON value with its members in their order and its numbers as
// written: encoding/json's maps keep neither, take the last of two equal keys,
// and match names in any case.
type value struct {
	kind    kind
	text    string // of a scalar, as the canonical string has it
	members []member
	items   []value
}

type kind int

const (
	null kind = iota
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

// get returns the member of that exact name.
func (v value) get(name string) (value, bool) {
	for _, m := range v.members {
		if m.name == name {
			return m.value, true
		}
	}
	return value{}, false
}

// parse reads exactly one JSON object.
func parse(body []byte) (value, error) {
	switch {
	case len(body) > maxBody:
		return value{}, errors.New("too large")
	case !utf8.Valid(body):
		return value{}, errors.New("not UTF-8")
	}
	p := &parser{dec: json.NewDecoder(bytes.NewReader(body))}
	p.dec.UseNumber()
	v, err := p.value(0)
	if err != nil {
		return value{}, err
	}
	if v.kind != object {
		return value{}, errors.New("not an object")
	}
	if _, err := p.dec.Token(); !errors.Is(err, io.EOF) {
		return value{}, errors.New("data after the end")
	}
	return v, nil
}

type parser struct {
	dec     *json.Decoder
	members int
}

func (p *parser) value(depth int) (value, error) {
	token, err := p.dec.Token()
	if err != nil {
		return value{}, err
	}
	switch t := token.(type) {
	case json.Delim:
		if depth == maxDepth {
			return value{}, errors.New("nested too deep")
		}
		if t == '{' {
			return p.object(depth + 1)
		}
		return p.array(depth + 1)
	case string:
		return value{kind: text, text: t}, whole(t)
	case json.Number:
		return value{kind: number, text: t.String()}, nil
	case bool:
		return value{kind: boolean, text: fmt.Sprint(t)}, nil
	default:
		return value{kind: null}, nil
	}
}

// whole refuses what the decoder has replaced: half of a surrogate pair.
func whole(s string) error {
	if strings.ContainsRune(s, utf8.RuneError) {
		return errors.New("a string with a character that does not exist")
	}
	return nil
}

func (p *parser) object(depth int) (value, error) {
	v := value{kind: object}
	for p.dec.More() {
		token, err := p.dec.Token()
		if err != nil {
			return value{}, err
		}
		name, _ := token.(string)
		if _, double := v.get(name); double {
			return value{}, fmt.Errorf("member %q twice", name)
		}
		if err := errors.Join(whole(name), lookAlike(name), p.count()); err != nil {
			return value{}, err
		}
		item, err := p.value(depth)
		if err != nil {
			return value{}, err
		}
		v.members = append(v.members, member{name, item})
	}
	_, err := p.dec.Token()
	return v, err
}

func (p *parser) array(depth int) (value, error) {
	v := value{kind: array}
	for p.dec.More() {
		if err := p.count(); err != nil {
			return value{}, err
		}
		item, err := p.value(depth)
		if err != nil {
			return value{}, err
		}
		v.items = append(v.items, item)
	}
	_, err := p.dec.Token()
	return v, err
}

func (p *parser) count() error {
	if p.members++; p.members > maxMembers {
		return errors.New("too many members")
	}
	return nil
}

// decisive are the names that are read.
var decisive = []string{"authy_id", "uuid", "status", "callback_action", "approval_request", "transaction", "hidden_details"}

// lookAlike refuses STATUS and ſtatus: another reader of the same message
// might take them for status.
func lookAlike(name string) error {
	if slices.Contains(decisive, name) {
		return nil
	}
	for _, d := range decisive {
		if strings.EqualFold(name, d) {
			return fmt.Errorf("member %q looks like %q", name, d)
		}
	}
	return nil
}
