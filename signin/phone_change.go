package signin

import (
	"context"
	"errors"
	"time"

	"nod/store"
)

// Another phone: the old one allows it, or a recovery code and a day; then the new
// one proves itself by a tap. Only then does it take the place of the old one.

// What can be wrong with a change of phone.
const (
	FieldRecovery Field = "recovery"

	RecoveryMalformed Problem = "recovery.malformed"
	RecoveryWrong     Problem = "recovery.wrong"
	RecoveryNeeded    Problem = "recovery.needed"
	PhoneNotAsked     Problem = "phone.not_asked"
	PhoneWithoutApp   Problem = "phone.without_app"
)

// ChangeStep is what a change of phone waits for.
type ChangeStep string

// The steps, in their order.
const (
	StepNone  ChangeStep = ""      // there is no change
	StepOld   ChangeStep = "old"   // the old phone, to allow it
	StepNew   ChangeStep = "new"   // the new phone, to prove itself
	StepAsk   ChangeStep = "ask"   // the new phone has to be asked again
	StepReady ChangeStep = "ready" // the time when it takes effect
)

// PhoneChange is the change of phone of an account, for its page.
type PhoneChange struct {
	store.PhoneChange
	Step ChangeStep
	Old  store.Approval // of StepOld: what the old phone was asked
	Mine bool           // this session has begun it

	AskedAt, AskedUntil time.Time // of StepOld and StepNew
}

// PhoneChange says how the change of the visitor's phone stands, after the provider
// was asked about what is pending.
func (f *Flow) PhoneChange(ctx context.Context, v Visitor) (PhoneChange, error) {
	p, err := f.Store.PhoneChange(ctx, v.User.ID)
	if errors.Is(err, store.ErrNotFound) {
		return PhoneChange{}, nil
	}
	if err != nil {
		return PhoneChange{}, err
	}
	if p, err = f.lookUpNewPhone(ctx, p); err != nil || p.ID == "" {
		return PhoneChange{}, err
	}
	change := PhoneChange{PhoneChange: p, Mine: p.SessionID == v.Session.ID}
	switch asked := p.ExpiresAt.After(f.Now()) && p.RequestID != ""; {
	case p.AllowedAt.IsZero():
		change.Step = StepOld
		if change.Old, err = f.ChangeRequest(ctx, p.SessionID); errors.Is(err, store.ErrNotFound) {
			err = nil
		}
		change.AskedAt, change.AskedUntil = change.Old.CreatedAt, change.Old.ExpiresAt
	case !p.ProvedAt.IsZero():
		change.Step = StepReady
	case asked:
		change.Step = StepNew
		change.AskedAt, change.AskedUntil = p.ExpiresAt.Add(-f.ApprovalTTL), p.ExpiresAt
	default:
		change.Step = StepAsk
	}
	return change, err
}

// PhoneChangeOutcome is how the last change of the visitor's phone ended, in the word of
// the store.
func (f *Flow) PhoneChangeOutcome(ctx context.Context, v Visitor) (string, error) {
	return f.Store.PhoneChangeOutcome(ctx, v.User.ID)
}

// lookUpNewPhone asks the provider what the new phone has answered: its callback may
// have been lost. The zero value once the change is over.
func (f *Flow) lookUpNewPhone(ctx context.Context, p store.PhoneChange) (store.PhoneChange, error) {
	if p.RequestID == "" || !p.ProvedAt.IsZero() || !f.asked.due(p.RequestID, f.Now(), lookUpEvery) {
		return p, nil
	}
	known, err := f.answerOf(ctx, p.RequestID)
	if err != nil {
		return p, nil //nolint:nilerr // asked again with the next look
	}
	known.ApprovalID = p.ID
	if _, err := f.newPhoneAnswered(ctx, known); err != nil && !errors.Is(err, store.ErrNotFound) {
		return p, err
	}
	p, err = f.Store.PhoneChange(ctx, p.UserID)
	if errors.Is(err, store.ErrNotFound) {
		return store.PhoneChange{}, nil
	}
	return p, err
}

// lookUpEvery is how often one page that waits has the provider asked.
const lookUpEvery = 2 * time.Second

func (f *Flow) answerOf(ctx context.Context, requestID string) (Answer, error) {
	ctx, cancel := f.askProvider(ctx)
	defer cancel()
	return f.Phones.Answer(ctx, requestID)
}

// ChangePhone begins the change to another number. Without a recovery code the old
// phone is asked, which shows the words for the new number; with one the new phone
// is, and the change takes effect a day later. Problems; *store.RateError,
// store.ErrNotFresh.
func (f *Flow) ChangePhone(ctx context.Context, v Visitor, typed TypedPhone, recovery string, words func(number string) string, c store.Client) error {
	problems := Problems{}
	number := typed.parse(problems)
	if number.e164 != "" && number.e164 == v.User.PhoneNumber {
		problems.note(FieldPhone, PhoneSame)
	}
	code := ""
	if recovery != "" {
		var ok bool
		if code, ok = RecoveryCode(recovery); !ok {
			problems.note(FieldRecovery, RecoveryMalformed)
		}
	}
	if recovery == "" {
		old, err := f.ChangeRequest(ctx, v.Session.ID)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if old.Status == store.Denied {
			problems.note(FieldRecovery, RecoveryNeeded)
		}
	}
	if len(problems) > 0 {
		return problems
	}
	p, err := f.Store.BeginPhoneChange(ctx, v.Session.ID, store.NewPhone{PhoneNumber: number.e164, CountryCode: number.countryCode}, code, f.ApprovalTTL, c)
	switch {
	case errors.Is(err, store.ErrReplaced):
		return nil
	case errors.Is(err, store.ErrWrongCode):
		return Problems{FieldRecovery: RecoveryWrong}
	case err != nil:
		return err
	case code != "":
		return f.AskNewPhone(ctx, v, words(p.PhoneNumber), "")
	}
	_, err = f.AskChange(ctx, v, p.Subject(), words(p.PhoneNumber), "")
	return err
}

