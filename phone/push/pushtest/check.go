package pushtest

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"strings"
	"time"
)

// Claims are those of a sender, RFC 8292.
type Claims struct {
	Audience string `json:"aud"`
	Subject  string `json:"sub"`
	Expires  int64  `json:"exp"`
}

// checkVAPID judges the Authorization of a message as push services do: the key of the
// subscription, the signature, for whom, until when, and who is to be written to.
func checkVAPID(header, sender, audience string, now time.Time) (c Claims, err error) {
	fields, ok := strings.CutPrefix(header, "vapid t=")
	token, key, both := strings.Cut(fields, ", k=")
	if !ok || !both {
		return c, fmt.Errorf("%q is no vapid", header)
	}
	if key != sender {
		return c, errors.New("the subscription was made for another key")
	}
	signed, signature, ok := cutLast(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(signature)
	if !ok || err != nil || len(raw) != 64 {
		return c, errors.New("the signature is none of ES256")
	}
	point, err := base64.RawURLEncoding.DecodeString(key)
	if err != nil {
		return c, err
	}
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		return c, err
	}
	digest := sha256.Sum256([]byte(signed))
	if !ecdsa.Verify(public, digest[:], new(big.Int).SetBytes(raw[:32]), new(big.Int).SetBytes(raw[32:])) {
		return c, errors.New("the signature is wrong")
	}
	_, claims, _ := strings.Cut(signed, ".")
	text, err := base64.RawURLEncoding.DecodeString(claims)
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal(text, &c); err != nil {
		return c, err
	}
	return c, c.check(audience, now)
}

func (c Claims) check(audience string, now time.Time) error {
	expires := time.Unix(c.Expires, 0)
	switch {
	case c.Audience != audience:
		return fmt.Errorf("the audience is %q, not %q", c.Audience, audience)
	case !expires.After(now):
		return errors.New("it has expired")
	case expires.After(now.Add(24 * time.Hour)):
		return errors.New("it expires after more than 24 hours")
	case !strings.HasPrefix(c.Subject, "https://") && !strings.HasPrefix(c.Subject, "mailto:"):
		return fmt.Errorf("the subject %q is no address", c.Subject)
	}
	// As Apple does: a name that no mail and no browser gets to.
	subject, err := url.Parse(c.Subject)
	for _, local := range []string{"localhost", ".local", ".invalid"} {
		if err != nil || strings.HasSuffix(subject.Hostname()+subject.Opaque, local) {
			return fmt.Errorf("the subject %q leads nowhere", c.Subject)
		}
	}
	return nil
}

func cutLast(s, sep string) (before, after string, ok bool) {
	at := strings.LastIndex(s, sep)
	if at < 0 {
		return s, "", false
	}
	return s[:at], s[at+len(sep):], true
}

// open decrypts a message as a browser does, RFC 8291 and 8188.
func (b *Browser) open(body []byte) (string, error) {
	if len(body) < 86 || body[20] != 65 || binary.BigEndian.Uint32(body[16:20]) < uint32(len(body)-86) {
		return "", errors.New("its head is none of aes128gcm")
	}
	salt, point := body[:16], body[21:86]
	sender, err := ecdh.P256().NewPublicKey(point)
	if err != nil {
		return "", err
	}
	shared, err := b.key.ECDH(sender)
	if err != nil {
		return "", err
	}
	prk, err := hkdf.Extract(sha256.New, shared, b.Auth)
	if err != nil {
		return "", err
	}
	derive := func(secret []byte, info string, size int) []byte {
		key, expandErr := hkdf.Expand(sha256.New, secret, info, size)
		err = errors.Join(err, expandErr)
		return key
	}
	material := derive(prk, "WebPush: info\x00"+string(b.P256dh)+string(point), 32)
	second, extractErr := hkdf.Extract(sha256.New, material, salt)
	key, nonce := derive(second, "Content-Encoding: aes128gcm\x00", 16), derive(second, "Content-Encoding: nonce\x00", 12)
	block, blockErr := aes.NewCipher(key)
	if err = errors.Join(err, extractErr, blockErr); err != nil {
		return "", err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return "", err
	}
	content, err := aead.Open(nil, nonce, body[86:], nil)
	if err != nil {
		return "", err
	}
	content = bytes.TrimRight(content, "\x00")
	text, ok := bytes.CutSuffix(content, []byte{2})
	if !ok {
		return "", errors.New("its record is not the last one")
	}
	return string(text), nil
}
