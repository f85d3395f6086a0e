package signin

import (
	"context"
	"errors"

	"nod/store"
)

// A transfer is the second thing one can approve. It goes through the same
// mechanism as a login: a row, a push, one conditional decision, and one use
// of it. The request is bound to payee, amount and currency: only exactly what
// the phone displayed is executed.

// Transfer asks the visitor's phone to approve a transfer. Problems while
// another one waits.
func (f *Flow) Transfer(ctx context.Context, v Visitor, m Money) error {
	_, a, err := f.Store.BeginTransfer(ctx, v.Session.ID, m.transfer(), f.ApprovalTTL)
	if errors.Is(err, store.ErrTransferPending) {
		return Problems{FieldForm: TransferPending}
	}
	if err != nil {
		return err
	}
	q := f.question(a, v.User)
	q.Login, q.Transfer = shown(a, v.Session), m
	_, err = f.push(ctx, a, q, v.User)
	return err
}

func (m Money) transfer() store.Transfer {
	return store.Transfer{Payee: m.Payee, AmountMinor: m.Minor, Currency: m.Currency}
}

// Execute carries out an approved transfer of the visitor's session: once, and
// only if what the browser sends is what the phone has shown. To carry out again
// what this session has carried out is a success. *NotApproved while the phone has not answered; store.ErrNotApproved, store.ErrChanged,
// store.ErrNotFound.
func (f *Flow) Execute(ctx context.Context, v Visitor, id string, shown Money) error {
	execute := func() error {
		_, err := f.Store.ExecuteTransfer(ctx, v.Session.ID, id, shown.transfer())
		return err
	}
	err := execute()
	if errors.Is(err, store.ErrNotApproved) {
		// The callback may have been lost.
		a, aerr := f.Store.TransferApproval(ctx, v.Session.ID, id)
		if aerr != nil {
			return aerr
		}
		switch a = f.reconcile(ctx, a, userAsked); a.Status {
		case store.Approved:
			err = execute()
		case store.Pending:
			return &NotApproved{a}
		}
	}
	if err == nil || errors.Is(err, store.ErrChanged) {
		f.notifyTransfers(ctx, v.User.ID)
	}
	return err
}

// WithdrawTransfer ends the wait for a transfer of the visitor's session: its request no
// longer counts. One that was answered meanwhile stays as it is. store.ErrNotFound.
func (f *Flow) WithdrawTransfer(ctx context.Context, v Visitor, id string) error {
	a, err := f.Store.TransferApproval(ctx, v.Session.ID, id)
	if err != nil {
		return err
	}
	return f.cancelApproval(ctx, a, store.ReasonByUser)
}

// maxTransfers is how many of the newest transfers a page shows.
const maxTransfers = 10

// Transfers are what the page of a signed-in session is told, whole each time:
// an event that was lost is made good by the next.
type Transfers struct {
	List     []store.Transfer // newest first
	Revision int64            // orders what the pages of one user are told
	Last     bool             // the session has ended
}

// Transfers reads the transfers of a session's user. ErrNobodyWaits for an
// unknown session.
func (f *Flow) Transfers(ctx context.Context, sessionID string) (Transfers, error) {
	w, err := f.Store.Wait(ctx, sessionID)
	if errors.Is(err, store.ErrNotFound) {
		return Transfers{}, ErrNobodyWaits
	}
	if err != nil {
		return Transfers{}, err
	}
	list, revision, err := f.Store.Transfers(ctx, w.UserID, maxTransfers)
	return Transfers{List: list, Revision: revision, Last: !w.EndedAt.IsZero()}, err
}

// ReconciledTransfers is Transfers for a page that asks again and again: the
// provider is asked now and then whether a callback was lost.
func (f *Flow) ReconciledTransfers(ctx context.Context, v Visitor) (Transfers, error) {
	t, err := f.Transfers(ctx, v.Session.ID)
	if err != nil {
		return t, err
	}
	for _, one := range t.List {
		if one.Status != store.TransferAwaiting {
			continue
		}
		a, err := f.Store.Approval(ctx, one.ApprovalID)
		if err != nil {
			return t, err
		}
		if f.reconcile(ctx, a, pollThrottled).Status != a.Status {
			return f.Transfers(ctx, v.Session.ID)
		}
	}
	return t, nil
}

// notifyTransfers tells all signed-in browsers of a user how their transfers
// stand.
func (f *Flow) notifyTransfers(ctx context.Context, userID int64) {
	sessions, err := f.Store.SignedInSessions(ctx, userID)
	for _, id := range sessions {
		var t Transfers
		if t, err = f.Transfers(ctx, id); err != nil {
			break
		}
		f.Browsers.TellTransfers(id, t)
		f.tellPeers(aboutTransfers, id)
	}
	if err != nil {
		f.Logger.Error("pages could not be told of their transfers", "user", userID, "error", err)
	}
}
