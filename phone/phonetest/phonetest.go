// Package phonetest is a phone of one's own for tests: its two keys, without a browser.
//
// Owns: what a phone does with its keys, written a second time. Never: is part of the
// product.
package phonetest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
)

// Phone has a device key and a passkey. What it does is changed by its fields.
type Phone struct {
	Origin  string // as the browser says
	Site    string // that the passkey belongs to
	Owner   []byte // what the passkey calls its owner
	Counter uint32 // of the passkey: said with the next signature, then raised unless it is 0

	Unverified bool // the passkey has not verified its user
	Synced     bool // the passkey may leave the phone

	device, passkey *ecdsa.PrivateKey
	credential      []byte
}

// New makes a phone with keys of its own.
func New(origin, site string) *Phone {
	p := &Phone{Origin: origin, Site: site, device: newKey(), passkey: newKey(), credential: make([]byte, 16)}
	rand.Read(p.credential)
	return p
}

func newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}

// DeviceKey is the public key as WebCrypto exports it: SubjectPublicKeyInfo.
func (p *Phone) DeviceKey() []byte {
	spki, err := x509.MarshalPKIXPublicKey(&p.device.PublicKey)
	if err != nil {
		panic(err)
	}
	return spki
}

// Sign signs by the device key, as WebCrypto does: r and s, 32 bytes each.
func (p *Phone) Sign(digest []byte) []byte {
	sum := sha256.Sum256(digest)
	r, s, err := ecdsa.Sign(rand.Reader, p.device, sum[:])
	if err != nil {
		panic(err)
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return signature
}

// Digest is what a phone signs of texts.
func Digest(texts ...string) []byte {
	var all bytes.Buffer
	for _, text := range texts {
		fmt.Fprintf(&all, "%d:%s,", len(text), text)
	}
	sum := sha256.Sum256(all.Bytes())
	return sum[:]
}

const (
	userPresent    = 1 << 0
	userVerified   = 1 << 2
	backupEligible = 1 << 3
	hasCredential  = 1 << 6
)

func (p *Phone) authenticatorData(more byte, credential []byte) []byte {
	flags := more | userPresent
	if !p.Unverified {
		flags |= userVerified
	}
	if p.Synced {
		flags |= backupEligible
	}
	site := sha256.Sum256([]byte(p.Site))
	data := append(site[:], flags)
	data = binary.BigEndian.AppendUint32(data, p.Counter)
	if p.Counter > 0 {
		p.Counter++
	}
	return append(data, credential...)
}

func (p *Phone) clientData(kind string, challenge []byte) []byte {
	data, err := json.Marshal(map[string]any{"type": kind, "challenge": text(challenge), "origin": p.Origin, "crossOrigin": false})
	if err != nil {
		panic(err)
	}
	return data
}

func text(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

// Passkey is the public key of the passkey: COSE, EC2, ES256, P-256.
func (p *Phone) Passkey() []byte {
	var x, y [32]byte
	p.passkey.X.FillBytes(x[:])
	p.passkey.Y.FillBytes(y[:])
	key := append([]byte{0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20}, x[:]...)
	return append(append(key, 0x22, 0x58, 0x20), y[:]...)
}

// Create makes the passkey: RegistrationResponseJSON, without an attestation.
func (p *Phone) Create(challenge []byte) []byte {
	attested := make([]byte, 16) // the model, which it does not say
	attested = binary.BigEndian.AppendUint16(attested, uint16(len(p.credential)))
	attested = append(attested, p.credential...)
	attested = append(attested, p.Passkey()...)
	data := p.authenticatorData(hasCredential, attested)
	object := []byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58")
	object = append(append(object, byte(len(data))), data...)
	return p.response(map[string]any{"clientDataJSON": text(p.clientData("webauthn.create", challenge)), "attestationObject": text(object)})
}

// Approve signs by the passkey: AuthenticationResponseJSON.
func (p *Phone) Approve(challenge []byte) []byte {
	client, data := p.clientData("webauthn.get", challenge), p.authenticatorData(0, nil)
	hash := sha256.Sum256(client)
	sum := sha256.Sum256(append(bytes.Clone(data), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, p.passkey, sum[:])
	if err != nil {
		panic(err)
	}
	return p.response(map[string]any{
		"clientDataJSON": text(client), "authenticatorData": text(data), "signature": text(signature), "userHandle": text(p.Owner),
	})
}

func (p *Phone) response(response map[string]any) []byte {
	body, err := json.Marshal(map[string]any{
		"id": text(p.credential), "rawId": text(p.credential), "type": "public-key", "clientExtensionResults": map[string]any{},
		"response": response,
	})
	if err != nil {
		panic(err)
	}
	return body
}
