package simulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Codes of the service's errors that this simulator gives, named as the
// service's Java client names them.
const (
	codeDefault              = "60000"
	codeInvalidKey           = "60001"
	codeInvalidRequest       = "60002"
	codeTooManyRequests      = "60003"
	codeInvalidParameter     = "60004"
	codeInvalidEncoding      = "60005"
	codeNoUserToVerify       = "60016"
	codeReusedToken          = "60019"
	codeInvalidToken         = "60020"
	codeIncorrectCode        = "60022"
	codeNoVerification       = "60023"
	codeUserNotFound         = "60026"
	codeUserNotValid         = "60027"
	codeCannotCreateActivity = "60029"
	codeInvalidPhone         = "60033"
	codeInvalidEmail         = "60038"
	codeNoApproval           = "60049"
	codeNoDevice             = "60051"
	codeInvalidApproval      = "60080"
	codeQRFailed             = "60122"
)

// member is one of an object whose members keep their order on the wire.
type member struct {
	key   string
	value any
}

// object is a JSON object in the order in which the service writes it. No
// client depends on that order, but people compare captures.
type object []member

// MarshalJSON writes o compactly, with <, > and & as they are: one client
// looks for "token":"is valid" in the bytes.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		for _, part := range []any{m.key, m.value} {
			text, err := marshal(part)
			if err != nil {
				return nil, err
			}
			b.Write(text)
			b.WriteByte(':')
		}
		b.Truncate(b.Len() - 1)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// marshal is json.Marshal without its escapes for HTML.
func marshal(v any) ([]byte, error) {
	if o, ok := v.(object); ok {
		return o.MarshalJSON()
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// apiError is a refusal as the service words it.
type apiError struct {
	status     int
	code       string
	message    string
	fields     []member // what is wrong by field, said twice in the reply
	codeFirst  bool     // the other of the two orders of keys that exist
	noDetails  bool     // errors is {}
	token      string   // of a failed verification
	retryAfter time.Duration
}

func (e *apiError) Error() string { return fmt.Sprintf("%s: %s", e.code, e.message) }

// body is the reply. Every value is text, for one client decodes errors into
// a map of strings.
func (e *apiError) body() object {
	details := object{}
	if !e.noDetails {
		details = append(append(details, e.fields...), member{"message", e.message})
	}
	if e.codeFirst {
		return object{{"error_code", e.code}, {"message", e.message}, {"errors", details}, {"success", false}}
	}
	o := append(object{}, e.fields...)
	o = append(o, member{"message", e.message})
	if e.token != "" {
		o = append(o, member{"token", e.token})
	}
	return append(o, member{"success", false}, member{"errors", details}, member{"error_code", e.code})
}

func userNotFound() *apiError {
	return &apiError{status: http.StatusNotFound, code: codeUserNotFound, message: "User not found."}
}

func invalidParameter(name, what string) *apiError {
	return &apiError{status: http.StatusBadRequest, code: codeInvalidParameter, codeFirst: true,
		message: fmt.Sprintf("Invalid parameter: %s - %s", name, what)}
}

// internalError hides what broke: the log has it.
func internalError() *apiError {
	return &apiError{status: http.StatusInternalServerError, code: codeDefault, message: "Something went wrong", noDetails: true}
}

// asAPIError is err as the service would say it; known is false for what only
// the log should tell.
func asAPIError(err error) (e *apiError, known bool) {
	if errors.As(err, &e) {
		return e, true
	}
	return internalError(), false
}

func writeAPIError(w http.ResponseWriter, e *apiError) error {
	if e.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((e.retryAfter+time.Second-1)/time.Second)))
	}
	return writeAPI(w, e.status, e.body())
}

// writeAPI sends a reply of the API, labelled exactly as the service does.
func writeAPI(w http.ResponseWriter, status int, body any) error {
	text, err := marshal(body)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, err = w.Write(text)
	return err
}

// Stamp is a time in the JSON of the phones: RFC 3339 in UTC with
// milliseconds, null when there is none.
type Stamp struct{ time.Time }

func (t Stamp) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	return []byte(t.UTC().Format(`"2006-01-02T15:04:05.000Z"`)), nil
}

// second is a time of the API: whole seconds, UTC; nil when there is none.
func second(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}
