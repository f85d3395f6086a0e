package store

import (
	"slices"
	"time"
)

// Action is something that limits count.
type Action string

// What is counted. An act that came to nothing, or was right, is taken back
// where it says so.
const (
	ActPassword   Action = "password"   // a password tried; taken back if it was right
	ActSignIn     Action = "sign_in"    // a sign-in begun with the right password
	ActSignUp     Action = "sign_up"    // an account asked for
	ActPush       Action = "push"       // a request to a phone; taken back if it never got there, all are at an approval
	ActTakeOver   Action = "take_over"  // a request in the place of one of another browser
	ActCodeSent   Action = "code_sent"  // a code by SMS or call
	ActCodeTry    Action = "code_try"   // a code tried; all are taken back at a sign-in by code
	ActProof      Action = "proof"      // a password with a code of one's own; taken back if both were right
	ActRecovery   Action = "recovery"   // a recovery code tried
	ActForgot     Action = "forgot"     // a wrong recovery code in the place of a password
	ActAsked      Action = "asked"      // a code that the provider is asked about; all are taken back when it accepts one
	ActCorrection Action = "correction" // a number corrected before it was proved
	ActNewPhone   Action = "new_phone"  // a change of phone begun
	ActPhoneCode  Action = "phone_code" // a code asked for to add a phone of one's own
	ActEnrol      Action = "enrol"      // a wrong one of these
	ActPasskey    Action = "passkey"    // a passkey given to sign in; taken back if it was right
)

// Scope is by what an act is counted.
type Scope string

// The scopes. What a claim says nothing of is not counted.
const (
	PerAccount  Scope = "account"  // also one that does not exist: by its e-mail
	PerPhone    Scope = "phone"    // by the number, whoever's account has it
	PerDevice   Scope = "device"   // a known browser of an account
	PerVisitor  Scope = "visitor"  // a source at an account
	PerSource   Scope = "source"   // an IPv4 address, the /64 of an IPv6 one
	PerSource56 Scope = "source56" // the /56 of an IPv6 address
	PerSource48 Scope = "source48" // the /48 of an IPv6 address
	PerCountry  Scope = "country"  // where a number is from
	PerSite     Scope = "site"

	// perNetwork is an IPv4 address or a /48 at an account: no limit's, it only tells
	// newcomers from others.
	perNetwork Scope = "network"
)

// Who is whom a limit is for. A known browser has signed in to the account
// before.
type Who string

// Strangers share a part of what everybody has, so that a known browser always
// has something left.
const (
	Everybody Who = ""
	Strangers Who = "strangers"
	Known     Who = "known"
)

// Limit is a row of the table: at most N acts in Window. Beyond it, if Pace is
// not 0, one is let through each Pace, so that nobody is shut out by what others
// do: a newcomer, of whom none was counted in Window, or, if none comes, after twice
// as long, another; with Newcomers no other.
type Limit struct {
	Name   string // of the refusal; the key of its sentence is "limit." and this
	Action Action
	Per    Scope
	Who    Who
	N      int
	Window time.Duration
	Pace   time.Duration

	Newcomers bool
}

// Limits are those that count: all of the table, or with OneSource those by account,
// phone, browser, country and site.
func (o Options) Limits() []Limit {
	return slices.DeleteFunc(o.limits(), func(l Limit) bool {
		return o.OneSource && slices.Contains([]Scope{PerSource, PerSource56, PerSource48}, l.Per)
	})
}

