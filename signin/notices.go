package signin

import (
	"context"
	"time"

	"nod/store"
)

// Notices are what the owner of an account is told: on its page until they are
// read, and in a line of the next request that rings. They never are a request
// themselves: nothing that only tells may be approved.

// Notifier carries notices to people who do not look at the pages here, by e-mail
// for one. It must never ask for an approval. What it could not carry, it is given
// again at the next sweep.
type Notifier interface {
	Notify(ctx context.Context, to store.User, n store.Notice) error
}

const (
	maxNotices = 10             // shown on a page
	carryFor   = 24 * time.Hour // later a notice is no news
	carryBatch = 20
)

// Notices returns the newest that the visitor has not read, and how many there are:
// none of what this session has done itself.
func (f *Flow) Notices(ctx context.Context, v Visitor) (newest []store.Notice, all int, err error) {
	return f.Store.UnreadNotices(ctx, v.Session, maxNotices)
}

// Answerer says which notices the visitor may answer.
func (f *Flow) Answerer(ctx context.Context, v Visitor) (store.Answerer, error) {
	return f.Store.Answerer(ctx, v.Session)
}

// ReadNotices notes that the visitor has read what was shown, up to a notice.
func (f *Flow) ReadNotices(ctx context.Context, v Visitor, upTo int64) error {
	return f.Store.ReadNotices(ctx, v.Session, upTo)
}

// AnswerNotice takes the visitor's answer to "was this you?". After "not me" the
// phone is left in peace, and the browsers that waited for it are told.
// store.ErrNotFound when there is nothing for them to answer; store.ErrNotFresh.
func (f *Flow) AnswerNotice(ctx context.Context, v Visitor, id int64, answer store.NoticeAnswer) error {
	ended, err := f.Store.AnswerNotice(ctx, v.Session, id, answer)
	if err != nil {
		return err
	}
	for _, a := range ended {
		f.ended(ctx, a)
	}
	return nil
}

// Pause is how long a phone is left in peace; the zero value is none.
type Pause struct {
	Until  time.Time
	Kind   store.Kind // what it is not asked about; "" is everything
	CanEnd bool       // by this browser, now
	ByCode bool       // by this browser, once it has given a code
}

// Pause says how long the visitor's phone is left in peace, and whether that can be
// ended here.
func (f *Flow) Pause(ctx context.Context, v Visitor) (p Pause, err error) {
	p.Until, err = f.Store.PausedUntil(ctx, v.User.ID, store.KindLogin)
	if err == nil && p.Until.IsZero() {
		p.Kind = store.KindTransfer
		p.Until, err = f.Store.PausedUntil(ctx, v.User.ID, p.Kind)
	}
	if err != nil || p.Until.IsZero() {
		return Pause{}, err
	}
	p.CanEnd, p.ByCode, err = f.Store.CanEndPause(ctx, v.Session.ID)
	return p, err
}

// EndPause lets the visitor's phone be asked again. store.ErrNotFound when that is
// not for this browser to say.
func (f *Flow) EndPause(ctx context.Context, v Visitor) error {
	return f.Store.EndPause(ctx, v.Session)
}

// rang notes which notices a request has carried to the phone.
func (f *Flow) rang(ctx context.Context, a store.Approval, notices []store.Notice) error {
	if len(notices) == 0 {
		return nil
	}
	return f.Store.NoticesRang(ctx, a, notices[0].ID)
}

// carryNotices hands what is new to the notifier.
func (f *Flow) carryNotices(ctx context.Context) error {
	if f.Notifier == nil {
		return nil
	}
	claimed, err := f.Store.ClaimNotices(ctx, carryFor, carryBatch)
	if err != nil {
		return err
	}
	for _, c := range claimed {
		if err := f.Notifier.Notify(ctx, c.User, c.Notice); err != nil {
			f.Logger.Warn("a notice could not be carried", "kind", c.Notice.Kind, "error", err)
			if err := f.Store.ReleaseNotice(ctx, c.Notice.ID); err != nil {
				return err
			}
		}
	}
	return nil
}
