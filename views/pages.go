package views

import "html/template"

// Layout is what every page shows around its own content.
type Layout struct {
	Page      string // the name of the template
	Lang      string // of its words, a tag of those given to Parse
	Dir       string // of their script: ltr or rtl
	Here      string // where the switch of languages leads back to; "" for a page without one
	Languages []Choice
	Title     string
	CSRF      string // the form token
	Level     int    // 0 anonymous, 1 password passed, 2 signed in
	PhonesURL string // of the simulated phones, "" when phones are real
	PhoneURL  string // of the request on its simulated phone, "" where there is none
	StageURL  string // of a demonstration, "" elsewhere
	Framed    bool   // whether the stage of one holds the page
	UserEmail string // "" when anonymous
	Reset     bool   // whether the sign-in began with a recovery code, for a forgotten password
	Notice    *Notice
	Errors    FieldErrors // of the page's form
	Refused   bool        // whether another form of the page has errors
}

func (l Layout) language() string { return l.Lang }

// Choice is a language that the page can be shown in.
type Choice struct{ Tag, Name string }

// Notice is one line above a page.
type Notice struct {
	Kind string // info, success, warning or error
	Text string
}

// FieldErrors are sentences by the names of their fields; the one at "form"
// is about the form as a whole.
type FieldErrors map[string]string

// Several says whether more than one field is wrong.
func (e FieldErrors) Several() bool {
	_, form := e["form"]
	return len(e) > 2 || len(e) == 2 && !form
}

// fieldOrder is how the fields of the forms follow one another.
var fieldOrder = []string{
	"token", "name", "email", "current", "password", "close_password", "country_code", "phone_number", "recovery",
	"payee", "amount", "currency",
}

// First is the field that gets the focus: the first one with an error, "" without.
func (e FieldErrors) First() string {
	for _, field := range fieldOrder {
		if e[field] != "" {
			return field
		}
	}
	return ""
}

// Home is the front page.
type Home struct{ Layout }

// Login is the form of the first step.
type Login struct {
	Layout
	Email     string // as typed
	AsksProof bool   // whether a code may be given along

	DemoPeople []DemoPerson // of a demonstration alone
	Password   string       // of the one of them who was chosen
}

// DemoPerson is somebody whom a link fills in.
type DemoPerson struct{ Name, Way, URL string }

// Signup is the form of a new account, as typed.
type Signup struct {
	Layout
	Name        string
	Email       string
	PhoneNumber string
	Countries   []Country
}

// Number is the form that corrects a mistyped number.
type Number struct {
	Layout
	MaskedPhone string // the one that was asked
	PhoneNumber string // as typed
	Countries   []Country
}

// Country is one line of the list of calling codes.
type Country struct {
	Region   string // ISO 3166, "CO"
	Name     string // "Colombia"
	Code     int    // 57
	Selected bool
	Value    string // what the form sends: the code of its main country, else the region
}

// Approval is the waiting page: a request to the phone and its state.
type Approval struct {
	Layout
	Asked
	RequestID      string // what "send it again" replaces
	Status, Reason string // as the store keeps them
	MaskedPhone    string

	EventsURL, StreamURL, StatusURL string
	DoneURL                         string // for a browser that is signed in
	CodesOffered                    bool   // whether a code may still finish this sign-in
	PhoneOnly                       bool   // whether only the phone itself may, for a new password
	Sends                           Sends
	PhoneUnproved                   bool // whether the number may be a mistyped one

	// Plain counts the pages without scripts in a row, which load themselves
	// again where the scripts of the page do not run; 0 is the page with scripts.
	Plain int
}

// Ask offers to ask the phone, where no request was made yet.
type Ask struct {
	Layout
	MaskedPhone   string
	PhoneUnproved bool
}

// NextPlain is Plain for the page that follows.
func (a Approval) NextPlain() int { return min(a.Plain+1, MaxPlain) }

// MaxPlain is where the count of pages without scripts stays.
const MaxPlain = 9

// Token is the form for a code.
type Token struct {
	Layout
	MaskedPhone     string
	NoApp           bool   // no app on the phone, so there is nothing to tap
	SentBy          string // sms or call, "" when no code was sent
	TriesLeft       int
	NextSendSeconds int // 0: a code can be sent now
	PhoneUnproved   bool
	Sends           Sends
	DoneURL         string // as of Approval, and the next
	PhoneOnly       bool
}

// Sends says by which ways a code can be sent to a number.
type Sends struct{ SMS, Call bool }

// Any says whether there is one.
func (s Sends) Any() bool { return s.SMS || s.Call }

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
	What   string // the change, in words
	Path   string // where its form goes, "" without one
	Fields []HiddenField
	Status string // fresh, ask or code, else that of the request to the phone
	Reason string // of the request

	RequestID   string // what another request replaces
	Asked       Asked
	MaskedPhone string
	CodeOnly    bool // the phone is not asked

	SentBy          string // sms or call, "" when no code was sent
	TriesLeft       int
	NextSendSeconds int // 0: a code can be sent now
	Sends           Sends

	SelfURL, CodeURL string
}

// Asked is what a phone shows of a request, to be compared, and how long it can
// answer. The zero value where nothing is asked.
type Asked struct {
	Number, Email, Browser, IP, Place string // the place is "" where nobody knows
	At                                Time
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
	LatencyMS  int64 // from the tap to the browser; -1 where nobody tapped
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
	Until  Time
	CanEnd bool // by this browser, now
	ByCode bool // by this browser, once it has given a code
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
	Ready                  Time
	PhoneNumber            string // as typed
	Countries              []Country
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

// Authenticator is the page that adds an authenticator app: with its secret, or
// after a wrong code without it.
type Authenticator struct {
	Layout
	ID     string
	Name   string // as typed
	QR     QR     // zero once it was shown
	Secret string // base32 in groups, "" once it was shown
	URI    template.URL
}

// QR is a QR code: a path in a square of Size units.
type QR struct {
	Size int
	Path string
}

// Forgot is the form of who has forgotten the password.
type Forgot struct {
	Layout
	Email string // as typed
}

// NewPassword is the form of a password in the place of a forgotten one.
type NewPassword struct{ Layout }

// Recovery is the page that shows recovery codes, once.
type Recovery struct {
	Layout
	Codes   []string
	Made    Time
	NextURL string // once they are saved
}

// Transfer is one line of the ledger.
type Transfer struct {
	ID         string
	Mine       bool // asked for in this session, which alone may carry it out
	Status     string
	Reason     string // "unconfirmed" while nobody knows whether the phone was asked
	Payee      string
	Amount     string // as the execute form sends it back
	Currency   string
	AmountText string
	At         Time
}

// TransferForm is the form of a new transfer, as typed.
type TransferForm struct {
	Payee, Amount, Currency string
	Errors                  FieldErrors
}

// Error is the page of an error.
type Error struct {
	Layout
	Status    int
	Heading   string
	Text      string
	Action    Link
	RequestID string
}

// Link leads on from an error; without Href there is none.
type Link struct{ Href, Text string }
