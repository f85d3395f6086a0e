package store

// The words of the tables, as typed constants. What is stored is the text of
// the constant; what a person reads of it is looked up by that text, as in
// "event.signed_in".

// Kind is what an approval is for. One kind is never used for another.
type Kind string

// The things one can approve.
const (
	KindLogin    Kind = "login"
	KindTransfer Kind = "transfer"
	KindConfirm  Kind = "confirm" // that it is the person who changes the account
)

// ApprovalStatus is where a request stands. Only a pending one ever changes.
type ApprovalStatus string

// An approved request is used once, see Approval.ConsumedAt.
const (
	Pending   ApprovalStatus = "pending"
	Approved  ApprovalStatus = "approved"
	Denied    ApprovalStatus = "denied"
	Expired   ApprovalStatus = "expired"
	Cancelled ApprovalStatus = "cancelled"
)

// Reason is why a request was cancelled or a session ended, or what is to be
// known of a pending one; "" for none.
type Reason string

// Reasons of a cancelled request.
const (
	ReasonByUser      Reason = "by_user"      // cancelled on the page that waits
	ReasonNoDevice    Reason = "no_device"    // no phone with the app
	ReasonUnavailable Reason = "unavailable"  // the provider could not be reached
	ReasonRateLimited Reason = "rate_limited" // the provider limits requests
	ReasonPushPaused  Reason = "push_paused"  // too many requests without an approval
	ReasonUnderWay    Reason = "under_way"    // a sign-in in another browser has the phone
	ReasonSuperseded  Reason = "superseded"   // a newer request of the same user
	ReasonOtherMethod Reason = "other_method" // signed in by a code
	ReasonWrongNumber Reason = "wrong_number" // typed on a phone of one's own, too often
	ReasonPhoneGone   Reason = "phone_gone"   // the phone was removed, or another took its place
	ReasonChanged     Reason = "changed"      // a transfer that is not what the phone has shown
	ReasonSignedOut   Reason = "signed_out"   // also of a session
)

// ReasonUnconfirmed is of a pending request: nobody knows whether the provider
// has passed it on.
const ReasonUnconfirmed Reason = "unconfirmed"

// Reasons of an ended session.
const (
	ReasonReplaced        Reason = "replaced"  // another sign-in began in the same browser
	ReasonSignedIn        Reason = "signed_in" // its sign-in is complete and goes on in a new session
	ReasonCancelled       Reason = "cancelled"
	ReasonTooManyCodes    Reason = "too_many_codes"
	ReasonAccountClosed   Reason = "account_closed"
	ReasonEmailTaken      Reason = "email_taken"    // of a sign-up, once its phone was proved
	ReasonEndedByOwner    Reason = "ended_by_owner" // from another browser
	ReasonEndedByOperator Reason = "ended_by_operator"
	ReasonExpired         Reason = "expired"  // older than SessionMax
	ReasonIdle            Reason = "idle"     // unused for SessionIdle
	ReasonNotKept         Reason = "not_kept" // its cookie could not be stored
	ReasonRekeyed         Reason = "rekeyed"  // it goes on under another id
)

// Method is how the second step was passed.
type Method string

// The methods; "" while the second step is open.
const (
	MethodPush     Method = "push"
	MethodApp      Method = "app"      // a code from an authenticator app
	MethodSMS      Method = "sms"      // a code by SMS
	MethodCall     Method = "call"     // a code by voice
	MethodRecovery Method = "recovery" // a recovery code
	MethodPasskey  Method = "passkey"  // the passkey of a phone of one's own, in the place of both steps
)

// Via is how an answer from the phone reached us.
type Via string

// The provider calls back, or is asked; a phone of one's own answers itself.
const (
	ViaCallback Via = "callback"
	ViaProvider Via = "provider"
	ViaOwnPhone Via = "own_phone"
)

// CodeState is what became of the last code of an attempt.
type CodeState string

// The states of a code; "" before any.
const (
	CodeSent    CodeState = "sent"
	CodeIgnored CodeState = "ignored" // the provider sent none, since the phone has the app
	CodeFailed  CodeState = "failed"  // the provider has sent none

	// CodeUnconfirmed: nobody knows whether the provider has sent it.
	CodeUnconfirmed CodeState = "unconfirmed"
)

