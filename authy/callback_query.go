package authy

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"
)

// verifyGet takes the query as it came first, since names and values arrive
// canonical; then rebuilt, for a proxy that has reordered or re-encoded it.
func verifyGet(apiKey, callbackURL string, r CallbackRequest) (Callback, error) {
	query, err := parseQuery(r.RawQuery)
	if err != nil {
		return Callback{}, fmt.Errorf("%w: query: %w", ErrBadSignature, err)
	}
	renderings := []string{r.RawQuery}
	for _, s := range []style{{}, {tilde: true}} {
		renderings = append(renderings, query.sorted(s.escape).encode(s.escape))
	}
	if !signed(apiKey, callbackURL, r, renderings) {
		return Callback{}, ErrBadSignature
	}
	return answerOfQuery(query)
}

// parseQuery decodes a query and keeps its order.
func parseQuery(rawQuery string) (form, error) {
	if len(rawQuery) > maxBody {
		return nil, errors.New("too large")
	}
	var query form
	for part := range strings.SplitSeq(rawQuery, "&") {
		if part == "" {
			continue
		}
		name, val, _ := strings.Cut(part, "=")
		n, err1 := url.QueryUnescape(name)
		v, err2 := url.QueryUnescape(val)
		if err1 != nil || err2 != nil || !utf8.ValidString(n) || !utf8.ValidString(v) {
			return nil, errors.New("bad encoding")
		}
		if query = append(query, pair{n, v}); len(query) > maxMembers {
			return nil, errors.New("too many members")
		}
	}
	return query, nil
}

const hiddenPrefix = "approval_request[transaction][hidden_details]["

// answerOfQuery reads the answer from the query of a GET. Everything is text
// there; what is read must be there once, under its own name.
func answerOfQuery(query form) (Callback, error) {
	f := fields{hidden: map[string]string{}}
	top := map[string]*string{"authy_id": &f.id, "uuid": &f.uuid, "status": &f.status, "callback_action": &f.action}
	seen := map[string]bool{}
	for _, p := range query {
		key, hidden := strings.CutPrefix(p.name, hiddenPrefix)
		to := top[p.name]
		switch {
		case (hidden || to != nil) && seen[p.name]:
			return Callback{}, fmt.Errorf("%w: %q twice", ErrBadCallback, short(p.name))
		case hidden && strings.HasSuffix(key, "]"):
			f.hidden[strings.TrimSuffix(key, "]")] = p.value
		case to != nil:
			*to = p.value
		case hidden, passesFor(p.name, top):
			return Callback{}, fmt.Errorf("%w: %q", ErrBadCallback, short(p.name))
		}
		seen[p.name] = true
	}
	return f.answer()
}

// passesFor says whether a name that is not read looks like one that is.
func passesFor(name string, top map[string]*string) bool {
	folded := fold(name)
	_, field := top[folded]
	return field || strings.HasPrefix(folded, hiddenPrefix)
}
