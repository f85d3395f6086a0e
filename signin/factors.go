package signin

import (
	"context"
	"errors"
	"net/url"
	"regexp"
	"strings"
	"time"

	"nod/store"
)

// What a person can show of their own, without the provider: authenticator apps and
// recovery codes.

// NewApp is an authenticator app that is being set up.
type NewApp struct {
	Secret string // base32, for who cannot scan
	URI    string // otpauth://, for a QR code
}

// The fields of a code, and what can be wrong with them.
const (
	FieldCode Field = "token"

	CodeMalformed  Problem = "code.malformed"
	CodeWrong      Problem = "code.wrong"
	AppNameTooLong Problem = "app_name.too_long"
)

const issuer = "Nod"

// AddApp makes the secret of an authenticator app, which counts from ProveApp on, and
// returns the id of the app. store.ErrTooManyFactors, store.ErrNotFresh.
func (f *Flow) AddApp(ctx context.Context, v Visitor) (id string, err error) {
	made, _, err := f.Store.NewAuthenticator(ctx, v.Session.ID)
	return made.ID, err
}

// NewApp is what the visitor needs to set up the app that they add. store.ErrNotFound
// when this session adds none with that id.
func (f *Flow) NewApp(ctx context.Context, v Visitor, id string) (NewApp, error) {
	secret, err := f.Store.ShownSecret(ctx, v.Session, id)
	if err != nil {
		return NewApp{}, err
	}
	query := url.Values{"secret": {secret}, "issuer": {issuer}}
	uri := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + issuer + ":" + v.User.Email, RawQuery: query.Encode()}
	return NewApp{Secret: secret, URI: uri.String()}, nil
}

// ProveApp makes an app count by its first code. It gets the usual name if it is given
// none. Problems; store.ErrNotFound when it has to be begun anew, store.ErrNotFresh.
func (f *Flow) ProveApp(ctx context.Context, v Visitor, id, name, usual, code string, c store.Client) error {
	digits, ok := CodeIn(code)
	name, problem := appName(name, usual)
	problems := Problems{}
	problems.note(FieldName, problem)
	if !ok {
		problems.note(FieldCode, CodeMalformed)
	}
	if len(problems) > 0 {
		return problems
	}
	err := f.Store.ProveAuthenticator(ctx, v.Session.ID, id, name, digits, c)
	if errors.Is(err, store.ErrWrongCode) {
		return Problems{FieldCode: CodeWrong}
	}
	return err
}

const maxAppName = 40

// appName is the name of an app as typed. Without one it gets the usual.
func appName(typed, usual string) (string, Problem) {
	name, ok := readable(typed)
	switch {
	case !ok:
		return "", NameUnreadable
	case !visible(name):
		return usual, ""
	case tooLong(name, maxAppName):
		return "", AppNameTooLong
	}
	return name, ""
}

// Apps are the authenticator apps of a user. lost is true for a user without one
// who may have added one to an earlier version: it has to be added again.
func (f *Flow) Apps(ctx context.Context, userID int64) (apps []store.Authenticator, lost bool, err error) {
	apps, err = f.Store.Authenticators(ctx, userID)
	if err == nil && len(apps) == 0 {
		lost, err = f.Store.HadProviderSecret(ctx, userID)
	}
	return apps, lost, err
}

