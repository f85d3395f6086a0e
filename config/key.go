package config

import (
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

// keyFile reads a key from the file that the setting names.
func (in input) keyFile() Secret {
	content, err := os.ReadFile(in.value)
	if err != nil {
		in.problem("%v", err)
		return ""
	}
	if writable, err := othersCanWrite(in.value); err != nil {
		in.problem("%v", err)
	} else if writable {
		in.problem("%s can be written by everybody on this machine, who could put in another key: run chmod o-w %s", in.value, in.value)
	}
	if content, err = decode(content); err != nil {
		in.problem("%s: %v", in.value, err)
		return ""
	}
	key := strings.TrimSpace(string(content))
	if key == "" {
		in.problem("%s is empty", in.value)
	}
	return in.key(key)
}

// othersCanWrite says whether every account of the machine may change a file. A
// group may: on many systems it has its user alone.
func othersCanWrite(path string) (bool, error) {
	info, err := os.Stat(path)
	return err == nil && info.Mode().Perm()&0o002 != 0, err
}
