package views

// Layout is what every page shows around its own content.
type Layout struct {
	Page      string // the name of the template
	Lang      string // of its words, a tag of those given to Parse
	Dir       string // of their script: ltr or rtl
	Here      string // where the switch of languages leads back to; "" for a page without one
	HereForm  string // the form whose fields it takes along, "" where there is none
	Posted    bool   // whether the page answers a form that was sent
	Languages []Choice
	Title     string
	CSRF      string // the form token
	Level     int    // 0 anonymous, 1 password passed, 2 signed in
	PhonesURL string // of the simulated phones, "" when phones are real
	OwnOnly   bool   // whether there are no phones but people's own
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
	Challenge string // that a passkey signs; "" where there are none

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
	RetryAt        Time   // when a provider that has not taken it may be asked again; zero where that is past or not known
	MaskedPhone    string

	EventsURL, StreamURL, StatusURL string
	DoneURL                         string // for a browser that is signed in
	CodesOffered                    bool   // whether a code may still finish this sign-in
	PhoneOnly                       bool   // whether only the phone itself may, for a new password
	NoApp                           bool   // whether there is no app that shows a code
	Sends                           Sends
	PhoneUnproved                   bool // whether the number may be a mistyped one
	AddsPhone                       bool // whether another phone may be added, in a sign-up

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
	NotSent         NotSent
	PhoneUnproved   bool
	NoPhone         bool // nobody can be asked
	Sends           Sends
	DoneURL         string // as of Approval, and the next
	PhoneOnly       bool
}

// NotSent says why a code was not sent that was asked for; the zero value is none.
type NotSent struct {
	By      string // sms or call: the button that was pressed
	Text    string
	Seconds int // until the next can be sent, where that is known
}

// Sends says by which ways a code can be sent to a number.
type Sends struct{ SMS, Call bool }

// Any says whether there is one.
func (s Sends) Any() bool { return s.SMS || s.Call }

// Forgot is the form of who has forgotten the password.
type Forgot struct {
	Layout
	Email string // as typed
}

// NewPassword is the form of a password in the place of a forgotten one.
type NewPassword struct{ Layout }

// Recovery is the page that shows recovery codes, until they are saved.
type Recovery struct {
	Layout
	Codes []string
	Made  Time
	Then  string // a word of its address, which says where it leads on
}

// Transfer is one line of the ledger.
type Transfer struct {
	ID         string
	Mine       bool // asked for in this session, which alone may carry it out
	Status     string
	Reason     string // "unconfirmed" while nobody knows whether the phone was asked
	Number     string // to type on the phone, "" where the phone shows it
	Payee      string
	Amount     string // as the execute form sends it back
	Currency   string
	AmountText string
	At         Time
	RetryAt    Time // as of Approval
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
