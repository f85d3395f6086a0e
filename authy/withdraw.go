package authy

import (
	"context"
	"fmt"
	"net/http"
)

// WithdrawApproval tells the phone that nobody waits for its answer any more (POST
// approval_requests/{uuid}/withdraw). Only Nod's simulator knows this call; the
// service answers that there is no such address. reason is cancelled, replaced,
// elsewhere or withdrawn. Errors: ErrApprovalNotFound.
func (c *Client) WithdrawApproval(ctx context.Context, uuid, reason string) error {
	const op = "withdraw approval"
	if !isID(uuid) {
		return fmt.Errorf("authy %s: %w", op, ErrApprovalNotFound)
	}
	var reply struct{}
	path := "/onetouch/json/approval_requests/" + uuid + "/withdraw"
	return c.do(ctx, call{op: op, method: http.MethodPost, path: path, params: form{{"reason", reason}}}, &reply)
}
