package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/joho/godotenv"
)

// WithDotEnv adds the settings of a .env file to the environment. What the
// environment sets, even to nothing, wins. A missing file is fine.
func WithDotEnv(path string, getenv Lookup) (Lookup, error) {
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return getenv, nil
	}
	if err != nil {
		return nil, &Error{[]string{err.Error()}}
	}
	file, err := godotenv.UnmarshalBytes(content)
	if err != nil {
		// The parser's own message quotes the file, and with it a key.
		return nil, &Error{[]string{fmt.Sprintf("%s: line %d or one soon after it is not NAME=value", path, troubleLine(string(content)))}}
	}
	return func(name string) (string, bool) {
		if value, set := getenv(name); set {
			return value, true
		}
		value, set := file[name]
		return value, set
	}, nil
}

// troubleLine is the first line after the longest start of content that can
// be read.
func troubleLine(content string) int {
	lines := strings.Split(content, "\n")
	for n := len(lines); n > 0; n-- {
		if _, err := godotenv.Unmarshal(strings.Join(lines[:n], "\n")); err == nil {
			return n + 1
		}
	}
	return 1
}
