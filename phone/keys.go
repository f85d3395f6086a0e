package phone

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"math/big"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"nod/store"
)

var base64url = base64.RawURLEncoding

// deviceKey reads the public key of a phone: SubjectPublicKeyInfo, P-256.
func deviceKey(spki []byte) (*ecdsa.PublicKey, error) {
	key, err := x509.ParsePKIXPublicKey(spki)
	if err != nil {
		return nil, fmt.Errorf("%w: the device key: %w", ErrRefused, err)
	}
	public, ok := key.(*ecdsa.PublicKey)
	if !ok || public.Curve != elliptic.P256() {
		return nil, fmt.Errorf("%w: the device key is not of P-256", ErrRefused)
	}
	return public, nil
}

// signedByDevice checks a signature of the device key, as WebCrypto makes it: r and s,
// 32 bytes each. ErrRefused.
func signedByDevice(spki, digest, signature []byte) error {
	key, err := deviceKey(spki)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(digest)
	const half = 32
	if len(signature) != 2*half ||
		!ecdsa.Verify(key, sum[:], new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:])) {
		return fmt.Errorf("%w: it is not of the device key", ErrRefused)
	}
	return nil
}

// owner is a webauthn.User: one passkey of one phone.
type owner struct {
	id      []byte
	email   string
	passkey webauthn.Credential
}

func (o owner) WebAuthnID() []byte          { return o.id }
func (o owner) WebAuthnName() string        { return o.email }
func (o owner) WebAuthnDisplayName() string { return o.email }
func (o owner) WebAuthnCredentials() []webauthn.Credential {
	return []webauthn.Credential{o.passkey}
}

func ownerOf(p store.OwnPhone) owner {
	return owner{id: p.Owner, passkey: webauthn.Credential{
		ID: p.Credential, PublicKey: p.PasskeyKey, Flags: webauthn.CredentialFlags{BackupEligible: p.Synced},
		Authenticator: webauthn.Authenticator{SignCount: p.SignCount},
	}}
}

// session is what the library compares a response with.
func session(owner, digest []byte) webauthn.SessionData {
	return webauthn.SessionData{
		Challenge: base64url.EncodeToString(digest), UserID: owner, UserVerification: protocol.VerificationRequired,
	}
}

// signedByPasskey checks the passkey's signature over a digest, with its user verified,
// and returns what its counter says. ErrRefused, store.ErrCounterWentBack.
func (r *Room) signedByPasskey(p store.OwnPhone, digest, assertion []byte) (count uint32, err error) {
	parsed, err := protocol.ParseCredentialRequestResponseBytes(assertion)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if !bytes.Equal(parsed.RawID, p.Credential) {
		return 0, fmt.Errorf("%w: it is of another passkey", ErrRefused)
	}
	used, err := r.keys.ValidateLogin(ownerOf(p), session(p.Owner, digest), parsed)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if used.Authenticator.CloneWarning {
		return 0, store.ErrCounterWentBack
	}
	return used.Authenticator.SignCount, nil
}
