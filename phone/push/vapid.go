package push

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"time"
)

// proofLife is how long the proof of a message is good: less than the 24 hours that
// push services allow.
const proofLife = 12 * time.Hour

// vapid says to the push service of an endpoint who asks, RFC 8292.
func (s *Sender) vapid(endpoint string) (string, error) {
	claims, err := json.Marshal(map[string]any{
		"aud": "https://" + hostOf(endpoint), "exp": s.Now().Add(proofLife).Unix(), "sub": s.Subject,
	})
	if err != nil {
		return "", err
	}
	signed := text([]byte(`{"typ":"JWT","alg":"ES256"}`)) + "." + text(claims)
	digest := sha256.Sum256([]byte(signed))
	r, t, err := ecdsa.Sign(rand.Reader, s.Key, digest[:])
	if err != nil {
		return "", err
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	t.FillBytes(signature[32:])
	public, err := s.PublicKey()
	if err != nil {
		return "", err
	}
	return "vapid t=" + signed + "." + text(signature) + ", k=" + public, nil
}

// PublicKey is the key for which browsers make their subscriptions, as they take it:
// base64url of the uncompressed point.
func (s *Sender) PublicKey() (string, error) {
	key, err := s.Key.PublicKey.Bytes()
	return text(key), err
}

func text(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
