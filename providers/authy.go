// Package providers holds the adapters to those who reach people's phones.
//
// Owns: what a provider is asked and what its words mean here: one type for
// each provider, behind the interfaces that package signin declares. Authy is
// the first; the simulator speaks the same wire and needs no other.
//
// Promises: what an error of a provider means is said by an error of signin, or
// by store.ErrCodeUsed, with the provider's own behind it; a callback is an answer
// only if its signature is right.
//
// Never: changes a state, or knows a session, a page or a route.
package providers

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"nod/authy"
	"nod/locales"
	"nod/signin"
	"nod/store"
)

// AuthyAPI is the Authy service, or a simulator of it. *authy.Client is one.
type AuthyAPI interface {
	RegisterUser(ctx context.Context, r authy.Registration) (authyID int64, err error)
	RemoveUser(ctx context.Context, authyID int64) error
	UserStatus(ctx context.Context, authyID int64) (authy.UserStatus, error)
	RequestApproval(ctx context.Context, authyID int64, r authy.ApprovalRequest) (uuid string, err error)
	ApprovalStatus(ctx context.Context, uuid string) (authy.Approval, error)
	SendSMS(ctx context.Context, authyID int64, o authy.SendOptions) (authy.Sent, error)
	StartCall(ctx context.Context, authyID int64, o authy.SendOptions) (authy.Sent, error)
	VerifyToken(ctx context.Context, authyID int64, token, action string) error
	AuthenticatorQR(ctx context.Context, authyID int64, label string, size int) (authy.QRCode, error)
}

// Authy asks people through Authy. It is a signin.Phones and a signin.Codes.
type Authy struct {
	API         AuthyAPI
	Words       *locales.Catalogue // of what the phones are asked
	APIKey      string             // verifies callbacks
	CallbackURL string             // the public one, which callbacks are signed for
	LogoURL     string             // shown by the app beside each request
	Counter     CallCounter        // nil: nothing is counted
	Now         func() time.Time   // nil: time.Now

	health    health
	diagnoses turns
}

// Register makes the phone known. Its handle is the Authy id.
func (a *Authy) Register(ctx context.Context, p signin.Phone) (handle string, err error) {
	id, err := a.API.RegisterUser(ctx, authy.Registration{Email: p.Email, PhoneNumber: p.Number, CountryCode: p.CountryCode})
	if err != nil {
		return "", neutral(err)
	}
	return strconv.FormatInt(id, 10), nil
}

// Forget takes the phone off the application's list at Authy.
func (a *Authy) Forget(ctx context.Context, handle string) error {
	id, err := authyID(handle)
	if err != nil {
		return err
	}
	err = a.API.RemoveUser(ctx, id)
	if errors.Is(err, authy.ErrUserNotFound) {
		return nil
	}
	return neutral(err)
}

// Ask sends an approval request, if there is a device that it reaches.
func (a *Authy) Ask(ctx context.Context, handle string, q signin.Question) (requestID string, err error) {
	id, err := authyID(handle)
	if err != nil {
		return "", err
	}
	status, err := a.API.UserStatus(ctx, id)
	if err != nil {
		return "", neutral(err)
	}
	if !status.CanApprove() {
		return "", signin.ErrNoDevice
	}
	requestID, err = a.API.RequestApproval(ctx, id, a.request(q))
	return requestID, outcome(err)
}

// Answer looks a request up.
func (a *Authy) Answer(ctx context.Context, requestID string) (signin.Answer, error) {
	known, err := a.API.ApprovalStatus(ctx, requestID)
	if err != nil {
		return signin.Answer{}, neutral(err)
	}
	return signin.Answer{
		RequestID: known.UUID, Handle: strconv.FormatInt(known.AuthyID, 10), Status: store.ApprovalStatus(known.Status),
		AskedAt: known.CreatedAt, GivenAt: known.ProcessedAt,
	}, nil
}

// Send sends a code by SMS or voice, also to a phone with the app.
func (a *Authy) Send(ctx context.Context, handle string, m signin.Message) (sent bool, err error) {
	id, err := authyID(handle)
	if err != nil {
		return false, err
	}
	send := a.API.SendSMS
	if m.By == store.MethodCall {
		send = a.API.StartCall
	}
	owner := a.Words.Reader(m.Language)
	about := owner.Text("ring.code")
	if m.Email != "" {
		about = owner.Text("ring.code_of", "email", m.Email)
	}
	became, err := send(ctx, id, authy.SendOptions{
		Force: true, Action: m.Purpose, ActionMessage: signin.Shorten(about, maxDetail), Locale: owner.Tag(),
	})
	return err == nil && !became.Ignored, outcome(err)
}

// Check verifies a code.
func (a *Authy) Check(ctx context.Context, handle, code, purpose string) error {
	id, err := authyID(handle)
	if err != nil {
		return err
	}
	return outcome(a.API.VerifyToken(ctx, id, code, purpose))
}

// ReplaceSecret asks for the picture of a new secret, and drops it.
func (a *Authy) ReplaceSecret(ctx context.Context, handle string) error {
	id, err := authyID(handle)
	if err != nil {
		return err
	}
	_, err = a.API.AuthenticatorQR(ctx, id, "", qrSize)
	return neutral(err)
}

// qrSize is the width of a picture in pixels; the service takes none without.
const qrSize = 300

func authyID(handle string) (int64, error) {
	id, err := strconv.ParseInt(handle, 10, 64)
	if err != nil || id <= 0 {
		return 0, fmt.Errorf("%w: %q is no Authy id", signin.ErrNoDevice, handle)
	}
	return id, nil
}

// outcome is neutral for calls that send something or use it up: that nobody knows
// whether one was carried out is no refusal.
func outcome(err error) error {
	if errors.Is(err, authy.ErrNoReply) {
		return fmt.Errorf("%w: %w", signin.ErrNoAnswer, err)
	}
	return neutral(err)
}

// neutral says in signin's words what Authy's error means, and when it may be asked
// again. The error itself stays in the chain, for the log.
func neutral(err error) error {
	meant := meaning(err)
	if wait := authy.RetryAfter(err); wait > 0 {
		return &signin.NotBefore{Wait: wait, Cause: meant}
	}
	return meant
}

func meaning(err error) error {
	var refused *authy.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, authy.ErrInvalidUser) && errors.As(err, &refused):
		return &signin.Refused{
			Email: refused.Fields["email"] != "", Country: refused.Fields["country_code"] != "",
			Number: refused.Fields["cellphone"] != "", Cause: err,
		}
	}
	for _, meaning := range []struct{ theirs, ours error }{
		{authy.ErrNoDevice, signin.ErrNoDevice},
		{authy.ErrUserNotFound, signin.ErrUnknownPhone},
		{authy.ErrRateLimited, signin.ErrRateLimited},
		{authy.ErrUnavailable, signin.ErrUnavailable},
		{authy.ErrInvalidToken, signin.ErrWrongCode},
		{authy.ErrTokenReused, store.ErrCodeUsed},
	} {
		if errors.Is(err, meaning.theirs) {
			return fmt.Errorf("%w: %w", meaning.ours, err)
		}
	}
	if errors.As(err, &refused) {
		// A key that it does not know, a request that it has lost: nothing that
		// the person at the browser could mend.
		return fmt.Errorf("%w: %w", signin.ErrUnavailable, err)
	}
	return err
}
