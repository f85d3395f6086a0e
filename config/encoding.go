package config

import (
	"bytes"
	"errors"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// decode reads a file as editors of Windows save one too: UTF-8 with a byte
// order mark, or UTF-16.
func decode(content []byte) ([]byte, error) {
	if len(content) > 0 && !hasMark(content) {
		// UTF-16 without a mark: every other byte of plain text is zero.
		for order, zero := range map[unicode.Endianness]int{unicode.LittleEndian: 1, unicode.BigEndian: 0} {
			if len(content) > 1 && content[zero] == 0 && content[1-zero] != 0 {
				return checkText(unicode.UTF16(order, unicode.IgnoreBOM).NewDecoder().Bytes(content))
			}
		}
	}
	text, _, err := transform.Bytes(unicode.BOMOverride(unicode.UTF8.NewDecoder()), content)
	return checkText(text, err)
}

func hasMark(content []byte) bool {
	for _, mark := range []string{"\xef\xbb\xbf", "\xff\xfe", "\xfe\xff"} {
		if bytes.HasPrefix(content, []byte(mark)) {
			return true
		}
	}
	return false
}

func checkText(text []byte, err error) ([]byte, error) {
	if err != nil || !utf8.Valid(text) || bytes.ContainsRune(text, utf8.RuneError) || bytes.IndexByte(text, 0) >= 0 {
		return nil, errors.New("not text in UTF-8: save it again with that encoding")
	}
	return text, nil
}
