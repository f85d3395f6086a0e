package authy

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// SendOptions of a code by SMS or voice.
type SendOptions struct {
	Force         bool   // send even if the phone has the app
	Action        string // binds the code; must be repeated at VerifyToken; at most 255 characters
	ActionMessage string // the action for people, at most 255 characters
	Locale        string // BCP 47, such as pt-BR; "" is derived from the number
}

// Sent is what became of a code. Ignored means that none was sent, since the
// phone has the app: it shows the code itself.
type Sent struct {
	Message   string `json:"message"`
	Cellphone string `json:"cellphone"` // masked: +1-XXX-XXX-XX97
	Device    string `json:"device"`    // with Ignored
	Ignored   bool   `json:"ignored"`
}

// SendSMS sends a code by SMS, GET sms/{id}; once, though it is a GET.
// ErrRateLimited, ErrUserNotFound.
func (c *Client) SendSMS(ctx context.Context, authyID int64, o SendOptions) (Sent, error) {
	return c.send(ctx, "sms", authyID, o)
}

// StartCall has a code read to the user by phone, GET call/{id}; once, though
// it is a GET. ErrRateLimited, ErrUserNotFound.
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

// VerifyToken checks a code of 6 to 10 digits, GET verify/{token}/{id}; nil
// means that the service says so, word for word. It always forces the check:
// without it the service says yes to any code of a user who has never typed a
// right one. It is sent once, since a code is spent by the first check.
// ErrInvalidToken, also without a call if it is no code at all;
// ErrTokenReused, ErrUserNotFound.
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
		err = unavailable(opVerify, errors.New("the reply does not say that the code is valid"))
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
