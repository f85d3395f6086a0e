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

// Error codes of the service that the simulator uses, with the names that the
// service's Java client gives them.
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
	codeNoRegistration       = "60035"
	codeInvalidEmail         = "60038"
	codeNoApproval           = "60049"
	codeNoDevice             = "60051"
	codeInvalidApproval      = "60080"
	codeQRFailed             = "60122"
)

// member is a member of an object.
type member struct {
	key   string
	value any
}

// object is a JSON object whose members keep their order, which is that of the
// service. No client depends on it, but people compare recorded replies.
type object []member

// MarshalJSON writes o without spaces, because one client searches the bytes
// for "token":"is valid", and without escaping <, > and &.
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

// marshal is json.Marshal without HTML escaping.
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

// apiError is an error reply of the service.
type apiError struct {
	status     int
	code       string
	message    string
	fields     []member // invalid fields; they appear twice in the reply
	codeFirst  bool     // the service has two orders of keys
	noDetails  bool     // errors is {}
	token      string   // value of the key "token" after a failed verification
	retryAfter time.Duration
}

func (e *apiError) Error() string { return fmt.Sprintf("%s: %s", e.code, e.message) }

// body is the reply. All values in "errors" are strings, because one client
// decodes it into a map of strings.
func (e *apiError) body() object {
	details := object{}
	if !e.noDetails {
		details = e.details()
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

// details are the invalid fields, the message, and what else is given.
func (e *apiError) details(more ...member) object {
	all := append(object{}, e.fields...)
	return append(append(all, member{"message", e.message}), more...)
}

func userNotFound() *apiError {
	return &apiError{status: http.StatusNotFound, code: codeUserNotFound, message: "User not found."}
}

func invalidParameter(name, what string) *apiError {
	return &apiError{status: http.StatusBadRequest, code: codeInvalidParameter, codeFirst: true,
		message: fmt.Sprintf("Invalid parameter: %s - %s", name, what)}
}

// internalError hides the cause, which is in the log.
func internalError() *apiError {
	return &apiError{status: http.StatusInternalServerError, code: codeDefault, message: "Something went wrong", noDetails: true}
}

// asAPIError returns err as a reply. known is false for an internal error, whose
// details belong only in the log.
func asAPIError(err error) (e *apiError, known bool) {
	if errors.As(err, &e) {
		return e, true
	}
	return internalError(), false
}

// writeAPI sends a reply of the API with the service's Content-Type.
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

// Stamp is a time in the phones' JSON: RFC 3339 in UTC with milliseconds; null
// for the zero time.
type Stamp struct{ time.Time }

func (t Stamp) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	return []byte(t.UTC().Format(`"2006-01-02T15:04:05.000Z"`)), nil
}

// second is a time in the API's JSON: whole seconds in UTC; nil for the zero
// time.
func second(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}
