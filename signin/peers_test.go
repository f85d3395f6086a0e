package signin_test

import (
	"context"
	"testing"

	"nod/signin"
)

// ownPhones says whose phones were told.
type ownPhones struct {
	signin.OwnPhones
	told []int64
}

func (o *ownPhones) Tell(_ context.Context, userID int64) { o.told = append(o.told, userID) }

// What another process says of a user's phones reaches those whose pages wait here.
func TestPhonesHearOfWhatAnotherProcessHasChanged(t *testing.T) {
	own := &ownPhones{}
	f := &signin.Flow{Config: signin.Config{Own: own}}
	f.Heard(t.Context(), "phones:7")
	f.Heard(t.Context(), "phones:nobody")
	if len(own.told) != 1 || own.told[0] != 7 {
		t.Errorf("told the phones of %v, want those of 7", own.told)
	}
}
