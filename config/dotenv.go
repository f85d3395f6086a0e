package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/joho/godotenv"
)

// WithDotEnv adds the settings of a .env file to the environment. A variable
// that the environment sets wins, even if it is empty. A missing file is fine.
func WithDotEnv(path string, getenv Lookup) (Lookup, error) {
	file, err := readDotEnv(path)
	if err != nil {
		return nil, err
	}
	merged := func(name string) (string, bool) {
		if value, set := getenv(name); set {
			return value, true
		}
		value, set := file[name]
		return value, set
	}
	if err := refuseOpenFile(path, file, merged); err != nil {
		return nil, err
	}
	return merged, nil
}

// refuseOpenFile refuses a file that everybody on the machine may write, or put
// another in the place of, where there is a key: who writes the file decides which
// key is used, and where it is sent. One that has the key in it they may not read.
func refuseOpenFile(path string, file map[string]string, getenv Lookup) error {
	r := &reader{getenv: getenv}
	used := func(name string) bool { return r.text(name) != "" }
	inside := func(name string) bool { return used(name) && r.text(name) == strings.TrimSpace(file[name]) }
	keys := []string{"AUTHY_API_KEY", "SECRET_KEY"}
	if isPostgres(r.text("DATABASE_URL")) {
		keys = append(keys, "DATABASE_URL") // there may be a password in it
	}
	if len(file) == 0 || !slices.ContainsFunc(append(keys, "AUTHY_API_KEY_FILE", "SECRET_KEY_FILE"), used) {
		return nil
	}
	refused := fs.FileMode(0o002)
	if slices.ContainsFunc(keys, inside) {
		refused = 0o006
	}
	open, err := exposed(path, refused)
	switch {
	case err != nil:
		return &Error{[]string{err.Error()}}
	case open != "":
		return &Error{[]string{open}}
	}
	return nil
}

// readDotEnv is what the file sets; a missing one sets nothing.
func readDotEnv(path string) (map[string]string, error) {
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &Error{[]string{err.Error()}}
	}
	if content, err = decode(content); err != nil {
		return nil, &Error{[]string{fmt.Sprintf("%s: %v", path, err)}}
	}
	file, err := godotenv.UnmarshalBytes(content)
	if err != nil {
		// The parser's own error quotes the file, and could quote a key.
		return nil, &Error{[]string{fmt.Sprintf("%s: line %d or one soon after it is not NAME=value", path, firstBadLine(string(content)))}}
	}
	return file, nil
}

// firstBadLine is the line after the longest beginning of content that can be
// parsed.
func firstBadLine(content string) int {
	lines := strings.Split(content, "\n")
	for n := len(lines); n > 0; n-- {
		if _, err := godotenv.Unmarshal(strings.Join(lines[:n], "\n")); err == nil {
			return n + 1
		}
	}
	return 1
}
