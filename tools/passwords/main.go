// Command passwords makes passwords/lists.bin, by which passwords are refused: two
// Bloom filters, so that the lists themselves are in no program.
//
//	go run ./tools/passwords [-n 100000] [-o passwords/lists.bin] FILE...
//
// Each FILE has a stolen password a line, the most common ones first; n bounds how
// many of each are taken. Without a file the list has only what comes with the
// module zxcvbn, whose words and names are always taken. The file in the repository
// was made with the hundred thousand most common ones of ignis-sec/Pwdb-Public
// (MIT); a longer list makes a larger filter: 3.6 bytes for each.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bits-and-blooms/bloom/v3"
	"github.com/trustelem/zxcvbn/frequency"
)

const (
	minPassword = 8 // shorter ones are refused anyway
	minWord     = 3
	mistakes    = 1e-6 // one in so many others is taken to be in the list
)

func main() {
	n := flag.Int("n", 100_000, "how many lines of each file are taken")
	out := flag.String("o", "passwords/lists.bin", "the file to make")
	flag.Parse()
	if err := run(*n, *out, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "passwords:", err)
		os.Exit(1)
	}
}

func run(n int, out string, files []string) error {
	stolen, words := set{}, set{}
	for name, list := range frequency.FrequencyLists {
		for _, line := range list {
			words.add(line, word)
			if name == "passwords" {
				stolen.add(line, long)
			}
		}
	}
	for _, name := range files {
		if err := read(name, n, func(line string) {
			stolen.add(line, long)
			words.add(line, word)
		}); err != nil {
			return err
		}
	}
	file, err := os.Create(out)
	if err != nil {
		return err
	}
	defer file.Close()
	for _, s := range []set{stolen, words} {
		if _, err := s.filter().WriteTo(file); err != nil {
			return err
		}
	}
	fmt.Printf("%s: %d passwords and %d words\n", out, len(stolen), len(words))
	return file.Close()
}

func read(name string, n int, take func(line string)) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for ; n > 0 && lines.Scan(); n-- {
		take(lines.Text())
	}
	return lines.Err()
}

// set is a list without doubles, in small letters.
type set map[string]bool

func (s set) add(line string, fits func(string) bool) {
	line = strings.ToLower(strings.TrimSpace(line))
	if utf8.ValidString(line) && fits(line) {
		s[line] = true
	}
}

func long(line string) bool { return utf8.RuneCountInString(line) >= minPassword }

// word is true for letters alone.
func word(line string) bool {
	return utf8.RuneCountInString(line) >= minWord && !strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsLetter(r) })
}

func (s set) filter() *bloom.BloomFilter {
	f := bloom.NewWithEstimates(uint(len(s)), mistakes)
	for line := range s {
		f.AddString(line)
	}
	return f
}