// AllowPhoneChange uses the old phone's yes and asks the new phone. *NotApproved;
// Problems when it cannot be asked; store.ErrNotFound.
func (f *Flow) AllowPhoneChange(ctx context.Context, v Visitor, words string) error {
	_, err := f.Store.AllowPhoneChange(ctx, v.Session.ID)
	if errors.Is(err, store.ErrNotApproved) {
		a, aerr := f.Store.LatestApproval(ctx, v.Session.ID, store.KindConfirm)
		if aerr != nil {
			return aerr
		}
		if a = f.reconcile(ctx, a, userAsked); a.Status != store.Approved {
			return &NotApproved{a}
		}
		_, err = f.Store.AllowPhoneChange(ctx, v.Session.ID)
	}
	if err != nil {
		return err
	}
	return f.AskNewPhone(ctx, v, words, "")
}

// AskNewPhone asks the new phone of the visitor's change, once more if need be.
// It shows the words. replaces is the question that its page shows, see
// store.PhoneChange.Asked, "" for whichever is the newest: two clicks ring once.
// Problems when it cannot be asked; *store.RateError, store.ErrNotFound, also where it
// was asked meanwhile.
func (f *Flow) AskNewPhone(ctx context.Context, v Visitor, words, replaces string) error {
	p, err := f.Store.PhoneChange(ctx, v.User.ID)
	if err == nil && replaces != "" && replaces != p.Asked() {
		err = store.ErrNotFound
	}
	if err != nil {
		return err
	}
	pctx, cancel := f.askProvider(ctx)
	defer cancel()
	user := v.User
	user.PhoneNumber, user.CountryCode = p.PhoneNumber, p.CountryCode
	handle, err := f.Phones.Register(pctx, phoneOf(user))
	if err != nil {
		return f.notAsked(err)
	}
	if p, err = f.Store.AskNewPhone(ctx, v.User.ID, handle, p.Asked(), f.ApprovalTTL); err != nil {
		return err
	}
	shared, err := f.Store.ProvedByAnother(ctx, v.User.ID, handle)
	if err != nil {
		return err
	}
	requestID, err := f.Phones.Ask(pctx, handle, Question{
		ApprovalID: p.ID, Kind: store.KindConfirm, Email: v.User.Email, Language: v.User.Language, Change: words, Shared: shared,
		Login:   Login{Number: p.Number, Browser: BrowserName(v.Session.UserAgent), Address: v.Session.IP, Place: v.Session.Place},
		AskedAt: f.Now(), ExpiresAt: p.ExpiresAt.Add(-f.onTheWay()),
	})
	if err != nil {
		return f.notAsked(err)
	}
	return f.Store.NotePhoneRequest(ctx, p.ID, requestID)
}

// notAsked is what a person can do about a new phone that could not be asked.
func (f *Flow) notAsked(err error) error {
	if errors.Is(err, ErrNoDevice) {
		return Problems{FieldForm: PhoneWithoutApp}
	}
	if errors.Is(err, ErrRefused) {
		return explain(err)
	}
	f.Logger.Warn("a new phone could not be asked", "error", err)
	return &NotBefore{RetryIn(err), Problems{FieldForm: PhoneNotAsked}}
}

// StopPhoneChange ends the change that is under way. None is no error.
func (f *Flow) StopPhoneChange(ctx context.Context, v Visitor, c store.Client) error {
	_, err := f.Store.StopPhoneChange(ctx, v.Session, c)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// newPhoneAnswered applies the answer of a new phone. store.ErrNotFound for any other.
func (f *Flow) newPhoneAnswered(ctx context.Context, answer Answer) (store.PhoneChange, error) {
	p, err := f.Store.AnswerPhoneChange(ctx, store.Decision{
		ApprovalID: answer.ApprovalID, UUID: answer.RequestID, Handle: answer.Handle, Status: answer.Status,
	})
	if err != nil {
		return p, err
	}
	if err := f.finishPhoneChange(ctx, p.UserID); err != nil && !errors.Is(err, store.ErrNotFound) {
		return p, err
	}
	f.notifyTransfers(ctx, p.UserID)
	return p, nil
}

// finishPhoneChanges makes the changes whose time has come.
func (f *Flow) finishPhoneChanges(ctx context.Context) error {
	if f.OwnOnly { // the number of one from before is asked by nobody
		return nil
	}
	ready, err := f.Store.ReadyPhoneChanges(ctx)
	for _, userID := range ready {
		if err := f.finishPhoneChange(ctx, userID); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	return err
}

func (f *Flow) finishPhoneChange(ctx context.Context, userID int64) error {
	old, err := f.Store.FinishPhoneChange(ctx, userID)
	if err != nil {
		return err
	}
	f.tellEnded(ctx, userID, old.Sessions...)
	for _, a := range old.Requests {
		f.ended(ctx, a)
	}
	if err := f.forget(ctx, old.Factor); err != nil {
		f.Logger.Warn("the provider could not be told to forget an old phone", "error", err)
	}
	return nil
}
