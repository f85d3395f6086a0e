package authy

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// Registration is a user to be known to the provider.
type Registration struct {
	Email       string
	PhoneNumber string // national digits; dashes, dots and blanks are tolerated
	CountryCode int    // calling code, such as 57
}

// RegisterUser makes the user known, POST users/new. Registering a phone again
// is no error: it returns the id the phone has. ErrInvalidUser, with the
// fields in Error.Fields.
func (c *Client) RegisterUser(ctx context.Context, r Registration) (authyID int64, err error) {
	var reply struct {
		User struct {
			ID int64 `json:"id"`
		} `json:"user"`
	}
	err = c.do(ctx, call{op: "register", method: http.MethodPost, path: "/protected/json/users/new", params: form{
		{"user[email]", r.Email},
		{"user[cellphone]", r.PhoneNumber},
		{"user[country_code]", strconv.Itoa(r.CountryCode)},
	}}, &reply)
	switch {
	case err != nil:
		return 0, err
	case reply.User.ID <= 0:
		return 0, unavailable("register", errors.New("the reply names no user"))
	}
	return reply.User.ID, nil
}

// RemoveUser makes the provider forget the user for this application, POST
// users/{id}/remove. The service may take a day for it. ErrUserNotFound.
func (c *Client) RemoveUser(ctx context.Context, authyID int64) error {
	return c.do(ctx, call{op: "remove", method: http.MethodPost, path: userPath(authyID, "remove")}, &struct{}{})
}

func userPath(id int64, what string) string {
	return fmt.Sprintf("/protected/json/users/%d/%s", id, what)
}

// UserStatus is what the provider knows of a user's phones.
type UserStatus struct {
	AuthyID         int64    `json:"authy_id"`
	Confirmed       bool     `json:"confirmed"`  // has once typed a valid code
	Registered      bool     `json:"registered"` // the phone has the app
	AccountDisabled bool     `json:"account_disabled"`
	HasHardToken    bool     `json:"has_hard_token"`
	CountryCode     int      `json:"country_code"`
	PhoneNumber     string   `json:"phone_number"` // masked: XXX-XXX-1118
	Email           string   `json:"email"`
	Devices         []string `json:"devices"` // iphone, ipad, android, authy_chrome, …, sms
}

// CanApprove says whether there is a device that an approval request reaches.
func (s UserStatus) CanApprove() bool {
	app := func(device string) bool { return device != "sms" }
	return s.Registered && !s.AccountDisabled && slices.ContainsFunc(s.Devices, app)
}

// UserStatus asks for a user's phones, GET users/{id}/status. ErrUserNotFound.
func (c *Client) UserStatus(ctx context.Context, authyID int64) (UserStatus, error) {
	var reply struct {
		Status UserStatus `json:"status"`
	}
	err := c.do(ctx, call{op: "status", method: http.MethodGet, path: userPath(authyID, "status")}, &reply)
	switch {
	case err != nil:
		return UserStatus{}, err
	case reply.Status.AuthyID != authyID:
		return UserStatus{}, unavailable("status", errors.New("the reply is about another user"))
	}
	return reply.Status, nil
}

// QRCode adds a generic authenticator: a picture that holds the secret.
type QRCode struct {
	URL    string `json:"qr_code"`
	Label  string `json:"label"`  // "" if the service does not say
	Issuer string `json:"issuer"` // "" if the service does not say
}

// AuthenticatorQR makes a secret for a generic authenticator, POST
// users/{id}/secret; size in pixels, label as the authenticator shows it. The
// secret before it, if there was one, is replaced.
func (c *Client) AuthenticatorQR(ctx context.Context, authyID int64, label string, size int) (QRCode, error) {
	var qr QRCode
	err := c.do(ctx, call{op: "authenticator", method: http.MethodPost, path: userPath(authyID, "secret"), params: form{
		{"label", label}, {"qr_size", strconv.Itoa(size)},
	}}, &qr)
	switch {
	case err != nil:
		return QRCode{}, err
	case qr.URL == "":
		return QRCode{}, unavailable("authenticator", errors.New("the reply names no picture"))
	}
	return qr, nil
}
