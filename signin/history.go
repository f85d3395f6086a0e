package signin

import (
	"context"

	"nod/store"
)

// History is a part of the audit trail about a user, newest first.
type History struct {
	Lines []store.Event
	Older int64 // what comes next is before this line; 0 at the end
}

// HistoryBefore returns the lines before the one with this ID, 0 for the newest.
func (f *Flow) HistoryBefore(ctx context.Context, userID, before int64, lines int) (History, error) {
	found, err := f.Store.EventsBefore(ctx, userID, before, lines+1)
	if len(found) <= lines {
		return History{Lines: found}, err
	}
	return History{found[:lines], found[lines-1].ID}, err
}