// TransferStatus is where a transfer stands.
type TransferStatus string

// A transfer's status follows from its request, and from whether it was
// carried out or refused.
const (
	TransferAwaiting  TransferStatus = "awaiting"
	TransferApproved  TransferStatus = "approved"
	TransferExecuted  TransferStatus = "executed"
	TransferDenied    TransferStatus = "denied"
	TransferExpired   TransferStatus = "expired"
	TransferCancelled TransferStatus = "cancelled"
	TransferRefused   TransferStatus = "refused"   // what was sent is not what the phone has shown
	TransferWithdrawn TransferStatus = "withdrawn" // by its session, or with its end, before the phone answered
)

// EventKind names a line of the audit trail.
type EventKind string

// The lines of the audit trail. Each is written in the transaction of the
// change it tells of.
const (
	EventUserCreated       EventKind = "user_created"
	EventSignUpEnded       EventKind = "sign_up_ended" // without an account; detail: the Reason
	EventSignUpTaken       EventKind = "sign_up_taken" // somebody signed up with the e-mail of this account
	EventSessionStarted    EventKind = "session_started"
	EventSessionEnded      EventKind = "session_ended"  // detail: the Reason
	EventApprovalBegun     EventKind = "approval_begun" // detail: the Kind
	EventApprovalApproved  EventKind = "approval_approved"
	EventApprovalDenied    EventKind = "approval_denied"
	EventApprovalExpired   EventKind = "approval_expired"
	EventApprovalCancelled EventKind = "approval_cancelled" // detail: the Reason
	EventSignedIn          EventKind = "signed_in"          // detail: the Method
	EventCodeSent          EventKind = "code_sent"          // detail: the Method
	EventChangeConfirmed   EventKind = "change_confirmed"   // detail: the Method
	EventTransferExecuted  EventKind = "transfer_executed"
	EventTransferRefused   EventKind = "transfer_refused"
	EventPasswordChanged   EventKind = "password_changed"
	EventPhoneCorrected    EventKind = "phone_corrected" // before it was proved
	EventDeviceRemoved     EventKind = "device_removed"  // a known browser
	EventDevicesRemoved    EventKind = "devices_removed" // all of them
	EventAccountClosed     EventKind = "account_closed"
	EventNoticeRead        EventKind = "notice_read"      // detail: the NoticeKind
	EventPushesPaused      EventKind = "pushes_paused"    // detail: the PauseReason
	EventTransfersPaused   EventKind = "transfers_paused" // as of EventPushesPaused
	EventPauseEnded        EventKind = "pause_ended"

	EventAuthenticatorAdded   EventKind = "authenticator_added"
	EventAuthenticatorRemoved EventKind = "authenticator_removed"
	EventRecoveryCodesMade    EventKind = "recovery_codes_made"
	EventRecoveryCodesRemoved EventKind = "recovery_codes_removed"
	EventPhoneChangeBegun     EventKind = "phone_change_begun"
	EventPhoneProved          EventKind = "phone_proved" // the new one of a change
	EventPhoneChangeDenied    EventKind = "phone_change_denied"
	EventPhoneChangeStopped   EventKind = "phone_change_stopped"
	EventPhoneChanged         EventKind = "phone_changed"
	EventRecoveryCodeUsed     EventKind = "recovery_code_used"
	EventOwnPhoneAdded        EventKind = "own_phone_added"
	EventOwnPhoneRemoved      EventKind = "own_phone_removed"
	EventBesideOn             EventKind = "beside_on" // the phone with the number is asked beside
	EventBesideOff            EventKind = "beside_off"

	EventFactorsReset EventKind = "factors_reset" // by the operator

	EventPasswordRefused EventKind = "password_refused" // detail: proof if a code of one's own came along
	EventCodeRefused     EventKind = "code_refused"     // detail: wrong, used, recovery for a wrong recovery code, or proof for one that came along with the right password
	EventNumberRefused   EventKind = "number_refused"   // typed on a phone of one's own
	EventPasskeyRefused  EventKind = "passkey_refused"  // to sign in by; of nobody where no phone has it
	EventLimited         EventKind = "limited"          // detail: the Limit
)