// limits is the whole table. Those of one name stand together.
func (o Options) limits() []Limit {
	o = o.withDefaults()
	return []Limit{
		{Name: "password_visitor", Action: ActPassword, Per: PerVisitor, Who: Strangers, N: 5, Window: 15 * time.Minute},
		{Name: "password_account", Action: ActPassword, Per: PerAccount, Who: Strangers, N: 100, Window: 15 * time.Minute, Pace: 10 * time.Second, Newcomers: true},
		{Name: "password_source", Action: ActPassword, Per: PerSource, Who: Strangers, N: 50, Window: 15 * time.Minute, Pace: 3 * time.Second},
		{Name: "password_source", Action: ActPassword, Per: PerSource56, Who: Strangers, N: 100, Window: 15 * time.Minute, Pace: 3 * time.Second},
		{Name: "password_source", Action: ActPassword, Per: PerSource48, Who: Strangers, N: 200, Window: 15 * time.Minute, Pace: 3 * time.Second},
		{Name: "password_device", Action: ActPassword, Per: PerDevice, Who: Known, N: 20, Window: 15 * time.Minute},

		{Name: "passkey_source", Action: ActPasskey, Per: PerSource, Who: Strangers, N: 50, Window: 15 * time.Minute, Pace: 3 * time.Second},
		{Name: "passkey_source", Action: ActPasskey, Per: PerSource56, Who: Strangers, N: 100, Window: 15 * time.Minute, Pace: 3 * time.Second},
		{Name: "passkey_source", Action: ActPasskey, Per: PerSource48, Who: Strangers, N: 200, Window: 15 * time.Minute, Pace: 3 * time.Second},
		{Name: "passkey_device", Action: ActPasskey, Per: PerDevice, Who: Known, N: 20, Window: 15 * time.Minute},

		{Name: "sign_in_account", Action: ActSignIn, Per: PerAccount, Who: Strangers, N: 30, Window: 10 * time.Minute, Pace: 10 * time.Second},
		{Name: "sign_in_device", Action: ActSignIn, Per: PerDevice, Who: Known, N: 30, Window: 10 * time.Minute},
		{Name: "sign_in_source", Action: ActSignIn, Per: PerSource, Who: Strangers, N: 100, Window: 10 * time.Minute, Pace: time.Second},
		{Name: "sign_in_source", Action: ActSignIn, Per: PerSource56, Who: Strangers, N: 200, Window: 10 * time.Minute, Pace: time.Second},
		{Name: "sign_in_source", Action: ActSignIn, Per: PerSource48, Who: Strangers, N: 400, Window: 10 * time.Minute, Pace: time.Second},

		{Name: "sign_up_phone", Action: ActSignUp, Per: PerPhone, N: 5, Window: day},
		{Name: "sign_up_source", Action: ActSignUp, Per: PerSource, N: 20, Window: time.Hour, Pace: 30 * time.Second},
		{Name: "sign_up_source", Action: ActSignUp, Per: PerSource56, N: 40, Window: time.Hour, Pace: 30 * time.Second},
		{Name: "sign_up_source", Action: ActSignUp, Per: PerSource48, N: 80, Window: time.Hour, Pace: 30 * time.Second},
		{Name: "sign_up_site", Action: ActSignUp, Per: PerSite, N: 600, Window: time.Hour, Pace: 5 * time.Second},

		{Name: "push", Action: ActPush, Per: PerPhone, N: 5, Window: 10 * time.Minute},
		{Name: "push", Action: ActPush, Per: PerPhone, N: 10, Window: time.Hour},
		{Name: "push", Action: ActPush, Per: PerPhone, N: 20, Window: day},
		{Name: "push_strangers", Action: ActPush, Per: PerPhone, Who: Strangers, N: 3, Window: 10 * time.Minute},
		{Name: "push_strangers", Action: ActPush, Per: PerPhone, Who: Strangers, N: 7, Window: time.Hour},
		{Name: "push_strangers", Action: ActPush, Per: PerPhone, Who: Strangers, N: 15, Window: day},
		{Name: limitTakeOver, Action: ActTakeOver, Per: PerAccount, N: 3, Window: 10 * time.Minute},

		{Name: "code_sent", Action: ActCodeSent, Per: PerPhone, N: 1, Window: CodePause},
		{Name: "code_sent", Action: ActCodeSent, Per: PerPhone, N: 3, Window: 10 * time.Minute},
		{Name: "code_sent", Action: ActCodeSent, Per: PerPhone, N: 5, Window: day},
		{Name: "code_sent_strangers", Action: ActCodeSent, Per: PerPhone, Who: Strangers, N: 2, Window: 10 * time.Minute},
		{Name: "code_sent_strangers", Action: ActCodeSent, Per: PerPhone, Who: Strangers, N: 3, Window: day},
		{Name: "code_sent_country", Action: ActCodeSent, Per: PerCountry, N: o.CodesPerCountry, Window: day},
		{Name: "code_sent_country", Action: ActCodeSent, Per: PerCountry, Who: Strangers, N: most(o.CodesPerCountry), Window: day},
		{Name: "code_sent_site", Action: ActCodeSent, Per: PerSite, N: o.CodesPerSite, Window: day},
		{Name: "code_sent_site", Action: ActCodeSent, Per: PerSite, Who: Strangers, N: most(o.CodesPerSite), Window: day},

		{Name: "code_try", Action: ActCodeTry, Per: PerAccount, Who: Known, N: 100, Window: day},
		{Name: "code_try_strangers", Action: ActCodeTry, Per: PerAccount, Who: Strangers, N: 100, Window: day, Pace: time.Minute},
		{Name: "code_asked", Action: ActAsked, Per: PerPhone, Who: Strangers, N: 100, Window: day, Pace: time.Minute},
		{Name: "proof_visitor", Action: ActProof, Per: PerVisitor, N: 5, Window: 15 * time.Minute},
		{Name: "proof_source", Action: ActProof, Per: PerSource, N: 50, Window: 15 * time.Minute, Pace: 3 * time.Second},
		{Name: "proof_source", Action: ActProof, Per: PerSource56, N: 100, Window: 15 * time.Minute, Pace: 3 * time.Second},
		{Name: "proof_source", Action: ActProof, Per: PerSource48, N: 200, Window: 15 * time.Minute, Pace: 3 * time.Second},
		{Name: "recovery_visitor", Action: ActRecovery, Per: PerVisitor, Who: Strangers, N: 10, Window: 15 * time.Minute, Pace: 10 * time.Second},
		{Name: "recovery_device", Action: ActRecovery, Per: PerDevice, Who: Known, N: 10, Window: 15 * time.Minute, Pace: 10 * time.Second},
		{Name: "forgot_source", Action: ActForgot, Per: PerSource, N: 50, Window: 15 * time.Minute, Pace: 3 * time.Second},
		{Name: "forgot_source", Action: ActForgot, Per: PerSource56, N: 100, Window: 15 * time.Minute, Pace: 3 * time.Second},
		{Name: "forgot_source", Action: ActForgot, Per: PerSource48, N: 200, Window: 15 * time.Minute, Pace: 3 * time.Second},
		{Name: "forgot_account", Action: ActForgot, Per: PerAccount, N: 100, Window: 15 * time.Minute, Pace: 10 * time.Second},
		{Name: "correction", Action: ActCorrection, Per: PerAccount, N: 3, Window: day},
		{Name: "new_phone", Action: ActNewPhone, Per: PerAccount, N: 3, Window: day},
		{Name: LimitPhoneCode, Action: ActPhoneCode, Per: PerAccount, N: 10, Window: time.Hour},
		{Name: "enrol_source", Action: ActEnrol, Per: PerSource, N: 5, Window: 10 * time.Minute, Pace: 10 * time.Second},
		{Name: "enrol_source", Action: ActEnrol, Per: PerSource56, N: 20, Window: 10 * time.Minute, Pace: 5 * time.Second},
		{Name: "enrol_source", Action: ActEnrol, Per: PerSource48, N: 80, Window: 10 * time.Minute, Pace: 3 * time.Second},
	}
}

// most is the part of a budget that strangers may use up: four fifths.
func most(n int) int { return max(1, n*4/5) }
