package store

import "context"

// ReplacedPhone is the phone that another has taken the place of, and what ended with it.
type ReplacedPhone struct {
	Factor
	Sessions []Session  // sign-ins that waited for it
	Requests []Approval // of sessions that go on
}

// endPhone ends what the phone with the number was asked, and what it has approved and
// nobody has used: whoever has it may have lost it to a thief. What phones of one's own
// have approved stays.
func (tx *txn) endPhone(ctx context.Context, userID int64) (old ReplacedPhone, err error) {
	if old.Factor, err = tx.store.factor(ctx, tx, userID); err != nil {
		return old, err
	}
	const waiting = `SELECT ` + sessionColumns + ` FROM sessions WHERE user_id = ? AND level = 1 AND ended_at IS NULL`
	if old.Sessions, err = tx.endAll(ctx, func(Session) Reason { return ReasonCancelled }, waiting, userID); err != nil {
		return old, err
	}
	const asked = `
		user_id = ?3
			AND (status = 'pending'
				OR status = 'approved' AND consumed_at IS NULL AND expires_at > ?4 AND decided_via <> ?5)`
	old.Requests, err = tx.end(ctx, ReasonPhoneGone, asked, userID, tx.now-useWithin.Milliseconds(), ViaOwnPhone)
	return old, err
}
