package simulator

import (
	"context"
	"fmt"
)

// The kit drives phones from Go tests. What it does is what a person does on
// a phone's page, and what its pages show.

// Approve taps Approve on a phone. The callback goes its own way: what the
// application makes of it comes later. Errors: ErrNoPhone, ErrNoRequest,
// ErrNotPending, ErrNoApp.
func (s *Simulator) Approve(ctx context.Context, authyID int64, uuid string) error {
	_, err := s.answer(ctx, authyID, uuid, Approved)
	return err
}

// Deny taps Deny, with the errors of Approve.
func (s *Simulator) Deny(ctx context.Context, authyID int64, uuid string) error {
	_, err := s.answer(ctx, authyID, uuid, Denied)
	return err
}

// Phones lists the phones, the oldest first.
func (s *Simulator) Phones() ([]Phone, error) {
	return s.phones(context.Background())
}

// Requests are what a phone was asked, newest first.
func (s *Simulator) Requests(authyID int64) ([]Request, error) {
	return s.requests(context.Background(), authyID)
}

// WaitRequest waits until a phone shows a pending request.
func (s *Simulator) WaitRequest(ctx context.Context, authyID int64) (Request, error) {
	nudge, end, ok := s.watchers.watch(authyID)
	if !ok {
		return Request{}, fmt.Errorf("simulator: more than %d watch already", maxWatchers)
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

// Messages are the SMS and calls of a phone, newest first.
func (s *Simulator) Messages(authyID int64) ([]Message, error) {
	u, err := findUser(context.Background(), s.db, authyID)
	if err != nil {
		return nil, err
	}
	return s.messagesTo(context.Background(), u.countryCode, u.phoneNumber)
}

// MessagesTo are those to any number: a phone verification reaches numbers
// that nobody registered. phoneNumber is the national number.
func (s *Simulator) MessagesTo(countryCode int, phoneNumber string) ([]Message, error) {
	return s.messagesTo(context.Background(), countryCode, digitsOf(phoneNumber))
}

// Token is what the app on a phone shows; ErrNoApp without the app.
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

// InstallApp puts the app on a phone, or takes it off.
func (s *Simulator) InstallApp(ctx context.Context, authyID int64, installed bool) error {
	return s.setApp(ctx, authyID, installed)
}

// Order replaces the faults of one phone, or those of all with 0.
func (s *Simulator) Inject(authyID int64, f Faults) error {
	err := s.faults.change(authyID, func(old *Faults) error {
		*old = f
		return nil
	})
	s.notifyPages(authyID)
	return err
}
