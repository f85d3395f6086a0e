package authy

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// The errors of this package. Compare with errors.Is.
var (
	ErrInvalidAPIKey    = errors.New("the provider does not accept this API key")
	ErrUserNotFound     = errors.New("the provider does not know this user")
	ErrInvalidUser      = errors.New("the provider rejects the user's data") // see Error.Fields
	ErrApprovalNotFound = errors.New("the provider does not know this request")
	ErrInvalidToken     = errors.New("wrong code")
	ErrTokenReused      = errors.New("the code has already been used")
	ErrNoDevice         = errors.New("the user has no device for approval requests")
	ErrRateLimited      = errors.New("too many requests to the provider") // see Error.RetryAfter
	// ErrUnavailable: no connection, a timeout, status 5xx, a redirect, or a reply
	// that is too large or not as documented.
	ErrUnavailable = errors.New("the provider is unavailable")

	// ErrNoReply is an ErrUnavailable of which nobody knows whether the call was
	// carried out: it was sent, and no reply came in time, or one that cannot be
	// read: cut off, not as documented, or of a proxy in between that gives status
	// 5xx or 408. An error in the provider's own words is a refusal, whatever its
	// status.
	ErrNoReply = fmt.Errorf("%w: no readable reply", ErrUnavailable)

	// ErrBadSignature: the callback is not signed with the key, or cannot be
	// parsed, so that its signature cannot be checked.
	ErrBadSignature = errors.New("the callback is not signed by the provider")
	// ErrBadCallback: the callback's signature is valid, but its content is
	// unusable.
	ErrBadCallback = errors.New("the callback is unusable")
)

// Error is an error reply of the provider. It never contains the key, even if the
// provider echoes it.
type Error struct {
	Op         string // the call, such as "register"
	Code       int    // error_code, a number of five digits; 0 if missing
	HTTPStatus int
	Message    string            // the provider's, at most 300 characters
	Fields     map[string]string // the provider's message by field: email, cellphone, country_code
	RetryAfter time.Duration     // 0 if missing; at most a day
}

func (e *Error) Error() string {
	return fmt.Sprintf("authy %s: error %d (HTTP %d): %s", e.Op, e.Code, e.HTTPStatus, e.Message)
}

// Is maps the error code, or the HTTP status where the code is not decisive, to the
// errors of this package.
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

// meaning maps the error codes that matter for a login to the errors of this
// package; nil for all others. The names come from the table in twilio/authy-java.
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
	case 60003, // "DoS protection" in a recorded reply, not in that table
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

// unreadable is a reply of which only the status and the header are understood, as a
// proxy in between sends it.
type unreadable struct {
	status     int
	retryAfter time.Duration
}

func (e *unreadable) Error() string {
	return fmt.Sprintf("HTTP status %d without a usable reply", e.status)
}

// RetryAfter is how long the provider, or a proxy before it, asks to be left alone: the
// Retry-After of the reply that err is about. 0 if it does not say; at most a day.
func RetryAfter(err error) time.Duration {
	var refused *Error
	var unread *unreadable
	switch {
	case errors.As(err, &refused):
		return refused.RetryAfter
	case errors.As(err, &unread):
		return unread.retryAfter
	}
	return 0
}

func noReply(op string, why error) error {
	return fmt.Errorf("authy %s: %w: %w", op, ErrNoReply, why)
}

func unavailable(op string, why error) error {
	return fmt.Errorf("authy %s: %w: %w", op, ErrUnavailable, why)
}
