// Package signin is the flow of a sign-in, without HTTP: a password begins it,
// a phone or a code decides it, and the browser that asked completes it. The
// second thing a phone can approve, a transfer, goes the same way.
//
// One sign-in, top to bottom:
//
//	Begin         password → session "password passed"   begin.go
//	SecondStep    approval row → request to the phone    ask.go
//	State         what the waiting browser is told       state.go
//	Answered      the phone's answer, from a callback    decide.go
//	              or from a phone of one's own           own.go
//	Confirm       consume the approval → "signed in"     confirm.go
//
// Without the tap: SendCode and CheckCode (codes.go). What was lost on the way
// is made good by reconcile.go and sweep.go.
//
// Owns: the order of the steps, and when a phone, a code or a browser is asked
// or told. It declares what it needs of them as small interfaces.
//
// Promises: a request is a row before anybody is asked; every decision is one
// conditional update of the store; browsers are told after it is committed,
// and always what the store says.
//
// Never: knows HTTP, a page or the words of one provider; lets an event decide.
package signin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"nod/store"
)

// Phones asks people on their phones. Its errors are those of this package.
type Phones interface {
	// Register makes a phone known and returns the provider's handle of it.
	// A phone that is known already keeps its handle. *Refused.
	Register(ctx context.Context, p Phone) (handle string, err error)
	// Forget takes a phone off the provider; an unknown one is no error.
	Forget(ctx context.Context, handle string) error
	// Ask sends a push and returns the provider's id of the request.
	// ErrNoDevice when there is nothing to show it on, ErrUnknownPhone when
	// the handle means nothing to the provider, ErrNoAnswer when the
	// push may be on its way all the same.
	Ask(ctx context.Context, handle string, q Question) (requestID string, err error)
	// Answer looks up what a phone has answered.
	Answer(ctx context.Context, requestID string) (Answer, error)
}

// Codes sends and checks codes. Its errors are those of this package.
type Codes interface {
	// Send sends a code. sent is false when the provider has sent none because the
	// phone has the app. ErrNoAnswer when one may be on its way all the same.
	Send(ctx context.Context, handle string, m Message) (sent bool, err error)
	// Check takes a code: one sent for the purpose, or with purpose "" one
	// from an app. ErrWrongCode, or store.ErrCodeUsed; ErrNoAnswer when the
	// code may be used up all the same.
	Check(ctx context.Context, handle, code, purpose string) error
	// ReplaceSecret makes the provider forget the secret that it keeps for
	// generic authenticator apps, and shows nobody the new one.
	ReplaceSecret(ctx context.Context, handle string) error
}

// Message is what comes with a code.
type Message struct {
	By       store.Method // MethodSMS or MethodCall
	Purpose  string       // what the code is bound to
	Email    string       // of the account, where several have the phone; else ""
	Language string       // as of Question
}

// Browsers are told how things stand. It must not wait for any of them.
type Browsers interface {
	TellState(sessionID string, s State)
	TellTransfers(sessionID string, t Transfers)
	// Reconnect has the pages of a session connect again, which reads how things stand.
	Reconnect(sessionID string)
	// Waits says whether a page of the session waits here, and Waiting of which
	// sessions pages do.
	Waits(sessionID string) bool
	Waiting() []string
}

// Places know where an address is.
type Places interface {
	// Place is the place of an address in words, such as "Bogotá, Colombia"; ""
	// where nobody knows, and for private addresses.
	Place(address string) string
}

// Place is where an address is, in words; "" where nobody knows.
func (f *Flow) Place(address string) string {
	if f.Places == nil {
		return ""
	}
	return f.Places.Place(address)
}

// The errors of a provider, whoever it is. Compare with errors.Is.
var (
	ErrNoDevice    = errors.New("no device can be asked")
	ErrUnavailable = errors.New("the provider cannot be reached")
	ErrRateLimited = errors.New("the provider limits requests")
	ErrRefused     = errors.New("the provider refuses this account") // see Refused
	ErrWrongCode   = store.ErrWrongCode
	// ErrUnknownPhone is an ErrNoDevice: the provider has forgotten the phone.
	ErrUnknownPhone = fmt.Errorf("%w: the provider does not know the phone", ErrNoDevice)
	// ErrNoAnswer is an ErrUnavailable: the provider was asked, and nobody
	// knows whether it has done it.
	ErrNoAnswer = fmt.Errorf("%w: it did not answer", ErrUnavailable)
)

// NotBefore is an error with how long its provider is to be left alone.
type NotBefore struct {
	Wait  time.Duration // 0: it has not said
	Cause error
}

func (e *NotBefore) Error() string { return fmt.Sprintf("%v (again in %v)", e.Cause, e.Wait) }
func (e *NotBefore) Unwrap() error { return e.Cause }

// RetryIn is how long a provider is to be left alone after an error; 0 if it has not said.
func RetryIn(err error) time.Duration {
	var later *NotBefore
	if errors.As(err, &later) {
		return later.Wait
	}
	return 0
}

// ErrForged: a callback that its provider did not sign, or not just now.
var ErrForged = errors.New("the callback is not signed by the provider")

