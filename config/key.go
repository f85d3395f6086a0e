package config

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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
// that not everybody may have.
func (in input) file(refused fs.FileMode) string {
	content, err := os.ReadFile(in.value)
	if err != nil {
		in.problem("%v", err)
		return ""
	}
	if open, err := exposed(in.value, refused); err != nil {
		in.problem("%v", err)
	} else if open != "" {
		in.problem("%s", open)
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

// exposed says in words how every account of the machine gets at a file, and what to
// do about it; "" if none does. refused are the rights that not everybody may have; a
// group may: on many systems it has its user alone.
func exposed(path string, refused fs.FileMode) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	switch open := info.Mode().Perm() & refused; {
	case open == 0o006:
		return fmt.Sprintf("%s can be read and written by everybody on this machine, and a key is in it: run chmod o-rw %s", path, path), nil
	case open&0o002 != 0:
		return fmt.Sprintf("%s can be written by everybody on this machine, who could put in another key or have it sent elsewhere: run chmod o-w %s", path, path), nil
	case open != 0:
		return fmt.Sprintf("%s can be read by everybody on this machine, and a key is in it: run chmod o-r %s", path, path), nil
	}
	folder, err := openFolder(path)
	if err != nil || folder == "" {
		return "", err
	}
	return fmt.Sprintf("the folder %s can be written by everybody on this machine, who could put another file in the place of %s: run chmod o-w %s",
		folder, path, folder), nil
}

// openFolder is a folder on the way to a file in which everybody may put another one
// in its place, "" if there is none. Where the sticky bit is set, as in /tmp, nobody
// replaces what others own.
func openFolder(path string) (string, error) {
	given, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	ways := []string{given}
	if target, err := filepath.EvalSymlinks(given); err == nil { // a pipe has no path of its own
		ways = append(ways, target)
	}
	for _, at := range ways {
		for at != filepath.Dir(at) {
			at = filepath.Dir(at)
			info, err := os.Stat(at)
			if err != nil {
				return "", err
			}
			if info.Mode().Perm()&0o002 != 0 && info.Mode()&fs.ModeSticky == 0 {
				return at, nil
			}
		}
	}
	return "", nil
}
