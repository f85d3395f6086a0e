// Package login stands for another project, which signs people in with a tap.
package login

import (
	"context"

	"nod/authy"
)

// Login asks phones through any service that speaks the Authy API.
type Login struct {
	Authy *authy.Client
}

// Ask sends an approval request to the phone of a user and returns its id.
func (l Login) Ask(ctx context.Context, user int64) (uuid string, err error) {
	return l.Authy.RequestApproval(ctx, user, authy.ApprovalRequest{Message: "Sign in?", SecondsToExpire: 120})
}

// Admits reports whether the request was approved.
func (l Login) Admits(ctx context.Context, uuid string) (bool, error) {
	answer, err := l.Authy.ApprovalStatus(ctx, uuid)
	return answer.Status == authy.StatusApproved, err
}