// What is refused before anybody is known. It is counted, see Store.Refuse.
const (
	EventEmailUnknown EventKind = "email_unknown"
	EventForeignForm  EventKind = "foreign_form"    // from a page of another site
	EventStaleForm    EventKind = "stale_form"      // without the token of its page
	EventForged       EventKind = "callback_forged" // not signed by the provider
	EventMalformed    EventKind = "malformed"       // detail: the status
)

// decisionEvents names the line for each end of a request.
var decisionEvents = map[ApprovalStatus]EventKind{
	Approved:  EventApprovalApproved,
	Denied:    EventApprovalDenied,
	Expired:   EventApprovalExpired,
	Cancelled: EventApprovalCancelled,
}

// NoticeKind names what the owner of an account is told.
type NoticeKind string

// The notices. Each is written in the transaction of what it tells of.
const (
	NoticeNewBrowser         NoticeKind = "new_browser"        // signed in from a browser never used before
	NoticeNewNetwork         NoticeKind = "new_network"        // signed in from another network than before
	NoticeDenied             NoticeKind = "denied"             // on the phone; detail: the Kind
	NoticePaused             NoticeKind = "paused"             // the phone is not asked; detail: until when
	NoticeTransfersPaused    NoticeKind = "transfers_paused"   // the phone is not asked about them; detail: until when
	NoticeFactorAdded        NoticeKind = "factor_added"       // detail: its name
	NoticeFactorRemoved      NoticeKind = "factor_removed"     // detail: its name
	NoticeBrowserRemoved     NoticeKind = "browser_removed"    // a known one; detail: its name
	NoticeBrowsersRemoved    NoticeKind = "browsers_removed"   // all that were known
	NoticePhoneChangeBegun   NoticeKind = "phone_change_begun" // detail: when it takes effect
	NoticePhoneChangeStopped NoticeKind = "phone_change_stopped"
	NoticePhoneChanged       NoticeKind = "phone_changed"
	NoticeCodesMade          NoticeKind = "codes_made"    // recovery codes
	NoticeCodesRemoved       NoticeKind = "codes_removed" // recovery codes
	NoticeCodeUsed           NoticeKind = "code_used"     // a recovery code
	NoticePasswordChanged    NoticeKind = "password_changed"
	NoticeSignedOut          NoticeKind = "signed_out"     // other sessions, from a browser
	NoticeEmailTaken         NoticeKind = "email_taken"    // somebody tried to sign up with it
	NoticeFactorsReset       NoticeKind = "factors_reset"  // by the operator
	NoticeSessionsEnded      NoticeKind = "sessions_ended" // by the operator
)

// Asks says whether a notice asks its reader: was this you?
func (k NoticeKind) Asks() bool {
	switch k {
	case NoticePaused, NoticeTransfersPaused, NoticeEmailTaken, NoticeFactorsReset, NoticeSessionsEnded:
		return false
	}
	return true
}

// NoticeAnswer is what its reader has answered to a notice that asks.
type NoticeAnswer string

// The answers; "" while there is none.
const (
	AnswerMe    NoticeAnswer = "me"
	AnswerNotMe NoticeAnswer = "not_me"
)

// PauseReason is why a phone is left in peace.
type PauseReason string

// The reasons of a pause.
const (
	PauseDenied PauseReason = "denied" // twice without an approval in between
	PauseNotMe  PauseReason = "not_me" // its owner has said so
)

// Outcome is what became of what a line of the audit trail tells of.
type Outcome string

// The outcomes.
const (
	Done    Outcome = "done"
	Refused Outcome = "refused"
)

// refusing are the lines that tell of something that did not happen.
var refusing = map[EventKind]bool{
	EventApprovalDenied:  true,
	EventTransferRefused: true,
	EventSignUpTaken:     true,
	EventSignUpEnded:     true,
	EventPasswordRefused: true,
	EventCodeRefused:     true,
	EventNumberRefused:   true,
	EventPasskeyRefused:  true,
	EventLimited:         true,
	EventEmailUnknown:    true,
	EventForeignForm:     true,
	EventStaleForm:       true,
	EventForged:          true,
	EventMalformed:       true,
}

// Outcome follows from the kind.
func (k EventKind) Outcome() Outcome {
	if refusing[k] {
		return Refused
	}
	return Done
}
