package store

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
)

// What has to be read again, such as the secret of an authenticator app, is
// sealed with a key that is not in the file: a copy of the file alone gives
// nobody a second factor.

// keys are made of the secret key, one for each purpose.
type keys struct {
	id   []byte      // which secret key it is; says nothing about it
	aead cipher.AEAD // seals
	mac  []byte      // keys the hashes of what need not be read again

	trail ed25519.PrivateKey // signs the audit trail
	push  *ecdsa.PrivateKey  // signs messages to push services
}

const keyIDSize = 8

func newKeys(secret []byte) (*keys, error) {
	var derived [5][]byte
	for i, purpose := range []string{"nod: id", "nod: seal", "nod: hash", "nod: audit trail", "nod: web push"} {
		key, err := hkdf.Key(sha256.New, secret, nil, purpose, 32)
		if err != nil {
			return nil, err
		}
		derived[i] = key
	}
	block, err := aes.NewCipher(derived[1])
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	return &keys{
		id: derived[0][:keyIDSize], aead: aead, mac: derived[2],
		trail: ed25519.NewKeyFromSeed(derived[3]), push: p256(derived[4]),
	}, nil
}

// seal encrypts a secret for one place: what says which, and sealed text that
// is moved to another place cannot be opened there. The result begins with the
// id of the key, so that another key can follow this one some day.
func (tx *txn) seal(ctx context.Context, what string, plain []byte) ([]byte, error) {
	if err := tx.useKey(ctx); err != nil {
		return nil, err
	}
	k := tx.store.keys
	return k.aead.Seal(bytes.Clone(k.id), nil, plain, []byte(what)), nil
}

// unseal opens what seal has made for the same place.
func (s *Store) unseal(what string, sealed []byte) ([]byte, error) {
	box, ok := bytes.CutPrefix(sealed, s.keys.id)
	if !ok {
		return nil, ErrSecretKey
	}
	plain, err := s.keys.aead.Open(nil, nil, box, []byte(what))
	if err != nil {
		return nil, fmt.Errorf("%w: %s does not open", ErrSecretKey, what)
	}
	return plain, nil
}

// keyedHash stands for a secret that is only compared, for one place as with seal.
// Where it is to be kept, useKey says so.
func (s *Store) keyedHash(what, plain string) []byte {
	mac := hmac.New(sha256.New, s.keys.mac)
	fmt.Fprintf(mac, "%d:%s%s", len(what), what, plain)
	return mac.Sum(nil)
}

const keyInUse = "key in use"

// useKey notes that from now on the file is of no use without its key.
func (tx *txn) useKey(ctx context.Context) error {
	const note = `INSERT INTO secrets (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING`
	if _, err := tx.ExecContext(ctx, note, keyInUse, tx.store.keys.id); err != nil {
		return err
	}
	// Another process may have begun with another key: neither could open what the
	// other seals.
	var used []byte
	if err := tx.QueryRowContext(ctx, `SELECT value FROM secrets WHERE name = ?`, keyInUse).Scan(&used); err != nil {
		return err
	}
	if !bytes.Equal(used, tx.store.keys.id) {
		return ErrSecretKey
	}
	return nil
}

// NoteKey notes that a database is used with this key, for all processes that share it.
// ErrSecretKey where it is another one.
func (s *Store) NoteKey(ctx context.Context) error {
	return s.inTx(ctx, func(tx *txn) error { return tx.useKey(ctx) })
}

// loadKeys finds the key that this file is used with, and refuses another one:
// with it nobody who relies on what is sealed could sign in.
func (s *Store) loadKeys(ctx context.Context) error {
	var used []byte
	err := s.db.QueryRowContext(ctx, `SELECT value FROM secrets WHERE name = ?`, keyInUse).Scan(&used)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	secret := s.opts.SecretKey
	if len(secret) == 0 && s.server {
		return errors.New("PostgreSQL is used with a secret key that is set: no file lies beside it to keep one in")
	}
	if len(secret) == 0 {
		if secret, err = keyBeside(s.path, used == nil && !s.opts.Existing); err != nil {
			return err
		}
	}
	if s.keys, err = newKeys(secret); err != nil {
		return err
	}
	if used != nil && !bytes.Equal(used, s.keys.id) {
		return ErrSecretKey
	}
	return nil
}
