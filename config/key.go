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
