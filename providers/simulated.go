package providers

import (
	"context"

	"nod/store"
)

// WithdrawAPI is a simulator of Authy. *authy.Client is one.
type WithdrawAPI interface {
	WithdrawApproval(ctx context.Context, uuid, reason string) error
}

// Simulated tells simulated phones that nobody waits for their answer any more,
// which Authy's wire cannot say. It is a signin.Withdrawals.
type Simulated struct{ API WithdrawAPI }

// Withdraw marks a request on its phone.
func (s Simulated) Withdraw(ctx context.Context, requestID string, why store.Reason) error {
	return s.API.WithdrawApproval(ctx, requestID, withdrawReason(why))
}

// withdrawReason is the simulator's word for the reason of a cancelled request.
func withdrawReason(why store.Reason) string {
	switch why {
	case store.ReasonByUser:
		return "cancelled"
	case store.ReasonSuperseded:
		return "replaced"
	case store.ReasonOtherMethod:
		return "elsewhere"
	default:
		return "withdrawn"
	}
}
