package authy

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// SendOptions are the options of a code sent by SMS or read in a call.
type SendOptions struct {
	Force         bool   // send even if the user has the app
	Action        string // what the code is for; VerifyToken must be given the same; max 255 characters
	ActionMessage string // the action as shown to the user; max 255 characters
	Locale        string // BCP 47, such as pt-BR; "" means the language of the phone's country
}

// Sent is the reply to a request for a code. Ignored means that no code was sent
// because the user has the app, which shows one. The API calls that a success,
// which is a trap for clients that ignore `ignored`.
type Sent struct {
	Message   string `json:"message"`
	Cellphone string `json:"cellphone"` // masked: +1-XXX-XXX-XX97
	Device    string `json:"device"`    // the device with the app, if Ignored
	Ignored   bool   `json:"ignored"`
}

// SendSMS sends a code by SMS (GET sms/{id}; never retried, though it is a GET).
// Errors: ErrRateLimited, ErrUserNotFound.
func (c *Client) SendSMS(ctx context.Context, authyID int64, o SendOptions) (Sent, error) {
	return c.send(ctx, "sms", authyID, o)
}

// StartCall calls the user and reads out a code (GET call/{id}; never retried,
// though it is a GET). Errors: ErrRateLimited, ErrUserNotFound.
func (c *Client) StartCall(ctx context.Context, authyID int64, o SendOptions) (Sent, error) {
	return c.send(ctx, "call", authyID, o)
}

func (c *Client) send(ctx context.Context, via string, authyID int64, o SendOptions) (Sent, error) {
	var params form
	if o.Force {
		params = append(params, pair{"force", "true"})
	}
	for _, p := range []pair{{"action", o.Action}, {"action_message", o.ActionMessage}, {"locale", o.Locale}} {
		if p.value != "" {
			params = append(params, p)
		}
	}
	var sent Sent
	path := fmt.Sprintf("/protected/json/%s/%d", via, authyID)
	if err := c.do(ctx, call{op: via, method: http.MethodGet, path: path, params: params, once: true}, &sent); err != nil {
		return Sent{}, err
	}
	return sent, nil
}

const opVerify = "verify"

// VerifyToken checks a code of 6 to 10 digits (GET verify/{token}/{id}). It returns
// nil only if the reply's token field reads "is valid". It always sends force=true:
// without it the service accepts any code of a user who has never entered a valid
// one. It is never retried, because the first check uses up the code. Errors:
// ErrInvalidToken, without a call if token cannot be a code; ErrTokenReused,
// ErrUserNotFound; ErrNoReply, after which the code may be used up.
func (c *Client) VerifyToken(ctx context.Context, authyID int64, token, action string) error {
	if len(token) < 6 || len(token) > 10 || !isDigits(token) {
		return ErrInvalidToken
	}
	params := form{{"force", "true"}}
	if action != "" {
		params = append(params, pair{"action", action})
	}
	var reply struct {
		Token string `json:"token"`
	}
	path := fmt.Sprintf("/protected/json/verify/%s/%d", token, authyID)
	err := c.do(ctx, call{op: opVerify, method: http.MethodGet, path: path, params: params, once: true}, &reply)
	if err == nil && reply.Token != "is valid" {
		err = noReply(opVerify, errors.New("the reply does not say that the code is valid"))
	}
	return err
}

func isDigits(s string) bool {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return s != ""
}