// Two ways to be forged that can be told from a wrong signature.
var (
	ErrUnsigned   = fmt.Errorf("%w: signature headers missing or doubled", ErrForged)
	ErrStaleNonce = fmt.Errorf("%w: its nonce is too far from now", ErrForged)
)

// Refused is ErrRefused with the fields that the provider does not accept.
type Refused struct {
	Email, Country, Number bool
	Cause                  error
}

func (e *Refused) Error() string        { return ErrRefused.Error() + ": " + e.Cause.Error() }
func (e *Refused) Is(target error) bool { return target == ErrRefused }
func (e *Refused) Unwrap() error        { return e.Cause }

// Phone is a phone to be registered.
type Phone struct {
	Email       string
	CountryCode int    // calling code, such as 57
	Number      string // national digits
}

// Question is what a phone is asked.
type Question struct {
	ApprovalID string // ours; comes back with the answer
	Kind       store.Kind
	Email      string         // of the account
	Language   string         // of its owner, BCP 47; "" where nobody has said
	Login      Login          // for store.KindLogin and store.KindConfirm
	Change     string         // for store.KindConfirm: what is to be changed, in words
	Transfer   Money          // for store.KindTransfer
	Notices    []store.Notice // that no phone has shown, newest first
	Shared     bool           // another account has proved the number, and this one has not
	AskedAt    time.Time
	ExpiresAt  time.Time
}

// Login is what a phone shows of a sign-in.
type Login struct {
	Number  string // to compare with the one in the browser
	Browser string // such as "Firefox on Linux"
	Address string
	Place   string // of the address, "" where nobody knows
	Resets  bool   // a recovery code took the place of the password, and a new one is chosen next
}

// Answer is what a provider says about a request.
type Answer struct {
	RequestID  string // the provider's
	ApprovalID string // ours, "" if the answer does not carry it
	Handle     string // of the phone, "" if the answer does not say
	Status     store.ApprovalStatus
	Ping       bool // a test of the callback; there is no request

	// When the provider had the request and when the answer was given, in whole seconds
	// of its clock; zero if it does not say.
	AskedAt, GivenAt time.Time
}

// Config is what the flow needs. Store, Phones, Codes and Browsers are
// required; zero values of the rest mean defaults.
type Config struct {
	Store    *store.Store
	Phones   Phones
	Codes    Codes
	Browsers Browsers
	Peers    Peers    // nil: no other process serves the database
	Counter  Counter  // nil: nothing is counted
	Notifier Notifier // nil: notices are only shown
	Places   Places   // nil: nobody knows where an address is

	Withdrawals Withdrawals // nil: phones are not told that nobody waits any more
	Own         OwnPhones   // nil: there are no phones of one's own
	OwnOnly     bool        // there are no others: a sign-up names no number, and adds a phone

	Site            string           // the host that people know it by: no part of a password
	ApprovalTTL     time.Duration    // 0: 2 minutes
	ProviderTimeout time.Duration    // 0: 5 seconds; bounds all that one step asks of the provider
	Now             func() time.Time // nil: time.Now
	Logger          *slog.Logger     // nil: slog.Default
}

// Flow runs sign-ins. Make one with New. It is safe for concurrent use.
type Flow struct {
	Config
	codeKey []byte // hides used codes in the database
	asked   lately // the provider about a request
	warned  lately // what was logged, so that an outage fills no log
	told    lately // which sessions of the operator's ending
	counted lately // what was counted, so that nothing is counted twice
	lookups lookups
	heeded  atomic.Int64 // the line of the audit trail up to which peers were heeded

	withdrawing chan struct{} // phones that are told just now

	background context.Context // of what no request waits for; ends with Run
	stop       context.CancelFunc
	tasks      sync.WaitGroup
}

// New checks c and reads the key that used codes are hashed with.
func New(ctx context.Context, c Config) (*Flow, error) {
	if c.Store == nil || c.Phones == nil || c.Codes == nil || c.Browsers == nil {
		return nil, errors.New("signin: Store, Phones, Codes and Browsers are required")
	}
	c.ApprovalTTL = cmp.Or(c.ApprovalTTL, 2*time.Minute)
	c.ProviderTimeout = cmp.Or(c.ProviderTimeout, 5*time.Second)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Counter == nil {
		c.Counter = noCounter{}
	}
	c.Logger = cmp.Or(c.Logger, slog.Default())
	key, err := c.Store.Secret(ctx, "csrf") // the name that its first version gave it
	if err != nil {
		return nil, err
	}
	f := &Flow{Config: c, codeKey: key, withdrawing: make(chan struct{}, withdrawAtOnce)}
	f.heeded.Store(-1)
	f.background, f.stop = context.WithCancel(context.WithoutCancel(ctx))
	return f, nil
}

// reserve is what a request keeps of its time for what comes after the
// provider: to store what became of it, and to say so.
const reserve = 2 * time.Second

// askProvider bounds a call to the provider: by its own limit, and by what a
// request that has a deadline can spare.
func (f *Flow) askProvider(ctx context.Context) (context.Context, context.CancelFunc) {
	limit := f.ProviderTimeout
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline)-reserve)
	}
	return context.WithTimeout(ctx, limit)
}
