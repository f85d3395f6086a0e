package authy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// Detail is a line that the phone shows. The vendor's documentation allows 20
// characters for a label and 200 for a value.
type Detail struct{ Label, Value string }

// Logo is an image shown with the request. Res is its resolution: default, low,
// med or high.
type Logo struct{ Res, URL string }

// ApprovalRequest is what the user is asked to approve.
type ApprovalRequest struct {
	Message         string            // 1 to 200 characters; some services allow only 144
	Details         []Detail          // in the order shown; labels must be unique
	HiddenDetails   map[string]string // not shown; returned in the callback
	Logos           []Logo
	SecondsToExpire int // 0 = the service's default, one day
}

// RequestApproval sends an approval request to the user's devices (POST
// approval_requests) and returns its UUID. It is never retried: that would send a
// second push. A request that the service would truncate is refused without a
// call, because the phone has to show exactly what was asked. Errors: ErrNoDevice,
// ErrUserNotFound.
func (c *Client) RequestApproval(ctx context.Context, authyID int64, r ApprovalRequest) (uuid string, err error) {
	const op = "request approval"
	if err := r.check(); err != nil {
		return "", fmt.Errorf("authy %s: %w", op, err)
	}
	var reply struct {
		Request struct {
			UUID string `json:"uuid"`
		} `json:"approval_request"`
	}
	path := fmt.Sprintf("/onetouch/json/users/%d/approval_requests", authyID)
	err = c.do(ctx, call{op: op, method: http.MethodPost, path: path, params: r.form()}, &reply)
	switch {
	case err != nil:
		return "", err
	case !isID(reply.Request.UUID):
		return "", noReply(op, errors.New("the reply contains no request id"))
	}
	return reply.Request.UUID, nil
}

// maxShown is the length, in characters, at which other clients of the service
// truncate or refuse a text.
const maxShown = 200

func (r ApprovalRequest) check() error {
	if r.Message == "" || utf8.RuneCountInString(r.Message) > maxShown {
		return errors.New("the message must have 1 to 200 characters")
	}
	labels := map[string]bool{}
	for _, d := range r.Details {
		switch {
		case d.Label == "" || utf8.RuneCountInString(d.Label) > maxShown:
			return errors.New("a label must have 1 to 200 characters")
		case utf8.RuneCountInString(d.Value) > maxShown:
			return fmt.Errorf("the value of %q has more than 200 characters", d.Label)
		case labels[d.Label]:
			return fmt.Errorf("the label %q occurs twice", d.Label)
		}
		labels[d.Label] = true
	}
	if r.SecondsToExpire < 0 {
		return errors.New("SecondsToExpire is negative")
	}
	return nil
}

func (r ApprovalRequest) form() form {
	f := form{{"message", r.Message}}
	for _, d := range r.Details {
		f = append(f, pair{"details[" + d.Label + "]", d.Value})
	}
	for _, name := range slices.Sorted(maps.Keys(r.HiddenDetails)) {
		f = append(f, pair{"hidden_details[" + name + "]", r.HiddenDetails[name]})
	}
	for i, logo := range r.Logos {
		at := "logos[" + strconv.Itoa(i) + "]"
		f = append(f, pair{at + "[res]", logo.Res}, pair{at + "[url]", logo.URL})
	}
	if r.SecondsToExpire > 0 {
		f = append(f, pair{"seconds_to_expire", strconv.Itoa(r.SecondsToExpire)})
	}
	return f
}

// Status is the status of an approval request at the provider.
type Status string

// The statuses of a request. A callback contains only approved or denied.
const (
	StatusPending  Status = "pending"
	StatusApproved Status = "approved"
	StatusDenied   Status = "denied"
	StatusExpired  Status = "expired"
)

// Approval is an approval request as the provider reports it.
type Approval struct {
	UUID        string
	Status      Status
	AuthyID     int64 // the user who was asked
	CreatedAt   time.Time
	ProcessedAt time.Time // zero while pending
}

// ApprovalStatus returns an approval request (GET approval_requests/{uuid}). The
// service expires requests late: one may still be pending after its expiry.
// Errors: ErrApprovalNotFound, without a call if uuid cannot be an id.
func (c *Client) ApprovalStatus(ctx context.Context, uuid string) (Approval, error) {
	const op = "approval status"
	if !isID(uuid) {
		return Approval{}, fmt.Errorf("authy %s: %w", op, ErrApprovalNotFound)
	}
	var reply struct {
		Request approvalReply `json:"approval_request"`
	}
	path := "/onetouch/json/approval_requests/" + uuid
	if err := c.do(ctx, call{op: op, method: http.MethodGet, path: path}, &reply); err != nil {
		return Approval{}, err
	}
	a, err := reply.Request.approval(uuid)
	if err != nil {
		return Approval{}, unavailable(op, err)
	}
	return a, nil
}

type approvalReply struct {
	UUID        string      `json:"uuid"`
	Status      Status      `json:"status"`
	AuthyID     json.Number `json:"_authy_id"` // a string in replies recorded in 2016
	CreatedAt   time.Time   `json:"created_at"`
	ProcessedAt time.Time   `json:"processed_at"`
}

func (r approvalReply) approval(uuid string) (Approval, error) {
	id, err := r.AuthyID.Int64()
	switch {
	case r.UUID != uuid:
		return Approval{}, errors.New("the reply is about another request")
	case err != nil || id <= 0:
		return Approval{}, errors.New("the reply contains no user id")
	}
	switch r.Status {
	case StatusPending, StatusApproved, StatusDenied, StatusExpired:
		return Approval{UUID: uuid, Status: r.Status, AuthyID: id, CreatedAt: r.CreatedAt, ProcessedAt: r.ProcessedAt}, nil
	default:
		return Approval{}, errors.New("the reply has an undocumented status")
	}
}

// isID accepts what is safe in a path and in a log. Request ids are UUIDs, but a
// vector from another client's tests has one with letters other than a to f.
func isID(s string) bool {
	for _, c := range []byte(s) {
		if c != '-' && c != '_' && !('0' <= c && c <= '9') && !('a' <= c && c <= 'z') && !('A' <= c && c <= 'Z') {
			return false
		}
	}
	return s != "" && len(s) <= 64
}
