package signin

import "context"

// StartOver is for demonstrations: it closes every account, tells the pages of the
// sessions that end with it, and forgets what the limits have counted. The provider
// is not told: whoever demonstrates empties its phones as well.
func (f *Flow) StartOver(ctx context.Context) error {
	ended, err := f.Store.CloseAll(ctx)
	if err != nil {
		return err
	}
	for _, sess := range ended {
		f.notify(ctx, sess.ID)
		f.tellOwn(sess.UserID)
	}
	return f.ResetLimits(ctx)
}
