package simulator

import (
	"context"
	"database/sql"
	"fmt"
)

// The kit drives phones from Go tests: it does what a person does on a phone's
// page, and returns what the page shows.

// Approve taps Approve on a phone. It does not wait for the callback. To approve
// again what was approved changes nothing and is no error. Errors: ErrNoPhone,
// ErrNoRequest, ErrNotPending, ErrNoApp.
func (s *Simulator) Approve(ctx context.Context, authyID int64, uuid string) error {
	_, err := s.answer(ctx, authyID, uuid, Approved)
	return err
}

// Deny taps Deny; the rest is as with Approve.
func (s *Simulator) Deny(ctx context.Context, authyID int64, uuid string) error {
	_, err := s.answer(ctx, authyID, uuid, Denied)
	return err
}

// Phones returns all phones, in the order of their registration.
func (s *Simulator) Phones() ([]Phone, error) {
	return s.phones(context.Background())
}

// Requests returns the newest requests that a phone received, newest first.
func (s *Simulator) Requests(authyID int64) ([]Request, error) {
	return s.requests(context.Background(), authyID)
}

// WaitRequest waits until a phone shows a pending request, and returns it.
func (s *Simulator) WaitRequest(ctx context.Context, authyID int64) (Request, error) {
	nudge, end, ok := s.watchers.watch(authyID, maxWatchers)
	if !ok {
		return Request{}, fmt.Errorf("simulator: %d pages and waiters are open already", maxWatchers)
	}
	defer end()
	for {
		requests, err := s.requests(ctx, authyID)
		if err != nil {
			return Request{}, err
		}
		for _, r := range requests {
			if r.Status == Pending {
				return r, nil
			}
		}
		select {
		case <-nudge:
		case <-ctx.Done():
			return Request{}, fmt.Errorf("simulator: no request reached phone %d: %w", authyID, ctx.Err())
		}
	}
}

// Messages returns the newest SMS, calls and e-mails of a phone, newest first.
func (s *Simulator) Messages(authyID int64) ([]Message, error) {
	u, err := findUser(context.Background(), s.db, authyID)
	if err != nil {
		return nil, err
	}
	return s.messagesTo(context.Background(), u.countryCode, u.phoneNumber)
}

// MessagesTo returns the messages to any number, also to one that no user has:
// phone verifications go to such numbers. phoneNumber is the national number.
func (s *Simulator) MessagesTo(countryCode int, phoneNumber string) ([]Message, error) {
	return s.messagesTo(context.Background(), countryCode, digitsOf(phoneNumber))
}

// Token returns the token that the app on a phone shows; ErrNoApp without the
// app.
func (s *Simulator) Token(authyID int64) (Token, error) {
	u, err := findUser(context.Background(), s.db, authyID)
	if err != nil {
		return Token{}, err
	}
	token, _, err := s.tokens(u)
	if err != nil {
		return Token{}, err
	}
	if token == nil {
		return Token{}, ErrNoApp
	}
	return *token, nil
}

// InstallApp installs the app on a phone, or removes it.
func (s *Simulator) InstallApp(ctx context.Context, authyID int64, installed bool) error {
	return s.setApp(ctx, authyID, installed)
}

// Scan has the authenticator app on a phone scan a QR code, or take the secret under
// it as text.
func (s *Simulator) Scan(ctx context.Context, authyID int64, text string) error {
	return s.addApp(ctx, authyID, text)
}

// Reset removes all phones with what is on them, and all faults: for demonstrations,
// which begin anew. The key stays, and so does the id of a number that is registered
// again. Pages of the phones are told that theirs is gone.
func (s *Simulator) Reset(ctx context.Context) error {
	err := inTx(ctx, s.db, func(tx *sql.Tx) error {
		for _, table := range []string{"requests", "messages", "verifications", "apps", "scans", "pictures", "spent_tokens", "activities", "statistics"} {
			if _, err := tx.ExecContext(ctx, "DELETE FROM "+table); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, "UPDATE users SET removed_at = ? WHERE removed_at = 0", toMillis(s.now()))
		return err
	})
	s.faults.clear(0)
	s.sender.last.Store(nil)
	s.watchers.notifyAll()
	return err
}

// ForgetMessages removes what has come to phones by SMS, call and e-mail, and its codes.
func (s *Simulator) ForgetMessages(ctx context.Context) error {
	_, err := s.db.ExecContext(ctx, "DELETE FROM messages")
	s.watchers.notifyAll()
	return err
}

// Inject sets the faults of one phone, or with 0 those of all phones. It
// replaces the ones before; the zero Faults clears them.
func (s *Simulator) Inject(authyID int64, f Faults) error {
	err := s.faults.change(authyID, func(old *Faults) error {
		*old = f
		return nil
	})
	s.notifyPages(authyID)
	return err
}
