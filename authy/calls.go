package authy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// Registration is a user to be known to the provider.
type Registration struct {
	Email       string
	PhoneNumber string // national digits; dashes and blanks are tolerated
	CountryCode int    // calling code
}

// RegisterUser makes the user known, POST users/new. Registering a phone again
// returns the id it has. ErrInvalidUser with Error.Fields.
func (c *Client) RegisterUser(ctx context.Context, r Registration) (authyID int64, err error) {
	var reply struct {
		User struct {
			ID int64 `json:"id"`
		} `json:"user"`
	}
	err = c.do(ctx, call{"register", http.MethodPost, "/protected/json/users/new", url.Values{
		"user[email]":        {r.Email},
		"user[cellphone]":    {r.PhoneNumber},
		"user[country_code]": {strconv.Itoa(r.CountryCode)},
	}}, &reply)
	if err == nil && reply.User.ID <= 0 {
		err = unavailable("register", errors.New("the reply names no user"))
	}
	return reply.User.ID, err
}

// RemoveUser makes the provider forget the user, POST users/{id}/remove.
func (c *Client) RemoveUser(ctx context.Context, authyID int64) error {
	return c.do(ctx, call{"remove", http.MethodPost, userPath(authyID, "remove"), nil}, &struct{}{})
}

func userPath(id int64, what string) string {
	return fmt.Sprintf("/protected/json/users/%d/%s", id, what)
}

// UserStatus is what the provider knows of a user's phones.
type UserStatus struct {
	AuthyID         int64    `json:"authy_id"`
	Confirmed       bool     `json:"confirmed"`  // has ever typed a valid code
	Registered      bool     `json:"registered"` // the phone has the app
	AccountDisabled bool     `json:"account_disabled"`
	HasHardToken    bool     `json:"has_hard_token"`
	CountryCode     int      `json:"country_code"`
	PhoneNumber     string   `json:"phone_number"` // masked
	Email           string   `json:"email"`
	Devices         []string `json:"devices"` // iphone, android, …, sms
}

// CanApprove says whether there is a device that an approval request reaches.
func (s UserStatus) CanApprove() bool {
	return s.Registered && !s.AccountDisabled && slices.ContainsFunc(s.Devices, func(d string) bool { return d != "sms" })
}

// UserStatus asks for a user's phones, GET users/{id}/status.
func (c *Client) UserStatus(ctx context.Context, authyID int64) (UserStatus, error) {
	var reply struct {
		Status UserStatus `json:"status"`
	}
	err := c.do(ctx, call{"status", http.MethodGet, userPath(authyID, "status"), nil}, &reply)
	return reply.Status, err
}

// Detail is a line the phone shows. The label is at most 20 characters long,
// the value 200.
type Detail struct{ Label, Value string }

// Logo is a picture for the request; Res is default, low, med or high.
type Logo struct{ Res, URL string }

// ApprovalRequest is a question to a phone.
type ApprovalRequest struct {
	Message         string // at most 144 characters
	Details         []Detail
	HiddenDetails   map[string]string // never shown; come back in the callback
	Logos           []Logo
	SecondsToExpire int
}

// RequestApproval asks the user's phone, POST approval_requests, and returns
// the id of the request. It is sent once: a repeat would ring twice.
// ErrNoDevice, ErrUserNotFound.
func (c *Client) RequestApproval(ctx context.Context, authyID int64, r ApprovalRequest) (uuid string, err error) {
	params := url.Values{"message": {r.Message}, "seconds_to_expire": {strconv.Itoa(r.SecondsToExpire)}}
	for _, d := range r.Details {
		params.Set("details["+d.Label+"]", d.Value)
	}
	for name, value := range r.HiddenDetails {
		params.Set("hidden_details["+name+"]", value)
	}
	for i, logo := range r.Logos {
		params.Set(fmt.Sprintf("logos[%d][res]", i), logo.Res)
		params.Set(fmt.Sprintf("logos[%d][url]", i), logo.URL)
	}
	var reply struct {
		Request struct {
			UUID string `json:"uuid"`
		} `json:"approval_request"`
	}
	path := fmt.Sprintf("/onetouch/json/users/%d/approval_requests", authyID)
	err = c.do(ctx, call{"request approval", http.MethodPost, path, params}, &reply)
	if err == nil && reply.Request.UUID == "" {
		err = unavailable("request approval", errors.New("the reply names no request"))
	}
	return reply.Request.UUID, err
}

// Status is where an approval request stands at the provider.
type Status string

// A callback carries approved or denied only.
const (
	StatusPending  Status = "pending"
	StatusApproved Status = "approved"
	StatusDenied   Status = "denied"
	StatusExpired  Status = "expired"
)

