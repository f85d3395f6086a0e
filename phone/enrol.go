package phone

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"nod/signin"
	"nod/store"
)

// Options are what a phone needs to make its keys.
type Options struct {
	Site      string `json:"site"` // that the passkey belongs to
	SiteName  string `json:"site_name"`
	Owner     []byte `json:"owner"` // what the passkey calls its owner
	Email     string `json:"email"`
	Challenge string `json:"challenge"`
	Origin    string `json:"origin"`
	Keys      []int  `json:"keys"` // COSE algorithms, the best first
}

// Begin takes the code that a phone was given. store.ErrWrongCode, *store.RateError.
func (r *Room) Begin(ctx context.Context, code string, c store.Client) (Options, error) {
	e, err := r.Store.BeginEnrolment(ctx, Code(code), c)
	if err != nil {
		return Options{}, err
	}
	o := Options{
		Site: r.keys.Config.RPID, SiteName: r.Name, Owner: e.Owner, Email: e.Email, Challenge: e.Challenge, Origin: r.Origin,
	}
	for _, p := range webauthn.CredentialParametersDefault() {
		o.Keys = append(o.Keys, int(p.Algorithm))
	}
	return o, nil
}

// Code is a code as typed or pasted, as the store knows it.
func Code(typed string) string { return signin.PlainCode(typed) }

// NewPhone is a phone that has made its keys.
type NewPhone struct {
	Code      string `json:"code"`
	Name      string `json:"name"`
	DeviceKey []byte `json:"device_key"` // SubjectPublicKeyInfo
	Signature []byte `json:"signature"`  // of the device key, over enrolmentDigest
	Passkey   []byte `json:"passkey"`    // RegistrationResponseJSON; its challenge is passkeyDigest
}

// passkeyDigest binds the passkey to the device key beside which it is made.
func (r *Room) passkeyDigest(challenge string, deviceKey []byte) []byte {
	return digest("nod passkey 1", r.Origin, challenge, base64url.EncodeToString(deviceKey))
}

// enrolmentDigest binds the device key to the passkey and to the name.
func (r *Room) enrolmentDigest(challenge, name string, passkey []byte) []byte {
	return digest("nod phone 1", r.Origin, challenge, name, string(passkey))
}

// Finish adds a phone whose keys are proved, and returns what its cookie holds. It
// counts once a browser has confirmed it. Until then the same may be sent again, since a
// reply may be lost: the cookie of the last reply is the good one. ErrRefused, ErrSynced,
// store.ErrWrongCode; store.ErrPasskeyTaken; *store.RateError; signin.Problems for its name.
func (r *Room) Finish(ctx context.Context, n NewPhone, c store.Client) (cookie string, err error) {
	code := Code(n.Code)
	e, err := r.Store.OpenEnrolment(ctx, code, n.DeviceKey, c)
	if err != nil {
		return "", err
	}
	name, err := signin.PhoneName(n.Name)
	if err != nil {
		return "", err
	}
	if err := signedByDevice(n.DeviceKey, r.enrolmentDigest(e.Challenge, n.Name, n.Passkey), n.Signature); err != nil {
		return "", err
	}
	made, err := r.passkeyOf(e, n)
	if err != nil {
		return "", err
	}
	if r.Bound && made.Flags.BackupEligible {
		return "", ErrSynced
	}
	cookie = rand.Text()
	_, err = r.Store.Enrol(ctx, code, e, store.OwnPhone{
		Name: name, DeviceKey: n.DeviceKey, Credential: made.ID, PasskeyKey: made.PublicKey,
		SignCount: made.Authenticator.SignCount, Synced: made.Flags.BackupEligible, Origin: r.Origin,
	}, cookie)
	return cookie, err
}

// passkeyOf checks a passkey that was just made. ErrRefused.
func (r *Room) passkeyOf(e store.Enrolment, n NewPhone) (*webauthn.Credential, error) {
	parsed, err := protocol.ParseCredentialCreationResponseBytes(n.Passkey)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	s := session(e.Owner, r.passkeyDigest(e.Challenge, n.DeviceKey))
	s.CredParams = webauthn.CredentialParametersDefault()
	made, err := r.keys.CreateCredential(owner{id: e.Owner, email: e.Email}, s, parsed)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return made, nil
}

// Renew checks the signature that renews the cookie of a phone, and returns the phone as
// it is then. ErrRefused; store.ErrNotFound for a challenge that was signed before.
func (r *Room) Renew(ctx context.Context, p store.OwnPhone, signature []byte) (store.OwnPhone, error) {
	if err := signedByDevice(p.DeviceKey, digest("nod renewal 1", r.Origin, p.Challenge), signature); err != nil {
		return store.OwnPhone{}, err
	}
	return r.Store.RenewOwnPhone(ctx, p)
}

// Grouped is a code as a browser shows it.
func Grouped(code string) string { return strings.ToUpper(signin.Grouped(code)) }
