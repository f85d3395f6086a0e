package simulator

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	maxBody   = 64 << 10 // bytes
	maxNodes  = 500      // values of one call, at all levels
	maxLevels = 8        // of nesting
)

// node is a parameter, from JSON or from a form: a scalar, an object that keeps
// its order, a list, or nothing (JSON null).
type node struct {
	text   string
	scalar bool
	keys   []string
	fields map[string]*node
	items  []*node
}

func scalarNode(text string) *node { return &node{text: text, scalar: true} }

// field returns the member key, and creates it if it is missing.
func (n *node) field(key string) *node {
	if n.fields == nil {
		n.fields = map[string]*node{}
	}
	if n.fields[key] == nil {
		n.keys = append(n.keys, key)
		n.fields[key] = &node{}
	}
	return n.fields[key]
}

// set sets the member key; an older one is replaced and keeps its position.
func (n *node) set(key string, value *node) {
	n.field(key)
	n.fields[key] = value
}

// list returns n as a list: an array, or an object whose keys are indexes,
// which is how some clients write arrays (logos[0], logos[1]).
func (n *node) list() []*node {
	if n == nil || len(n.items) > 0 || len(n.fields) == 0 {
		if n == nil {
			return nil
		}
		return n.items
	}
	keys := slices.Clone(n.keys)
	slices.SortStableFunc(keys, func(a, b string) int {
		i, _ := strconv.Atoi(a)
		j, _ := strconv.Atoi(b)
		return cmp.Compare(i, j)
	})
	var items []*node
	for _, key := range keys {
		items = append(items, n.fields[key])
	}
	return items
}

// blank reports whether there is nothing in n but empty texts in a list.
func (n *node) blank() bool {
	if n == nil {
		return true
	}
	if n.scalar {
		return strings.TrimSpace(n.text) == ""
	}
	return len(n.keys) == 0 && !slices.ContainsFunc(n.items, func(item *node) bool { return !item.blank() })
}

// params are the parameters of one call, from the query and the body.
type params struct{ root *node }

// at returns a nested parameter; nil if it is missing, null or empty.
func (p params) at(path ...string) *node {
	n := p.root
	for _, key := range path {
		if n = n.fields[key]; n == nil {
			return nil
		}
	}
	if !n.scalar && len(n.keys) == 0 && len(n.items) == 0 {
		return nil
	}
	return n
}

// text returns a scalar parameter as text; "" if it is missing. Numbers and
// booleans count: one client writes country_code as 57, another as "57".
func (p params) text(path ...string) string {
	if n := p.at(path...); n != nil && n.scalar {
		return n.text
	}
	return ""
}

// flag reports whether a parameter is true: true, "true" or, as PHP writes it,
// 1.
func (p params) flag(path ...string) bool {
	switch strings.ToLower(p.text(path...)) {
	case "true", "1":
		return true
	default:
		return false
	}
}

// pairs returns the members of an object in the order they were sent. ok is
// false if it is not an object or a value is not a scalar.
func (p params) pairs(path ...string) (pairs []Detail, ok bool) {
	n := p.at(path...)
	if n.blank() {
		return nil, true
	}
	if n.scalar || len(n.items) > 0 {
		return nil, false
	}
	for _, key := range n.keys {
		value := n.fields[key]
		if !value.scalar && (len(value.keys) > 0 || len(value.items) > 0) {
			return nil, false
		}
		pairs = append(pairs, Detail{key, value.text})
	}
	return pairs, true
}

var (
	errEncoding = &apiError{status: http.StatusBadRequest, code: codeInvalidEncoding, message: "Parameters must be UTF-8"}
	errTooLarge = invalidRequest("The request is too large")
	errTooMany  = invalidRequest("There are too many parameters, or they are nested too deeply")
)

func invalidRequest(message string) *apiError {
	return &apiError{status: http.StatusBadRequest, code: codeInvalidRequest, message: message}
}

// readParams reads the parameters from the query and from the body, which wins.
// It does not use net/http's parsing, which ignores the body of a GET, where two
// client libraries put parameters.
func readParams(w http.ResponseWriter, r *http.Request) (params, error) {
	root := &node{}
	budget := maxNodes
	if err := parseForm(root, r.URL.RawQuery, &budget); err != nil {
		return params{}, err
	}
	if e := r.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		return params{}, invalidRequest("Content-Encoding is not supported")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return params{}, bodyError(err)
	}
	fromBody, err := parseBody(r.Header.Get("Content-Type"), body, &budget)
	if err != nil {
		return params{}, err
	}
	for _, key := range fromBody.keys {
		root.set(key, fromBody.fields[key])
	}
	return params{root}, nil
}

func bodyError(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return errTooLarge
	}
	return invalidRequest("The request is incomplete")
}

// parseBody goes by the Content-Type, and by the first byte for clients that
// send none or a wrong one. An empty body has no parameters, whatever its type.
func parseBody(contentType string, body []byte, budget *int) (*node, error) {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return &node{}, nil
	}
	if !utf8.Valid(body) {
		return nil, errEncoding
	}
	media, attributes, _ := mime.ParseMediaType(contentType)
	switch {
	case body[0] == '<':
		return parseXML(body, budget)
	case media == "application/json", body[0] == '{':
		return parseJSON(body, budget)
	case media == "multipart/form-data":
		return parseMultipart(attributes["boundary"], body, budget)
	default:
		root := &node{}
		return root, parseForm(root, string(body), budget)
	}
}
