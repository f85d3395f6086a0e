package simulator

import (
	"errors"
	"slices"
)

// Withdrawn is what a phone shows of a request whose application no longer waits
// for an answer. The service has no such status: to the API it is Expired.
const Withdrawn = "withdrawn"

// reasonsToWithdraw are why an application no longer waits: its user has given
// up, a newer request takes the place of this one, the user has answered in
// another way, or none of these.
var reasonsToWithdraw = []string{"cancelled", "replaced", "elsewhere", Withdrawn}

// withdrawApproval is POST approval_requests/{uuid}/withdraw, with a reason. The
// service has nothing like it: a phone of Authy's shows a request until it is
// answered or too old. Withdrawing one that has ended already changes nothing.
func (s *Simulator) withdrawApproval(c *call) (object, error) {
	reason, id := c.params.text("reason"), c.args["uuid"]
	if reason == "" {
		reason = Withdrawn
	}
	if !slices.Contains(reasonsToWithdraw, reason) {
		return nil, invalidParameter("reason", "must be cancelled, replaced, elsewhere or withdrawn")
	}
	const withdraw = `UPDATE requests SET status = 'expired', withdrawn = ?1, processed_at = ?2, updated_at = ?2
		WHERE uuid = ?3 AND status = 'pending' AND (expires_at = 0 OR expires_at > ?2)`
	now := toMillis(c.now)
	if _, err := s.db.ExecContext(c.ctx(), withdraw, reason, now, id); err != nil {
		return nil, err
	}
	a, err := findApproval(c.ctx(), s.db, id)
	if errors.Is(err, ErrNoRequest) {
		return nil, approvalNotFound(id)
	}
	if err != nil {
		return nil, err
	}
	s.watchers.notify(a.authyID)
	return object{{"withdrawn", a.withdrawn != ""}, {"success", true}}, nil
}
