package signin

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"nod/store"
)

// Codes are the ways in without the tap: from the authenticator app, by SMS,
// by voice. They end in the same step as a tap: one that consumes and signs in.

// NotSent says why no code is on its way.
type NotSent struct {
	Why     NotSentReason
	RetryIn time.Duration // how long until the next may be sent
}

// NotSentReason is why a code was not sent.
type NotSentReason string

// What keeps a code from being sent.
const (
	WhyRateLimited NotSentReason = "rate_limited"
	WhyUnavailable NotSentReason = "unavailable"
	WhyHasApp      NotSentReason = "has_app"     // the app shows the code itself
	WhyUnreachable NotSentReason = "unreachable" // see Reaches
)

// SendCode has the provider send a code to the visitor's phone, within the
// limits that the store keeps, and notes what became of it. nil when a code is
// on its way, or may be: the state of the session says which. *store.RateError.
func (f *Flow) SendCode(ctx context.Context, v Visitor, by store.Method) (*NotSent, error) {
	became, not, err := f.trySendCode(ctx, v, by)
	var limit *store.RateError
	if errors.As(err, &limit) {
		f.Counter.CodeSent(string(by), "too_often")
		return nil, f.keptBack(ctx, v, by, limit)
	}
	if err != nil {
		return nil, err
	}
	outcome := string(became) // sent, or unconfirmed
	if not != nil {
		outcome = string(not.Why)
	}
	f.Counter.CodeSent(string(by), outcome)
	return not, f.Store.NoteCode(ctx, v.Session.ID, became)
}

// keptBack is for a code that a limit has kept from being sent. nil where the same was
// asked for a moment ago: two clicks send one, and it is on its way, or may be.
func (f *Flow) keptBack(ctx context.Context, v Visitor, by store.Method, limit *store.RateError) error {
	sess, _, err := f.Store.Session(ctx, v.Session.ID)
	if err != nil {
		return errors.Join(limit, err)
	}
	comes := sess.CodeState == store.CodeSent || sess.CodeState == store.CodeUnconfirmed
	switch {
	case comes && sess.CodeVia == by && limit.RetryAt.Sub(f.Now()) <= store.CodePause:
		return nil
	case sess.CodeState == "":
		err = f.Store.NoteCode(ctx, v.Session.ID, store.CodeFailed)
	}
	return errors.Join(limit, err)
}

func (f *Flow) trySendCode(ctx context.Context, v Visitor, by store.Method) (store.CodeState, *NotSent, error) {
	if !f.HasNumber(v.User) || !Reaches(v.User.PhoneNumber, by) {
		return v.Session.CodeState, &NotSent{Why: WhyUnreachable}, nil
	}
	phone, err := f.Store.Factor(ctx, v.User.ID)
	if err != nil {
		return "", nil, err
	}
	next, err := f.Store.AllowCodeSend(ctx, v.Session.ID, by, CountryOf(v.User.PhoneNumber))
	if err != nil {
		return "", nil, err
	}
	m := Message{By: by, Purpose: purpose(v.Session.ID), Language: v.User.Language}
	shared, err := f.Store.FactorShared(ctx, phone)
	if err != nil {
		return "", nil, err
	}
	if shared {
		m.Email = v.User.Email
	}
	ctx, cancel := f.askProvider(ctx)
	defer cancel()
	sent, err := f.Codes.Send(ctx, phone.Handle, m)
	retryIn := max(0, next.Sub(f.Now()))
	switch {
	case errors.Is(err, ErrNoAnswer):
		f.Logger.Warn("it is not known whether a code was sent", "by", by, "error", err)
		return store.CodeUnconfirmed, nil, nil
	case errors.Is(err, ErrRateLimited):
		return store.CodeFailed, &NotSent{WhyRateLimited, max(retryIn, cmp.Or(RetryIn(err), providerPause))}, nil
	case err != nil:
		f.Logger.Warn("a code could not be sent", "by", by, "error", err)
		return store.CodeFailed, &NotSent{WhyUnavailable, max(retryIn, RetryIn(err))}, nil
	case !sent:
		return store.CodeIgnored, &NotSent{WhyHasApp, retryIn}, nil
	}
	return store.CodeSent, nil, nil
}

// providerPause is how long a provider that limits requests is left alone where it does
// not say itself.
const providerPause = time.Minute

// purpose binds a sent code to one attempt: it is worthless in another.
func purpose(sessionID string) string { return "sign-in " + sessionID }

// NextCodeIn is how long until the next code may be sent; 0 means now.
func (f *Flow) NextCodeIn(ctx context.Context, v Visitor) (time.Duration, error) {
	next, err := f.Store.NextCodeSend(ctx, v.Session.ID, CountryOf(v.User.PhoneNumber))
	return max(0, next.Sub(f.Now())), err
}

// CodeRefused is a code that did not sign in. Cause is ErrWrongCode,
// store.ErrCodeUsed, ErrRateLimited or ErrUnavailable, which may be ErrNoAnswer:
// then the code may be used up. TriesLeft is how many
// more this attempt may make; the attempt goes on even with none left where
// the code could not be checked, since the phone may still say yes.
type CodeRefused struct {
	TriesLeft int
	Cause     error
}

func (e *CodeRefused) Error() string { return fmt.Sprintf("%d tries left: %v", e.TriesLeft, e.Cause) }
func (e *CodeRefused) Unwrap() error { return e.Cause }

