package ports

import (
	"net"
	"slices"
	"strconv"
	"testing"
)

// What is given can be listened on, and is not what is taken.
func TestARowIsFree(t *testing.T) {
	for range 50 {
		row := Row(3)
		for _, addr := range row {
			ln, err := net.Listen("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer ln.Close()
		}
		_, text, _ := net.SplitHostPort(row[0])
		first, err := strconv.Atoi(text)
		if err != nil || !slices.Equal(row, From(first, 3)) {
			t.Errorf("%v does not follow one another", row)
		}
		if take(first+1, 1) {
			t.Errorf("%s is given twice", row[1])
		}
		if free(row[2:]) {
			t.Errorf("%s is taken", row[2])
		}
	}
}
