package wire

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"strings"
)

// body is a masked body, and what it says of whom and what it is about.
type body struct {
	text  string
	phone string
	uuid  string
}

// maxBody is how much of a body is looked at; a longer one is masked whole.
const maxBody = 64 << 10

// maskBody masks by the kind of content. What is not known is masked whole, and so
// are pages.
func maskBody(contentType string, b []byte, p Point) body {
	kind, _, err := mime.ParseMediaType(contentType)
	switch {
	case len(b) == 0:
		return body{}
	case err != nil || len(b) > maxBody:
		return body{text: Mask}
	case kind == "application/json":
		return maskJSON(b)
	case kind == "application/x-www-form-urlencoded":
		return body{text: maskForm(string(b), p)}
	case kind == "text/plain" && plainAnswers[strings.TrimSpace(string(b))]:
		return body{text: string(b)}
	default:
		return body{text: Mask}
	}
}

// plainAnswers are the short answers of Nod to a callback.
var plainAnswers = map[string]bool{"OK": true, "unauthorized": true, "bad request": true}

// maskEvents masks the data of an event stream, line by line.
func maskEvents(b []byte) string {
	lines := strings.Split(string(b), "\n")
	for i, line := range lines {
		data, isData := strings.CutPrefix(line, "data: ")
		switch {
		case isData:
			lines[i] = "data: " + maskJSON([]byte(data)).text
		case line != "" && line != ":" && line != "retry: 2000":
			lines[i] = Mask
		}
	}
	return strings.Join(lines, "\n")
}

// maskJSON masks the texts and numbers of a message, one by one, where no list
// names their member. What is no JSON is masked whole.
func maskJSON(b []byte) body {
	m := jsonMasker{from: b, dec: json.NewDecoder(bytes.NewReader(b))}
	m.dec.UseNumber()
	for {
		err := m.next()
		if err == io.EOF && len(m.open) == 0 {
			m.found.text = string(append(m.to, b[m.done:]...))
			return m.found
		}
		if err != nil {
			return body{text: Mask}
		}
	}
}

// jsonMasker copies a message token by token: all bytes between them stay.
type jsonMasker struct {
	from  []byte
	done  int // bytes of from that are copied
	to    []byte
	dec   *json.Decoder
	open  []container
	found body
}

// container is an object or an array that has not ended.
type container struct {
	object bool
	isName bool   // a name comes next
	name   string // of the member whose value comes next; of an array's own
	plain  bool   // the value may be shown
	all    bool   // and so may be everything beneath it
}

func (m *jsonMasker) next() error {
	start := int(m.dec.InputOffset())
	token, err := m.dec.Token()
	if err != nil {
		return err
	}
	end := int(m.dec.InputOffset())
	for start < end && strings.IndexByte(" \t\r\n,:", m.from[start]) >= 0 {
		start++
	}
	switch token := token.(type) {
	case json.Delim:
		m.delim(token)
		return nil
	case string:
		if top := m.top(); top != nil && top.isName {
			top.named(token)
			return nil
		}
		m.value(token, start, end)
	case json.Number:
		m.value(token.String(), start, end)
	default: // true, false and null tell no secret
	}
	m.ended()
	return nil
}

func (m *jsonMasker) top() *container {
	if len(m.open) == 0 {
		return nil
	}
	return &m.open[len(m.open)-1]
}

func (c *container) named(name string) {
	c.isName, c.name = false, name
	c.plain = c.all || plainNames[name] || openNames[name]
}

func (m *jsonMasker) delim(d json.Delim) {
	if d == '}' || d == ']' {
		m.open = m.open[:len(m.open)-1]
		m.ended()
		return
	}
	next := container{object: d == '{', isName: d == '{'}
	if above := m.top(); above != nil {
		next.all = above.all || above.plain && openNames[above.name]
		next.name, next.plain = above.name, next.all || above.plain
	}
	m.open = append(m.open, next)
}

// ended says that a value is complete.
func (m *jsonMasker) ended() {
	if top := m.top(); top != nil && top.object {
		top.isName = true
	}
}

// value copies a text or number, or its mask.
func (m *jsonMasker) value(text string, start, end int) {
	top := m.top()
	if top == nil || !top.plain {
		m.to = append(m.to, m.from[m.done:start]...)
		m.to = append(m.to, `"`+Mask+`"`...)
		m.done = end
		return
	}
	switch {
	case m.found.phone == "" && top.name == "authy_id":
		m.found.phone = text
	case m.found.uuid == "" && top.name == "uuid":
		m.found.uuid = text
	}
}
