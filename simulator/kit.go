package simulator

import "context"

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
