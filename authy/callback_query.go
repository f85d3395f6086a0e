package authy

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"
)

// verifyGet tries the query as received, which is canonical when it is sent, and
// then rebuilt, in case a proxy has reordered or re-encoded it.
func verifyGet(apiKey, callbackURL string, r CallbackRequest) (Callback, error) {
	query, err := parseQuery(r.RawQuery)
	if err != nil {
		return Callback{}, fmt.Errorf("%w: query: %w", ErrBadSignature, err)
	}
	renderings := append([]string{r.RawQuery}, sortedRenderings(query)...)
	if !signed(apiKey, callbackURL, r, renderings) {
		return Callback{}, ErrBadSignature
	}
	return callbackFromQuery(query)
}

// sortedRenderings are the canonical strings of a query in every style.
func sortedRenderings(query form) (all []string) {
	for _, s := range []style{{}, {tilde: true}} {
		all = append(all, query.sorted(s.escape).encode(s.escape))
	}
	return all
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

// callbackFromQuery reads the callback from the query of a GET, where every value
// is text. Each field that is read may occur only once and only under its exact
// name.
func callbackFromQuery(query form) (Callback, error) {
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
		case hidden, looksLikeField(p.name, top):
			return Callback{}, fmt.Errorf("%w: %q", ErrBadCallback, short(p.name))
		}
		seen[p.name] = true
	}
	return f.callback()
}

// looksLikeField reports whether a name that is not read resembles one that is.
func looksLikeField(name string, top map[string]*string) bool {
	folded := fold(name)
	_, field := top[folded]
	return field || strings.HasPrefix(folded, hiddenPrefix)
}
