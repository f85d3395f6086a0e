package authy

import (
	"errors"
	"fmt"
	"net/http"
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
	ErrRateLimited      = errors.New("the provider asks for patience") // see Error.RetryAfter
	// ErrUnavailable: no connection, no answer in time, status 5xx, a
	// redirect, or a reply that is too large or not what is documented.
	ErrUnavailable = errors.New("the provider cannot be asked")

	// ErrBadSignature: a callback that is not signed, or cannot be read and
	// so cannot be checked.
	ErrBadSignature = errors.New("the callback is not signed by the provider")
	// ErrBadCallback: a callback that is well signed but says nothing usable.
	ErrBadCallback = errors.New("the callback cannot be used")
)

// Error is a refusal by the provider. It never contains the key, not even if
// the provider repeats it.
type Error struct {
	Op         string // the call, such as "register"
	Code       int    // error_code, 0 for none
	HTTPStatus int
	Message    string            // in the provider's words
	Fields     map[string]string // by field: email, cellphone, country_code
	RetryAfter time.Duration     // 0: not said
}

func (e *Error) Error() string {
	return fmt.Sprintf("authy %s: error %d (HTTP %d): %s", e.Op, e.Code, e.HTTPStatus, e.Message)
}

// Is gives the refusal its meaning: by its code, or by the HTTP status where
// the code says nothing.
func (e *Error) Is(target error) bool {
	if known := meaning(e.Code); known != nil && known == target {
		return true
	}
	switch target {
	case ErrRateLimited:
		return e.HTTPStatus == http.StatusTooManyRequests
	case ErrUnavailable:
		return e.HTTPStatus >= 500 && meaning(e.Code) != ErrRateLimited
	case ErrInvalidAPIKey:
		return e.HTTPStatus == http.StatusUnauthorized && e.Code == 0 && e.Op != opVerify
	case ErrInvalidToken:
		wrong := e.HTTPStatus == http.StatusUnauthorized || e.Fields["token"] == "is invalid"
		return e.Op == opVerify && e.Code == 0 && wrong
	default:
		return false
	}
}

// meaning groups the codes that matter to a login. The names are those of the
// table in twilio/authy-java; nil for all others.
func meaning(code int) error {
	switch code {
	case 60001, // API_KEY_INVALID
		60073: // INVALID_APPLICATION_API_KEY
		return ErrInvalidAPIKey
	case 60016, // USER_DOES_NOT_EXIST
		60026, // USER_NOT_FOUND
		60128: // USER_WAS_DELETED
		return ErrUserNotFound
	case 60027, // USER_NOT_VALID
		60033, // INVALID_PHONE_NUMBER
		60038, // INVALID_EMAIL
		60059, // PHONE_NUMBER_INVALID
		60078, // COUNTRY_CODE_VALIDATION_FAIL
		60082: // CANNOT_SEND_SMS_TO_LANDLINE
		return ErrInvalidUser
	case 60049: // ONETOUCH_APPROVAL_REQUEST_NOT_FOUND
		return ErrApprovalNotFound
	case 60020, // TOKEN_INVALID
		60118: // TOTP_CODE_INVALID
		return ErrInvalidToken
	case 60019: // REUSED_TOKEN
		return ErrTokenReused
	case 60050, // ONETOUCH_UNREGISTERED_USER
		60051: // ONETOUCH_DEVICE_NOT_FOUND
		return ErrNoDevice
	case 60003, // DoS protection, not in the Java table
		60009, 60010, // MONTHLY_, DAILY_SMS_LIMIT_REACHED
		60011, 60012, // MONTHLY_, DAILY_CALLS_LIMIT_REACHED
		60120: // SMS_LIMIT_REACHED
		return ErrRateLimited
	case 60052, // ONETOUCH_INTERNAL_CONNECTION_ERROR
		60053: // ONETOUCH_SENDING_APPROVAL_REQUEST_ERROR
		return ErrUnavailable
	default:
		return nil
	}
}

func unavailable(op string, why error) error {
	return fmt.Errorf("authy %s: %w: %w", op, ErrUnavailable, why)
}