// CheckCode checks a code, of an app of the visitor's own first and then with the
// provider, and returns a new session that is signed in. *CodeRefused;
// *store.RateError; store.ErrNoTriesLeft when the attempt has ended for it;
// store.ErrNotApproved when it ended in another way; store.ErrEmailTaken as of
// Confirm. The caller moves the
// browser to the new session, then calls SignedIn.
func (f *Flow) CheckCode(ctx context.Context, v Visitor, code string, c store.Client) (store.Session, error) {
	return f.useCode(ctx, v, code, codeUse{
		own: func() (store.Session, error) {
			return f.Store.ConfirmByAuthenticator(ctx, v.Session.ID, code, c)
		},
		accepted: func(method store.Method, hash string) (store.Session, error) {
			return f.Store.ConfirmByCode(ctx, v.Session.ID, method, hash, c)
		},
	})
}

// codeUse is what a right code is used for, whoever has checked it.
type codeUse struct {
	own      func() (store.Session, error) // checks it, too: store.ErrWrongCode when it is of no app of the user's own
	accepted func(store.Method, string) (store.Session, error)
}

// useCode takes a try, checks a code, and uses one that is right.
func (f *Flow) useCode(ctx context.Context, v Visitor, code string, use codeUse) (store.Session, error) {
	left, err := f.Store.SpendCodeTry(ctx, v.Session.ID)
	if errors.Is(err, store.ErrNoTriesLeft) {
		f.countCode(err)
		return store.Session{}, f.outOfTries(ctx, v)
	}
	if err != nil {
		f.countCode(err)
		return store.Session{}, err
	}
	sess, err := use.own()
	if errors.Is(err, store.ErrWrongCode) {
		sess, err = f.askAboutCode(ctx, v, code, use)
	}
	f.countCode(err)
	if err == nil {
		return sess, nil
	}
	if errors.Is(err, ErrUnavailable) {
		f.Logger.Warn("a code could not be checked", "error", err)
	}
	left, serr := f.afterNoAnswer(ctx, v, code, left, err)
	if serr != nil {
		return store.Session{}, serr
	}
	wrong := errors.Is(err, store.ErrCodeUsed) || errors.Is(err, ErrWrongCode)
	if wrong {
		if err := f.Store.RefuseCode(ctx, v.Session, err); err != nil {
			return store.Session{}, err
		}
	}
	switch {
	case wrong && left == 0:
		return store.Session{}, f.outOfTries(ctx, v)
	case wrong, errors.Is(err, ErrRateLimited), errors.Is(err, ErrUnavailable):
		return store.Session{}, &CodeRefused{left, err}
	}
	return store.Session{}, f.taken(ctx, err)
}

// askAboutCode uses a code that the provider accepts, if there is one.
func (f *Flow) askAboutCode(ctx context.Context, v Visitor, code string, use codeUse) (store.Session, error) {
	if !f.HasNumber(v.User) {
		return store.Session{}, ErrWrongCode
	}
	if err := f.Store.SpendAskedTry(ctx, v.Session.ID); err != nil {
		return store.Session{}, err
	}
	method, err := f.checkCode(ctx, v, code)
	if err != nil {
		return store.Session{}, err
	}
	return use.accepted(method, f.codeHash(v.User.ID, code))
}

// afterNoAnswer keeps in mind a code whose check got no answer. If the provider
// says later that this code is used, its own check may have used it up, and the
// repeat was no guess: its try is given back, once. It does not sign in. Who has
// used the code the provider does not say: it may have been somebody else, before.
func (f *Flow) afterNoAnswer(ctx context.Context, v Visitor, code string, left int, cause error) (int, error) {
	hash := f.codeHash(v.User.ID, code)
	switch {
	case errors.Is(cause, ErrNoAnswer):
		return left, f.Store.NoteUnanswered(ctx, v.Session.ID, hash)
	case errors.Is(cause, store.ErrCodeUsed):
		returned, err := f.Store.ReturnCodeTry(ctx, v.Session.ID, hash)
		if returned {
			left++
		}
		return left, err
	}
	return left, nil
}

// outOfTries ends the attempt: guessing on needs the password again.
func (f *Flow) outOfTries(ctx context.Context, v Visitor) error {
	if err := f.End(ctx, v.Session.ID, store.ReasonTooManyCodes); err != nil {
		return err
	}
	return store.ErrNoTriesLeft
}

// checkCode asks the provider. A code sent in this attempt is bound to it; one
// from the app is not, so it is asked for second.
func (f *Flow) checkCode(ctx context.Context, v Visitor, code string) (store.Method, error) {
	phone, err := f.Store.Factor(ctx, v.User.ID)
	if err != nil {
		return "", err
	}
	ctx, cancel := f.askProvider(ctx)
	defer cancel()
	if v.Session.CodeVia != "" {
		err := f.Codes.Check(ctx, phone.Handle, code, purpose(v.Session.ID))
		if !errors.Is(err, ErrWrongCode) {
			return v.Session.CodeVia, err
		}
	}
	if err := f.replaceSecret(ctx, phone); err != nil {
		return store.MethodApp, err
	}
	return store.MethodApp, f.Codes.Check(ctx, phone.Handle, code, "")
}

// codeHash stands for a used code in the database.
func (f *Flow) codeHash(userID int64, code string) string {
	mac := hmac.New(sha256.New, f.codeKey)
	fmt.Fprintf(mac, "code|%d|%s", userID, code)
	return hex.EncodeToString(mac.Sum(nil))
}
