package passwords

import (
	"bytes"
	_ "embed"
	"sync"

	"github.com/bits-and-blooms/bloom/v3"
)

// lists.bin is made by tools/passwords.
//
//go:embed lists.bin
var embedded []byte

// filters are the two lists: of stolen passwords of at least eight characters, and
// of words. Both are in small letters.
type filters struct{ stolen, words *bloom.BloomFilter }

var lists = sync.OnceValue(func() filters {
	f := filters{&bloom.BloomFilter{}, &bloom.BloomFilter{}}
	content := bytes.NewReader(embedded)
	for _, filter := range []*bloom.BloomFilter{f.stolen, f.words} {
		if _, err := filter.ReadFrom(content); err != nil {
			panic("passwords: lists.bin cannot be read: " + err.Error()) // it is part of this program
		}
	}
	return f
})
