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

// Detail is a line the phone shows. The service's documents give a label 20
// characters and a value 200.
type Detail struct{ Label, Value string }

// Logo is a picture for the request; Res is default, low, med or high.
type Logo struct{ Res, URL string }

// ApprovalRequest is a question to a phone.
type ApprovalRequest struct {
	Message         string            // at most 200 characters; some services take 144
	Details         []Detail          // in the order shown, each label once
	HiddenDetails   map[string]string // never shown; come back in the callback
	Logos           []Logo
	SecondsToExpire int // 0 leaves it to the service: a day. Never is not offered
}

// RequestApproval asks the user's phone, POST approval_requests, and returns
// the id of the request. It is sent once: a repeat would ring twice. What the
// service would cut off or lose is refused here, for the phone has to show
// what was asked. ErrNoDevice, ErrUserNotFound.
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
		return "", unavailable(op, errors.New("the reply names no request"))
	}
	return reply.Request.UUID, nil
}

// longestShown is where clients of the service cut, or refuse.
const longestShown = 200

func (r ApprovalRequest) check() error {
	if r.Message == "" || utf8.RuneCountInString(r.Message) > longestShown {
		return errors.New("the message must have 1 to 200 characters")
	}
	labels := map[string]bool{}
	for _, d := range r.Details {
		switch {
		case d.Label == "" || utf8.RuneCountInString(d.Label) > longestShown:
			return errors.New("a label must have 1 to 200 characters")
		case utf8.RuneCountInString(d.Value) > longestShown:
			return fmt.Errorf("the value of %q has more than 200 characters", d.Label)
		case labels[d.Label]:
			return fmt.Errorf("the label %q comes twice", d.Label)
		}
		labels[d.Label] = true
	}
	if r.SecondsToExpire < 0 {
		return errors.New("the time to answer is negative")
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

// Status is where an approval request stands at the provider.
type Status string

// A callback carries approved or denied only.
const (
	StatusPending  Status = "pending"
	StatusApproved Status = "approved"
	StatusDenied   Status = "denied"
	StatusExpired  Status = "expired"
)

// Approval is what the provider knows of a request.
type Approval struct {
	UUID        string
	Status      Status
	AuthyID     int64 // of the user who was asked
	CreatedAt   time.Time
	ProcessedAt time.Time // zero while pending
}

// ApprovalStatus asks how a request stands, GET approval_requests/{uuid}. The
// service notices an expiry late: a request may be pending after its time.
// ErrApprovalNotFound, also without a call if uuid is no id at all.
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
	AuthyID     json.Number `json:"_authy_id"` // a string in 2016
	CreatedAt   time.Time   `json:"created_at"`
	ProcessedAt time.Time   `json:"processed_at"`
}

func (r approvalReply) approval(uuid string) (Approval, error) {
	id, err := r.AuthyID.Int64()
	switch {
	case r.UUID != uuid:
		return Approval{}, errors.New("the reply is about another request")
	case err != nil || id <= 0:
		return Approval{}, errors.New("the reply names no user")
	}
	switch r.Status {
	case StatusPending, StatusApproved, StatusDenied, StatusExpired:
		return Approval{UUID: uuid, Status: r.Status, AuthyID: id, CreatedAt: r.CreatedAt, ProcessedAt: r.ProcessedAt}, nil
	default:
		return Approval{}, errors.New("the reply has a status that is not documented")
	}
}

// isID accepts what can stand in a path and in a log: ids of requests are
// UUIDs, and a test of others has one with letters beyond f.
func isID(s string) bool {
	for _, c := range []byte(s) {
		if c != '-' && c != '_' && !('0' <= c && c <= '9') && !('a' <= c && c <= 'z') && !('A' <= c && c <= 'Z') {
			return false
		}
	}
	return s != "" && len(s) <= 64
}
