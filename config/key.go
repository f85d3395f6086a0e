package config

import (
	"io/fs"
	"os"
	"strings"
	"unicode"
)

// key checks a key. Errors about it never quote what was found.
func (in input) key(value string) Secret {
	if strings.ContainsFunc(value, func(c rune) bool { return unicode.IsSpace(c) || c < '!' || c > '~' }) {
		in.problem("a key has no blanks and only plain characters")
		return ""
	}
	return Secret(value)
}

// minSecretKey is how many characters a secret key has at least.
const minSecretKey = 32

// secretKey is key for one that we make no use of but to seal.
func (in input) secretKey(value string) Secret {
	if value != "" && len(value) < minSecretKey {
		in.problem("want at least %d characters: openssl rand -base64 32 makes a good one", minSecretKey)
		return ""
	}
	return in.key(value)
}

// file reads a key from the file that the setting names. refused are the rights
// that not every account of the machine may have; a group may: on many systems it
// has its user alone.
func (in input) file(refused fs.FileMode) string {
	content, err := os.ReadFile(in.value)
	if err != nil {
		in.problem("%v", err)
		return ""
	}
	switch open, err := openToOthers(in.value); {
	case err != nil:
		in.problem("%v", err)
	case open&refused&0o002 != 0:
		in.problem("%s can be written by everybody on this machine, who could put in another key: run chmod o-w %s", in.value, in.value)
	case open&refused != 0:
		in.problem("%s can be read by everybody on this machine: run chmod o-r %s", in.value, in.value)
	}
	if content, err = decode(content); err != nil {
		in.problem("%s: %v", in.value, err)
		return ""
	}
	key := strings.TrimSpace(string(content))
	if key == "" {
		in.problem("%s is empty", in.value)
	}
	return key
}

// othersCanWrite says whether every account of the machine may change a file.
func othersCanWrite(path string) (bool, error) {
	open, err := openToOthers(path)
	return open&0o002 != 0, err
}

// openToOthers is what every account of the machine may do with a file.
func openToOthers(path string) (fs.FileMode, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Mode().Perm() & 0o007, nil
}
