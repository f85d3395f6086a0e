package store

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// KeyFile is where the key of a database is kept that is given none:
// nod.db → nod-secret.key.
func KeyFile(database string) string {
	return strings.TrimSuffix(database, filepath.Ext(database)) + "-secret.key"
}

// ReadKey reads the key that lies beside a database. ErrSecretKey.
func ReadKey(database string) ([]byte, error) { return keyBeside(database, false) }

// keyBeside reads the key beside a database, and makes it where that may be: a
// database that has used one cannot do with another.
func keyBeside(database string, mayMake bool) ([]byte, error) {
	path := KeyFile(database)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && mayMake:
		return makeKey(path)
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w: %s is missing", ErrSecretKey, path)
	case err != nil:
		return nil, err
	case info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("%s can be read or written by others (mode %v), and would open what is sealed here: run chmod 600 %s",
			path, info.Mode().Perm(), path)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	key := bytes.TrimSpace(content)
	if len(key) < MinSecretKey {
		return nil, fmt.Errorf("%w: %s has fewer than %d characters", ErrSecretKey, path, MinSecretKey)
	}
	return key, nil
}

// MinSecretKey is how many characters a secret key has at least.
const MinSecretKey = 32

// makeKey writes a new key, whole or not at all.
func makeKey(path string) ([]byte, error) {
	key := []byte(rand.Text() + rand.Text())                                 // 260 bits
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+"-*") // its owner's alone
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name()) //nolint:errcheck // after the rename there is nothing to remove
	_, err = file.Write(append(bytes.Clone(key), '\n'))
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return nil, err
	}
	return key, os.Rename(file.Name(), path)
}
