package views

import "html/template"

// The account page and what belongs to it.

// Protected is the page of a signed-in session.
type Protected struct {
	Layout
	Open        string // the section that comes unfolded: password, close or none
	Fresh       bool   // whether it may be changed without a new tap or code
	Account     Account
	SignIn      SignIn
	Sessions    []Session
	Password    PasswordForm
	Recent      []Event
	Told        []Told // notices, newest first
	ToldMore    int    // further ones
	ToldUpTo    int64  // the newest that "got it" is for, 0 for none
	Pause       Pause
	Browsers    []KnownBrowser // the last used first
	Apps        []App
	AppsLost    bool   // one may have been added to an earlier version, and counts no more
	AppsProblem string // why none could be added
	Recovery    RecoveryCodes
	Phone       PhoneFactor
	Own         Own

	Transfers          []Transfer
	TransferForm       TransferForm
	Currencies         []string
	TransfersEventsURL string
	TransfersURL       string
}

// KnownBrowser is a browser that has signed in before.
type KnownBrowser struct {
	ID              int64
	Name, IP        string // the address of its first sign-in
	Since, LastUsed Time
	This            bool // whether it is the one that shows the page
}

// Change is the page that confirms a change of the account, or leads on to it
// once it is confirmed.
type Change struct {
	Layout
	What    string // the change, in words
	Path    string // where its form goes, "" without one
	Fields  []HiddenField
	Status  string // fresh, ask or code, else that of the request to the phone
	Reason  string // of the request
	RetryAt Time   // as of Approval

	RequestID   string // what another request replaces
	Asked       Asked
	MaskedPhone string
	CodeOnly    bool // the phone is not asked

	SentBy          string // sms or call, "" when no code was sent
	TriesLeft       int
	NextSendSeconds int // 0: a code can be sent now
	NotSent         NotSent
	Sends           Sends

	SelfURL, CodeURL string
}

// Asked is what a phone shows of a request, to be compared, and how long it can
// answer. The zero value where nothing is asked.
type Asked struct {
	Typed                             bool   // the phone does not show the number: it is typed there
	Number, Email, Browser, IP, Place string // the place is "" where nobody knows
	ExpiresAt, ServerNow              string // RFC 3339
	TTLSeconds, SecondsLeft           int
}

// HiddenField is what a form sends besides what is typed.
type HiddenField struct{ Name, Value string }

// Account is what is kept about the user.
type Account struct {
	Name, Email, PhoneNumber, AuthyID string
}

// SignIn says how and when this session was let in.
type SignIn struct {
	MethodText string
	At         Time
	LatencyMS  int64 // from the tap to the browser; -1 where nobody tapped, or it waited for a press
	Browser    string
	IP         string
	Place      string // "" where nobody knows
}

// Session is a browser in which the person is signed in.
type Session struct {
	ID          string
	This        bool // the browser that the page is for
	Browser     string
	Place       string // "" where it is not known
	IP          string
	MethodText  string
	Begun, Used Time
}

// PasswordForm is the form of another password.
type PasswordForm struct {
	Stay bool // whether other browsers stay signed in
}

// Event is one line of what happened to an account.
type Event struct {
	Text    string
	At      Time
	From    string // the address, "" where nobody acted
	Refused bool
	Times   int // how often in a minute
}

// History is the page of all that happened to an account.
type History struct {
	Layout
	Lines  []Event
	Older  int64 // what the next page begins before; 0 without one
	Newest bool  // whether this is the first page
}

// NotMe is the page after "this was not me": what to do about it.
type NotMe struct {
	Layout
	Account  Account
	Pause    Pause
	Password PasswordForm
	Fresh    bool   // whether the password can be changed at once
	Disputed string // the id of the notice, "" without one
	Added    []Added

	ConfirmURL string // of the page that makes it fresh
}

