package push

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// The encryption is own code over the standard library: github.com/daaku/webpush
// v0.2.0 makes its requests without their context and pads nothing.

const (
	saltSize   = 16
	keySize    = 65                         // of an uncompressed point
	headerSize = saltSize + 4 + 1 + keySize // RFC 8188, 2.1
	tagSize    = 16                         // of AES-GCM
	recordSize = 4096                       // what every push service takes
	padded     = recordSize - headerSize - tagSize
)

// MaxPayload is how many bytes a message has at most.
const MaxPayload = padded - 1

// encrypted is a message as RFC 8291 says, for one browser alone.
func encrypted(message []byte, to Subscription) ([]byte, error) {
	own, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	salt := make([]byte, saltSize)
	rand.Read(salt)
	return seal(message, to, own, salt, padded)
}

// seal encrypts one record whose content has size bytes: the message, a byte that ends
// it, and zeros, so that its length says nothing.
func seal(message []byte, to Subscription, own *ecdh.PrivateKey, salt []byte, size int) ([]byte, error) {
	theirs, err := ecdh.P256().NewPublicKey(to.P256dh)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSubscription, err)
	}
	shared, err := own.ECDH(theirs)
	if err != nil {
		return nil, err
	}
	public := own.PublicKey().Bytes()
	material, err := hkdf.Key(sha256.New, shared, to.Auth, "WebPush: info\x00"+string(to.P256dh)+string(public), sha256.Size)
	if err != nil {
		return nil, err
	}
	aead, nonce, err := contentKey(material, salt)
	if err != nil {
		return nil, err
	}
	record := append(make([]byte, 0, headerSize+size+tagSize), salt...)
	record = binary.BigEndian.AppendUint32(record, recordSize)
	record = append(append(record, byte(len(public))), public...)
	const lastRecord = 2
	content := make([]byte, size)
	content[copy(content, message)] = lastRecord
	return aead.Seal(record, nonce, content, nil), nil
}

// contentKey is the key and nonce of the only record, RFC 8188.
func contentKey(material, salt []byte) (cipher.AEAD, []byte, error) {
	key, err := hkdf.Key(sha256.New, material, salt, "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return nil, nil, err
	}
	nonce, err := hkdf.Key(sha256.New, material, salt, "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return nil, nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, nil, err
	}
	aead, err := cipher.NewGCM(block)
	return aead, nonce, err
}
