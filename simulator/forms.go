package simulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// requestError is the caller's fault, and told to the caller.
type requestError struct {
	status int
	text   string
}

func (e *requestError) Error() string { return e.text }

func badRequest(format string, args ...any) error {
	return &requestError{http.StatusBadRequest, fmt.Errorf(format, args...).Error()}
}

// readJSON reads the body of a post into v.
func readJSON(w http.ResponseWriter, r *http.Request, v any) error {
	body, err := readBody(w, r)
	if err != nil {
		return err
	}
	return decode(body, v)
}

// readBody is the body of a post as JSON; none is an empty object, and a flat
// form does too, so that pages can work without script.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, &requestError{http.StatusRequestEntityTooLarge, "the request is too large, or broke off"}
	}
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case len(body) == 0:
		return []byte("{}"), nil
	case media == "application/json":
		return body, nil
	case media == "application/x-www-form-urlencoded":
		return formAsJSON(string(body))
	default:
		return nil, &requestError{http.StatusUnsupportedMediaType, "send JSON, as application/json"}
	}
}

// decode refuses names it does not know: a fault that was misspelt would be
// no fault.
func decode(body []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return badRequest("the JSON cannot be used: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
}

// formAsJSON guesses the types of a flat form: numbers, true, false, text.
func formAsJSON(form string) ([]byte, error) {
	root, budget := &node{}, maxNodes
	if err := parseForm(root, form, &budget); err != nil {
		return nil, badRequest("the form cannot be read")
	}
	o := object{}
	for _, key := range root.keys {
		o = append(o, member{key, typed(root.fields[key].text)})
	}
	return marshal(o)
}

func typed(text string) any {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n
	}
	if text == "true" || text == "false" {
		return text == "true"
	}
	return text
}

// statusOf is the HTTP status of an error of this package.
func statusOf(err error) int {
	var mine *requestError
	switch {
	case errors.As(err, &mine):
		return mine.status
	case errors.Is(err, ErrNoPhone), errors.Is(err, ErrNoRequest):
		return http.StatusNotFound
	case errors.Is(err, ErrNotPending), errors.Is(err, ErrNoApp):
		return http.StatusConflict
	default:
		return http.StatusInternalServerError
	}
}

func writeJSON(w http.ResponseWriter, status int, v any) error {
	text, err := marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, err = w.Write(append(text, '\n'))
	return err
}
