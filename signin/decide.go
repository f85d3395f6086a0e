package signin

import (
	"context"
	"errors"
	"time"

	"nod/store"
)

// Verdict is what became of an answer from a phone.
type Verdict string

// Only an applied answer changed anything.
const (
	VerdictApplied  Verdict = "applied"
	VerdictRepeated Verdict = "repeated" // decided before; see store.Decide for a late denial
	VerdictLate     Verdict = "late"     // its time was over
	VerdictUnknown  Verdict = "unknown"  // no such request
)

// Answered applies the answer that a provider has delivered. The first one
// wins; unknown, late and repeated ones change nothing and are no error, since
// the provider has done its part.
func (f *Flow) Answered(ctx context.Context, answer Answer) (Verdict, error) {
	a, applied, err := f.decide(ctx, answer, store.ViaCallback, time.Time{})
	switch {
	case errors.Is(err, store.ErrNotFound):
		return f.newPhoneVerdict(ctx, answer)
	case err != nil:
		return "", err
	case applied:
		return VerdictApplied, nil
	case a.Status == store.Expired:
		return VerdictLate, nil
	case a.Status == answer.Status:
		f.tellAgain(ctx, a)
	}
	return VerdictRepeated, nil
}

// tellAgain tells the browsers that a request concerns how it stands. An answer comes
// again where nobody took it in; the process that has applied it may have ended before it
// told them.
func (f *Flow) tellAgain(ctx context.Context, a store.Approval) {
	if a.Kind != store.KindLogin {
		f.changed(ctx, a)
		return
	}
	f.reread(ctx, aboutSignIn, a.SessionID) // counts nothing
	f.tellPeers(aboutSignIn, a.SessionID)
}

func (f *Flow) decide(ctx context.Context, answer Answer, via store.Via, given time.Time) (store.Approval, bool, error) {
	decided, applied, err := f.Store.Decide(ctx, store.Decision{
		ApprovalID: answer.ApprovalID, UUID: answer.RequestID, Handle: answer.Handle, Status: answer.Status, Via: via, Given: given,
	})
	if applied {
		f.ended(ctx, decided)
	}
	return decided, applied, err
}

// newPhoneVerdict is for answers to no approval: a phone that is new to an account
// proves itself before it is a factor.
func (f *Flow) newPhoneVerdict(ctx context.Context, answer Answer) (Verdict, error) {
	_, err := f.newPhoneAnswered(ctx, answer)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return VerdictUnknown, nil
	case err != nil:
		return "", err
	}
	return VerdictApplied, nil
}
