package authy

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// Registration describes a user to register.
type Registration struct {
	Email       string
	PhoneNumber string // national number; dashes, dots and spaces are allowed
	CountryCode int    // country calling code, such as 57
}

// RegisterUser registers a user (POST users/new) and returns their Authy id.
// Registering the same phone again is not an error and returns the same id.
// Errors: ErrInvalidUser, with the rejected fields in Error.Fields.
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
		return 0, noReply("register", errors.New("the reply contains no user id"))
	}
	return reply.User.ID, nil
}

// RemoveUser removes the user from this application (POST users/{id}/remove).
// According to the vendor's documentation it may take effect up to a day later.
// Errors: ErrUserNotFound.
func (c *Client) RemoveUser(ctx context.Context, authyID int64) error {
	return c.do(ctx, call{op: "remove", method: http.MethodPost, path: userPath(authyID, "remove")}, &struct{}{})
}

func userPath(id int64, what string) string {
	return fmt.Sprintf("/protected/json/users/%d/%s", id, what)
}

// UserStatus describes a user and their devices.
type UserStatus struct {
	AuthyID         int64    `json:"authy_id"`
	Confirmed       bool     `json:"confirmed"`  // has entered a valid code at least once
	Registered      bool     `json:"registered"` // has the Authy app
	AccountDisabled bool     `json:"account_disabled"`
	HasHardToken    bool     `json:"has_hard_token"`
	CountryCode     int      `json:"country_code"`
	PhoneNumber     string   `json:"phone_number"` // masked: XXX-XXX-1118
	Email           string   `json:"email"`
	Devices         []string `json:"devices"` // iphone, ipad, android, authy_chrome, …, sms
}

// CanApprove reports whether the user has a device that can receive an approval
// request: any registered device but plain SMS.
func (s UserStatus) CanApprove() bool {
	app := func(device string) bool { return device != "sms" }
	return s.Registered && !s.AccountDisabled && slices.ContainsFunc(s.Devices, app)
}

// UserStatus returns a user's status (GET users/{id}/status). Errors:
// ErrUserNotFound.
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

// QRCode is a QR code that adds the user to any authenticator app: its image
// contains the secret.
type QRCode struct {
	URL    string `json:"qr_code"` // of the image
	Label  string `json:"label"`   // "" if the service sends none
	Issuer string `json:"issuer"`  // "" if the service sends none
}

// AuthenticatorQR creates a secret for another authenticator app (POST
// users/{id}/secret). label is what the app shows, size the width of the image in
// pixels. A previous secret is replaced.
func (c *Client) AuthenticatorQR(ctx context.Context, authyID int64, label string, size int) (QRCode, error) {
	var qr QRCode
	err := c.do(ctx, call{op: "authenticator", method: http.MethodPost, path: userPath(authyID, "secret"), params: form{
		{"label", label}, {"qr_size", strconv.Itoa(size)},
	}}, &qr)
	switch {
	case err != nil:
		return QRCode{}, err
	case qr.URL == "":
		return QRCode{}, noReply("authenticator", errors.New("the reply contains no QR code"))
	}
	return qr, nil
}