// Added is what signs in and was added lately, and whether it goes in the same step.
type Added struct {
	Kind  string // codes, app or phone
	Value string // sent if it is checked
	Name  string // of an app, or the number of a phone
	At    Time
	Keep  bool
}

// Told is a notice to the owner of the account.
type Told struct {
	ID                 int64
	Kind, Text         string
	At                 Time
	Browser, IP, Place string // where it was done from; "" where nobody knows
	Asks               bool   // was this you?
	Answers, Disputes  bool   // this session may say yes; no
}

// Pause is until when the phone is not asked; the zero value is none.
type Pause struct {
	Until     Time
	Transfers bool // whether it is of transfers alone
	CanEnd    bool // by this browser, now
	ByCode    bool // by this browser, once it has given a code
}

// Time is a moment: RFC 3339, and in UTC as people read it. A script shows it
// in the reader's own zone, or says beside a time to be compared when that was there.
type Time struct{ Machine, Text string }

// PhoneFactor is the phone of the account.
type PhoneFactor struct {
	Number              string
	Added, Proved       Time   // Proved is zero before
	Changing, MaskedNew string // the step of a change, "" without one, and its number
	Ready               Time   // when it takes effect, zero until it is known
}

// Phone is the page of another phone for the account.
type Phone struct {
	Layout
	Step                   string // old, new, ask, ready; "" without a change
	Mine                   bool   // this session has begun it
	MaskedPhone, MaskedNew string
	Asked                  Asked  // without Email unless this session has asked
	OldStatus, OldReason   string // of the request to the old phone
	RetryAt                Time   // as of Approval
	Request                string // the question to the new phone that "ask again" replaces
	Ready                  Time
	PhoneNumber            string // as typed
	Countries              []Country
}

// Anew says whether the page has the form that begins a change.
func (p Phone) Anew() bool {
	return p.Step == "" || p.Step == "old" && p.OldStatus != "pending" && p.OldStatus != "approved"
}

// App is an authenticator app of the account.
type App struct {
	ID, Name    string
	Added, Used Time // Used is zero before its first use
}

// RecoveryCodes is how many recovery codes there are.
type RecoveryCodes struct {
	Offer      bool // none were ever made or declined
	Left, Of   int  // of 0: there are none
	Made, Used Time // zero where that has not happened
}

// Authenticator is the page that adds an authenticator app: with its secret where it
// may be seen.
type Authenticator struct {
	Layout
	ID     string
	Name   string // as typed
	QR     QR     // zero without the secret
	Secret string // base32 in groups, "" where it may not be seen
	URI    template.URL
}

// QR is a QR code: a path in a square of Size units.
type QR struct {
	Size int
	Path string
}

// Own are the phones of one's own of the account.
type Own struct {
	Possible bool // whether one may be added
	Nowhere  bool // browsers make no keys for them at this site's address
	Phones   []OwnPhone
	Number   string // of the phone that can be asked beside them, "" without one
	Beside   bool   // whether it is
	Receipts []Receipt
}

// OwnPhone is a phone of one's own.
type OwnPhone struct {
	ID, Name    string
	Added, Used Time   // Used is zero before its first use
	Synced      bool   // its passkey may leave the phone
	Pushes      string // "closed" where none wakes it, "refused" where its push service takes none; else ""
}

// Receipt is what such a phone has signed.
type Receipt struct {
	ID, Phone, Kind string
	At              Time
}

// OwnPhones is the page that adds one: the code for it, shown once, or those that wait
// to be confirmed.
type OwnPhones struct {
	Layout
	Path    string // of the page
	First   bool   // in a sign-up, whose first phone it is
	Code    string // in groups, "" where none is shown
	QR      QR
	Address string // that is opened on the phone
	Here    bool   // only this computer opens it
	Waiting []OwnPhone
}

// PhoneOffline stands in for OwnPhonePage without a network.
type PhoneOffline struct{ Layout }

// OwnPhonePage is the page that is a phone of one's own.
type OwnPhonePage struct{ Layout }
