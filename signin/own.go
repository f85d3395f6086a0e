package signin

import (
	"context"
	"errors"
	"time"

	"nod/store"
)

// Phones of one's own: pages that Nod serves itself. Their answers go through the same
// conditional update as a provider's callback.

// OwnPhones keeps what phones of one's own show, and tells them. It must not wait for
// any of them.
type OwnPhones interface {
	// Ask keeps what the phones of a request's user show of it, and rings them.
	Ask(ctx context.Context, a store.Approval, q Question) error
	// Tell says that something has changed for the phones of a user.
	Tell(ctx context.Context, userID int64)
	// Added says that a user, who reads a language, has one more of them.
	Added(ctx context.Context, userID int64, language string)
	// EndLapsed ends the connections of phones that have not signed for too long.
	EndLapsed()
	// PasskeyID is the id of the passkey that has made an assertion.
	PasskeyID(assertion []byte) ([]byte, error)
	// CheckPasskey checks that the passkey of a phone has signed a challenge, with its
	// user verified, and returns what its counter says.
	CheckPasskey(p store.OwnPhone, challenge string, assertion []byte) (count uint32, err error)
}

// askOwn rings the own phones of a request's user.
func (f *Flow) askOwn(ctx context.Context, a store.Approval, q Question) store.Reason {
	if f.Own == nil {
		f.Logger.Error("phones of one's own are not served here", "approval", a.ID)
		return store.ReasonUnavailable
	}
	if err := f.Own.Ask(ctx, a, q); err != nil {
		f.Logger.Error("a phone of one's own could not be asked", "approval", a.ID, "error", err)
		return store.ReasonUnavailable
	}
	f.tellPeersOfPhones(a.UserID)
	return ""
}

// tellOwn tells the own phones of a user, in the background: no browser waits for it.
func (f *Flow) tellOwn(userID int64) {
	f.tellPeersOfPhones(userID)
	f.tellOwnHere(userID)
}

// tellOwnHere is tellOwn for what other processes find out themselves.
func (f *Flow) tellOwnHere(userID int64) {
	if f.Own != nil {
		f.tasks.Go(func() { f.Own.Tell(f.background, userID) })
	}
}

// AnswerOwn applies the answer of an own phone whose signatures are right, and tells
// whom it concerns. applied is false where another answer came first, or the request
// has ended. Errors as of store.AnswerOwn.
func (f *Flow) AnswerOwn(ctx context.Context, d store.OwnAnswer) (a store.Approval, applied bool, err error) {
	a, applied, err = f.Store.AnswerOwn(ctx, d)
	var wrong *store.WrongNumber
	if applied || errors.As(err, &wrong) && wrong.Left == 0 {
		f.ended(ctx, a)
	} else if err == nil && a.Status == d.Status {
		f.tellAgain(ctx, a)
	}
	return a, applied, err
}

// ExplainDenial takes what the owner says of a denial on the phone that made it, and
// tells the browsers whose requests end with it. Errors as of store.ExplainDenial.
func (f *Flow) ExplainDenial(ctx context.Context, p store.OwnPhone, requestID string, why store.NoticeAnswer) error {
	ended, err := f.Store.ExplainDenial(ctx, p.ID, requestID, why)
	if err != nil {
		return err
	}
	for _, a := range ended {
		f.ended(ctx, a)
	}
	f.tellOwn(p.UserID)
	return nil
}

// OwnNotices are the newest things that the owner of a phone has not read yet.
func (f *Flow) OwnNotices(ctx context.Context, p store.OwnPhone) ([]store.Notice, error) {
	newest, _, err := f.Store.UnreadNotices(ctx, store.Session{UserID: p.UserID}, maxNotices)
	return newest, err
}

// OwnPhones are the phones of the visitor that count or wait to be confirmed.
func (f *Flow) OwnPhones(ctx context.Context, v Visitor) ([]store.OwnPhone, error) {
	return f.Store.OwnPhones(ctx, v.User.ID)
}

// NewPhoneCode makes the code by which the visitor adds a phone. store.ErrNotFresh,
// store.ErrTooManyFactors, *store.RateError.
func (f *Flow) NewPhoneCode(ctx context.Context, v Visitor) error {
	_, err := f.Store.NewPhoneCode(ctx, v.Session.ID)
	return err
}

// ShownPhoneCode is that code, until a phone has used it. store.ErrNotFound.
func (f *Flow) ShownPhoneCode(ctx context.Context, v Visitor) (string, error) {
	return f.Store.ShownPhoneCode(ctx, v.Session)
}

// ConfirmPhone makes a phone of the visitor's count. store.ErrNotFound when it has to be
// added anew; store.ErrTooManyFactors, store.ErrNotFresh.
func (f *Flow) ConfirmPhone(ctx context.Context, v Visitor, phoneID string, c store.Client) error {
	err := f.Store.ConfirmOwnPhone(ctx, v.Session.ID, phoneID, c)
	if err == nil && f.Own != nil {
		f.tellPeersOfPhones(v.User.ID)
		f.tasks.Go(func() { f.Own.Added(f.background, v.User.ID, v.User.Language) })
	}
	return err
}

// RemovePhone takes a phone from the visitor's account, which the phone is told. To
// remove one that is gone is no error. store.ErrNotFresh, store.ErrLastFactor.
func (f *Flow) RemovePhone(ctx context.Context, v Visitor, phoneID string, c store.Client) error {
	ended, err := f.Store.RevokeOwnPhone(ctx, v.Session.ID, phoneID, c)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, a := range ended {
		f.ended(ctx, a)
	}
	f.tellOwn(v.User.ID)
	return nil
}

// PhoneName is the name of a phone as typed, as pages may show it. Problems.
func PhoneName(typed string) (string, error) {
	name, ok := readable(typed)
	switch {
	case !ok:
		return "", Problems{FieldName: NameUnreadable}
	case !visible(name):
		return "", Problems{FieldName: PhoneNameMissing}
	case tooLong(name, maxAppName):
		return "", Problems{FieldName: AppNameTooLong}
	}
	return name, nil
}

// TypedNumber says whether a number is one that is typed on the phone, which does not
// show it.
func TypedNumber(number string) bool { return len(number) == 6 }

// PhoneNameMissing is of a phone without a name: a browser confirms it by that.
const PhoneNameMissing Problem = "phone_name.missing"

// OwnPhoneOf is the phone with a cookie, whether or not it counts. store.ErrNotFound.
func (f *Flow) OwnPhoneOf(ctx context.Context, cookie string) (store.OwnPhone, error) {
	return f.Store.OwnPhoneOf(ctx, cookie)
}

// OwnRequests are the newest requests of a phone, newest first.
func (f *Flow) OwnRequests(ctx context.Context, p store.OwnPhone, since time.Time, limit int) ([]store.OwnRequest, error) {
	return f.Store.OwnRequests(ctx, p, since, limit)
}

// OwnReceipts are the newest approvals of the visitor's phones, newest first.
func (f *Flow) OwnReceipts(ctx context.Context, v Visitor, limit int) ([]store.OwnRequest, error) {
	return f.Store.OwnReceipts(ctx, v.User.ID, limit)
}

// OwnReceipt is the receipt of an approval of the visitor's, as JSON. store.ErrNotFound.
func (f *Flow) OwnReceipt(ctx context.Context, v Visitor, approvalID string) (string, error) {
	return f.Store.OwnReceipt(ctx, v.User.ID, approvalID)
}
