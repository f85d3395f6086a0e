package authy

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// What went wrong, by meaning. Compare with errors.Is.
var (
	ErrInvalidAPIKey    = errors.New("the provider does not know this API key")
	ErrUserNotFound     = errors.New("the provider does not know this user")
	ErrInvalidUser      = errors.New("the provider refuses this user") // see Error.Fields
	ErrApprovalNotFound = errors.New("the provider does not know this request")
	ErrInvalidToken     = errors.New("wrong code")
	ErrTokenReused      = errors.New("the code was used already")
	ErrNoDevice         = errors.New("no device can be asked")
	ErrRateLimited      = errors.New("the provider asks for patience")
	ErrUnavailable      = errors.New("the provider cannot be asked")

	ErrBadSignature = errors.New("the callback is not signed by the provider")
	ErrBadCallback  = errors.New("the callback cannot be used")
)

// Error is a refusal by the provider. It never contains the key.
type Error struct {
	Op         string // the call, such as "register"
	Code       int    // error_code, 0 for none
	HTTPStatus int
	Message    string            // in the provider's words
	Fields     map[string]string // by field: email, cellphone, country_code
	RetryAfter time.Duration     // 0: not said
}

func (e *Error) Error() string {
	return fmt.Sprintf("authy %s: %d (HTTP %d) %s", e.Op, e.Code, e.HTTPStatus, e.Message)
}

// codes groups the error codes of the service by meaning. The names are those
// of the Java client's table.
var codes = map[error][]int{
	ErrInvalidAPIKey:    {60001, 60073},                      // API_KEY_INVALID, INVALID_APPLICATION_API_KEY
	ErrUserNotFound:     {60016, 60026},                      // USER_DOES_NOT_EXIST, USER_NOT_FOUND
	ErrInvalidUser:      {60027, 60033, 60038, 60078, 60082}, // USER_NOT_VALID, INVALID_PHONE_NUMBER, INVALID_EMAIL, COUNTRY_CODE_VALIDATION_FAIL, CANNOT_SEND_SMS_TO_LANDLINE
	ErrApprovalNotFound: {60049},
	ErrInvalidToken:     {60020, 60118},
	ErrTokenReused:      {60019},
	ErrNoDevice:         {60050, 60051}, // ONETOUCH_UNREGISTERED_USER, ONETOUCH_DEVICE_NOT_FOUND
	ErrRateLimited:      {60003, 60009, 60010, 60011, 60012, 60120},
	ErrUnavailable:      {60052, 60053}, // ONETOUCH_INTERNAL_CONNECTION_ERROR, …SENDING_APPROVAL_REQUEST_ERROR
}

// Is gives the refusal its meaning.
func (e *Error) Is(target error) bool {
	if slices.Contains(codes[target], e.Code) {
		return true
	}
	switch target {
	case ErrRateLimited:
		return e.HTTPStatus == http.StatusTooManyRequests
	case ErrUnavailable:
		return e.HTTPStatus >= 500 && !e.Is(ErrRateLimited)
	case ErrInvalidAPIKey:
		return e.HTTPStatus == http.StatusUnauthorized && e.Code == 0 && e.Op != "verify"
	case ErrInvalidToken:
		return e.Op == "verify" && e.Code == 0 && e.HTTPStatus == http.StatusUnauthorized
	default:
		return false
	}
}

// unavailable wraps what kept a call from being answered, without the URL.
func unavailable(op string, err error) error {
	var inURL *url.Error
	if errors.As(err, &inURL) {
		err = inURL.Err
	}
	return fmt.Errorf("authy %s: %w: %w", op, ErrUnavailable, err)
}
