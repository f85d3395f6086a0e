package store

import (
	"context"
)

// ExplainDenial takes what the owner says on the phone that has denied a request, once:
// that it was them, by mistake, or that it was not. "Me" takes back what the denial has
// counted. "Not me" does what it does in a browser, see AnswerNotice: it leaves the
// phones in peace and ends what waits, which is returned, so that browsers can be told.
// ErrNotFound for a phone that does not count, or has not denied this request.
func (s *Store) ExplainDenial(ctx context.Context, phoneID, requestID string, why NoticeAnswer) (ended []Approval, err error) {
	err = s.inTx(ctx, func(tx *txn) error {
		const note = `
			UPDATE own_requests
			SET why = ?1
			WHERE approval_id = ?2
				AND phone_id = ?3
				AND why = ''
				AND EXISTS (SELECT 1 FROM approvals WHERE approvals.id = own_requests.approval_id AND status = 'denied')
				AND EXISTS (SELECT 1 FROM own_phones WHERE own_phones.id = ?3 AND confirmed_at IS NOT NULL AND revoked_at IS NULL)`
		noted, err := changed(tx.ExecContext(ctx, note, why, requestID, phoneID))
		if err == nil && !noted {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		a, err := scanApproval(tx.QueryRowContext(ctx, approvalByID, requestID))
		if err != nil {
			return err
		}
		ended, err = tx.explainDenial(ctx, a, why)
		return err
	})
	return ended, err
}

func (tx *txn) explainDenial(ctx context.Context, a Approval, why NoticeAnswer) ([]Approval, error) {
	const answered = `UPDATE notices SET read_at = ?, answer = ? WHERE approval_id = ? AND kind = 'denied' AND read_at IS NULL`
	if _, err := tx.ExecContext(ctx, answered, tx.now, why, a.ID); err != nil {
		return nil, err
	}
	if why == AnswerMe {
		return nil, tx.forgetDenials(ctx, a.UserID)
	}
	ended, err := tx.notMe(ctx, Session{UserID: a.UserID}, a.SessionID) // the phone is no session
	if err != nil {
		return nil, err
	}
	return ended, tx.pause(ctx, Session{ID: a.SessionID, UserID: a.UserID}, PauseNotMe, everything)
}