// Approval is what the provider knows of a request.
type Approval struct {
	UUID        string
	Status      Status
	AuthyID     int64
	CreatedAt   time.Time
	ProcessedAt time.Time // zero while pending
}

// ApprovalStatus asks how a request stands, GET approval_requests/{uuid}.
// ErrApprovalNotFound.
func (c *Client) ApprovalStatus(ctx context.Context, uuid string) (Approval, error) {
	var reply struct {
		Request struct {
			UUID        string      `json:"uuid"`
			Status      Status      `json:"status"`
			AuthyID     json.Number `json:"_authy_id"` // a string in 2016
			CreatedAt   time.Time   `json:"created_at"`
			ProcessedAt time.Time   `json:"processed_at"`
		} `json:"approval_request"`
	}
	err := c.do(ctx, call{"approval status", http.MethodGet, "/onetouch/json/approval_requests/" + url.PathEscape(uuid), nil}, &reply)
	r := reply.Request
	if err == nil && r.UUID != uuid {
		return Approval{}, unavailable("approval status", errors.New("the reply is about another request"))
	}
	id, _ := r.AuthyID.Int64()
	return Approval{UUID: r.UUID, Status: r.Status, AuthyID: id, CreatedAt: r.CreatedAt, ProcessedAt: r.ProcessedAt}, err
}

// SendOptions of a code by SMS or voice.
type SendOptions struct {
	Force         bool   // send even if the phone has the app
	Action        string // binds the code; must be repeated at VerifyToken
	ActionMessage string // for people, at most 255 characters
	Locale        string // BCP 47; "" is derived from the number
}

// Sent is what became of a code. Ignored means that none was sent, since the
// phone has the app.
type Sent struct {
	Message   string `json:"message"`
	Cellphone string `json:"cellphone"` // masked
	Device    string `json:"device"`
	Ignored   bool   `json:"ignored"`
}

// SendSMS sends a code by SMS, GET sms/{id}.
func (c *Client) SendSMS(ctx context.Context, authyID int64, o SendOptions) (Sent, error) {
	return c.send(ctx, "sms", authyID, o)
}

// StartCall reads a code to the user by phone, GET call/{id}.
func (c *Client) StartCall(ctx context.Context, authyID int64, o SendOptions) (Sent, error) {
	return c.send(ctx, "call", authyID, o)
}

func (c *Client) send(ctx context.Context, via string, authyID int64, o SendOptions) (sent Sent, err error) {
	params := url.Values{}
	if o.Force {
		params.Set("force", "true")
	}
	for name, value := range map[string]string{"action": o.Action, "action_message": o.ActionMessage, "locale": o.Locale} {
		if value != "" {
			params.Set(name, value)
		}
	}
	err = c.do(ctx, call{via, http.MethodGet, fmt.Sprintf("/protected/json/%s/%d", via, authyID), params}, &sent)
	return sent, err
}

// VerifyToken checks a code of 6 to 10 digits, GET verify/{token}/{id}; nil
// means it is valid. It always forces the check: without it the service says
// yes to any code of a user who never typed one. ErrInvalidToken,
// ErrTokenReused.
func (c *Client) VerifyToken(ctx context.Context, authyID int64, token, action string) error {
	if !isToken(token) {
		return ErrInvalidToken
	}
	params := url.Values{"force": {"true"}}
	if action != "" {
		params.Set("action", action)
	}
	var reply struct {
		Token string `json:"token"`
	}
	err := c.do(ctx, call{"verify", http.MethodGet, fmt.Sprintf("/protected/json/verify/%s/%d", token, authyID), params}, &reply)
	if err == nil && reply.Token != "is valid" {
		err = unavailable("verify", errors.New("the reply does not say that the code is valid"))
	}
	return err
}

func isToken(s string) bool {
	if len(s) < 6 || len(s) > 10 {
		return false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// QRCode adds a generic authenticator: a picture that holds the secret.
type QRCode struct {
	URL    string `json:"qr_code"`
	Label  string `json:"label"`
	Issuer string `json:"issuer"`
}

// AuthenticatorQR makes a secret for a generic authenticator, POST
// users/{id}/secret; size in pixels.
func (c *Client) AuthenticatorQR(ctx context.Context, authyID int64, label string, size int) (qr QRCode, err error) {
	err = c.do(ctx, call{"authenticator", http.MethodPost, userPath(authyID, "secret"), url.Values{
		"label": {label}, "qr_size": {strconv.Itoa(size)},
	}}, &qr)
	if err == nil && qr.URL == "" {
		err = unavailable("authenticator", errors.New("the reply names no picture"))
	}
	return qr, err
}