// RemoveApp removes an app of the visitor. To remove one that is gone is no error.
// store.ErrNotFresh, store.ErrLastFactor.
func (f *Flow) RemoveApp(ctx context.Context, v Visitor, id string, c store.Client) error {
	err := f.Store.RemoveAuthenticator(ctx, v.Session.ID, id, c)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// RecoveryCodes says what recovery codes a user has left.
func (f *Flow) RecoveryCodes(ctx context.Context, userID int64) (store.RecoveryCodes, error) {
	return f.Store.RecoveryCodesOf(ctx, userID)
}

// RemoveRecoveryCodes makes the visitor's recovery codes worthless. To remove none
// is no error. store.ErrNotFresh, store.ErrLastFactor.
func (f *Flow) RemoveRecoveryCodes(ctx context.Context, v Visitor, c store.Client) error {
	err := f.Store.RemoveRecoveryCodes(ctx, v.Session.ID, c)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// MakeRecoveryCodes makes the visitor's recovery codes anew. store.ErrNotFresh.
func (f *Flow) MakeRecoveryCodes(ctx context.Context, v Visitor, c store.Client) error {
	_, err := f.Store.MakeRecoveryCodes(ctx, v.Session.ID, c)
	return err
}

// ShownRecoveryCodes are those that the visitor has just made, in groups as people write
// them down, and when. store.ErrNotFound once they are kept, or after some minutes.
func (f *Flow) ShownRecoveryCodes(ctx context.Context, v Visitor) (codes []string, made time.Time, err error) {
	codes, made, err = f.Store.ShownRecoveryCodes(ctx, v.Session)
	return grouped(codes), made, err
}

// KeptRecoveryCodes ends that the visitor can see them.
func (f *Flow) KeptRecoveryCodes(ctx context.Context, v Visitor) error {
	return f.Store.HideRecoveryCodes(ctx, v.Session)
}

func grouped(codes []string) (shown []string) {
	for _, code := range codes {
		shown = append(shown, Grouped(code))
	}
	return shown
}

// DeclineRecoveryCodes notes that the visitor wants none now.
func (f *Flow) DeclineRecoveryCodes(ctx context.Context, v Visitor) error {
	return f.Store.DeclineRecoveryCodes(ctx, v.User.ID)
}

const group = 4

// Grouped is a code as people read it out: in groups of four.
func Grouped(code string) string {
	var parts []string
	for ; len(code) > group; code = code[group:] {
		parts = append(parts, code[:group])
	}
	return strings.Join(append(parts, code), "-")
}

// RecoveryCode is a recovery code as typed or pasted, as the store knows it: alone, or
// the only one of a line that was copied with it. ok is false for what holds none.
func RecoveryCode(typed string) (code string, ok bool) {
	typed = strings.ToLower(plainDigits(typed))
	if code, ok = wholeRecoveryCode(typed); ok {
		return code, true
	}
	code, ok = only(keptCode.FindAllString(typed, -1))
	if !ok {
		return "", false
	}
	return wholeRecoveryCode(code)
}

// keptCode is a recovery code within other text, as its page writes it.
var keptCode = regexp.MustCompile(`\b[0-9a-z]{4}(?:-[0-9a-z]{4}){3}\b`)

func wholeRecoveryCode(typed string) (code string, ok bool) {
	code = PlainCode(typed)
	return code, len(code) == store.RecoveryCodeSize && strings.Trim(code, store.RecoveryAlphabet) == ""
}

// PlainCode is a code of store.RecoveryAlphabet as typed, without what people put
// between its groups, and with the letters for those that are taken for others.
func PlainCode(typed string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == 'o':
			return '0'
		case r == 'i' || r == 'l':
			return '1'
		case joins(r):
			return -1
		}
		return r
	}, strings.ToLower(plainDigits(typed)))
}

// Recover signs in by a recovery code. store.ErrWrongCode, *store.RateError;
// store.ErrNotApproved when the attempt has ended. The caller moves the browser to
// the new session, then calls SignedIn.
func (f *Flow) Recover(ctx context.Context, v Visitor, code string, c store.Client) (store.Session, error) {
	sess, err := f.Store.ConfirmByRecoveryCode(ctx, v.Session.ID, code, c)
	f.countCode(err)
	return sess, err
}

// replaceSecret has the provider replace the secret that it keeps for a phone, once,
// where an earlier version may have shown it: whoever carried it away could make
// codes with it.
func (f *Flow) replaceSecret(ctx context.Context, phone store.Factor) error {
	shown, err := f.Store.SecretShown(ctx, phone)
	if err != nil || !shown {
		return err
	}
	err = f.Codes.ReplaceSecret(ctx, phone.Handle)
	if err != nil && !errors.Is(err, ErrNoDevice) { // a phone that it does not know has no secret
		return err
	}
	return f.Store.SecretReplaced(ctx, phone)
}
