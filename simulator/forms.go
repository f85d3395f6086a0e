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

// requestError is an error of the client, which gets its text.
type requestError struct {
	status int
	text   string
}

func (e *requestError) Error() string { return e.text }

func badRequest(format string, args ...any) error {
	return &requestError{http.StatusBadRequest, fmt.Errorf(format, args...).Error()}
}

// readJSON reads the body of a POST into v.
func readJSON(w http.ResponseWriter, r *http.Request, v any) error {
	body, err := readBody(w, r)
	if err != nil {
		return err
	}
	return decode(body, v)
}

// readBody returns the body of a POST as JSON. No body is an empty object; a
// flat form is converted, so that plain HTML forms work.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, &requestError{http.StatusRequestEntityTooLarge, "the request is too large or incomplete"}
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
		return nil, &requestError{http.StatusUnsupportedMediaType, "the body must be JSON (application/json)"}
	}
}

// decode rejects unknown names: a misspelt fault would have no effect.
func decode(body []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return badRequest("invalid JSON: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
}

// formAsJSON converts a flat form, in which typed finds numbers and booleans.
func formAsJSON(form string) ([]byte, error) {
	root, budget := &node{}, maxNodes
	if err := parseForm(root, form, &budget); err != nil {
		return nil, badRequest("invalid form")
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

// statusOf returns the HTTP status of an error.
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
