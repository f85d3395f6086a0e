package simulator

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

// States of an approval request. It leaves Pending once and then never changes.
const (
	Pending  = "pending"
	Approved = "approved"
	Denied   = "denied"
	Expired  = "expired"
)

const (
	defaultExpiry = 86400 // seconds
	maxExpiry     = 10 * 365 * 86400
	maxText       = 200 // characters of a message, a label or a value
	maxLogoURL    = 500
)

// Detail is a labelled value of a request.
type Detail struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// logo is an image of a request. Its fields are in the order into which
// callback verifiers sort them.
type logo struct {
	Res string `json:"res"`
	URL string `json:"url"`
}

// createApproval is POST users/{id}/approval_requests.
func (s *Simulator) createApproval(c *call) (object, error) {
	u, err := s.userOf(c)
	if err != nil {
		return nil, err
	}
	a, err := readApproval(c)
	if err != nil {
		return nil, err
	}
	if !u.appInstalled {
		return nil, &apiError{status: http.StatusBadRequest, code: codeNoDevice,
			message: "No device was found that could receive the approval request"}
	}
	a.authyID, a.pushed = u.authyID, c.faults.PushDelayMS == 0
	if err := s.insertApproval(c.ctx(), a); err != nil {
		return nil, err
	}
	if err := s.push(c, a); err != nil {
		return nil, err
	}
	return object{{"approval_request", object{{"uuid", a.uuid}}}, {"success", true}}, nil
}

func invalidApproval(message string) *apiError {
	return &apiError{status: http.StatusBadRequest, code: codeInvalidApproval, message: message}
}

// readApproval reads a request and checks the limits that the documentation and
// the clients name.
func readApproval(c *call) (a approval, err error) {
	a = approval{uuid: uuid.NewString(), hexID: randomHex(12), status: Pending, createdAt: c.now}
	if a.message = c.params.text("message"); a.message == "" {
		return a, invalidApproval("message is required")
	}
	if utf8.RuneCountInString(a.message) > maxText {
		return a, invalidApproval("message is too long: at most 200 characters")
	}
	if a.details, err = readDetails(c.params, "details"); err != nil {
		return a, err
	}
	if a.hidden, err = readDetails(c.params, "hidden_details"); err != nil {
		return a, err
	}
	if a.logos, err = readLogos(c.params); err != nil {
		return a, err
	}
	if a.secondsToExpire, err = readExpiry(c.params); err != nil {
		return a, err
	}
	if a.secondsToExpire > 0 {
		a.expiresAt = c.now.Add(time.Duration(a.secondsToExpire) * time.Second)
	}
	return a, nil
}

// textLabel is the label of details that were sent as a text.
const textLabel = "Details"

// readDetails reads pairs. Old clients and shell scripts send a text, which
// becomes one pair, or pairs as JSON in a text.
func readDetails(p params, name string) ([]Detail, error) {
	if text := strings.TrimSpace(p.text(name)); strings.HasPrefix(text, "{") {
		budget := maxNodes
		if n, err := parseJSON([]byte(text), &budget); err == nil {
			p.root.set(name, n)
		}
	} else if text != "" {
		p.root.set(name, &node{keys: []string{textLabel}, fields: map[string]*node{textLabel: scalarNode(text)}})
	}
	pairs, ok := p.pairs(name)
	if !ok {
		return nil, invalidApproval(name + " must be pairs of a label and a value")
	}
	for _, pair := range pairs {
		if utf8.RuneCountInString(pair.Label) > maxText || utf8.RuneCountInString(pair.Value) > maxText {
			return nil, invalidApproval(name + " are too long: at most 200 characters each")
		}
	}
	return pairs, nil
}

func readLogos(p params) (logos []logo, err error) {
	for _, item := range p.at("logos").list() {
		one := params{item}
		l := logo{one.text("res"), one.text("url")}
		if l == (logo{}) && (!item.scalar || item.blank()) {
			continue
		}
		if !slices.Contains([]string{"default", "low", "med", "high"}, l.Res) {
			return nil, invalidApproval("logos: res must be default, low, med or high")
		}
		u, err := url.Parse(l.URL)
		if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || len(l.URL) > maxLogoURL {
			return nil, invalidApproval("logos: url must be an http or https URL of at most 500 characters")
		}
		logos = append(logos, l)
	}
	return logos, nil
}

// readExpiry reads seconds_to_expire: a day by default, 0 for never.
func readExpiry(p params) (int64, error) {
	if p.at("seconds_to_expire") == nil {
		return defaultExpiry, nil
	}
	seconds, err := strconv.ParseInt(p.text("seconds_to_expire"), 10, 64)
	if err != nil || seconds < 0 || seconds > maxExpiry {
		return 0, invalidApproval("seconds_to_expire must be a number of seconds, or 0 for never")
	}
	return seconds, nil
}

// approvalStatus is GET approval_requests/{uuid}. Like the service it marks an
// expired request when it is next read, and reports that time as processed_at.
func (s *Simulator) approvalStatus(c *call) (object, error) {
	id := c.args["uuid"]
	a, err := findApproval(c.ctx(), s.db, id)
	if errors.Is(err, ErrNoRequest) {
		return nil, approvalNotFound(id)
	}
	if err != nil {
		return nil, err
	}
	if err := s.expire(c.ctx(), a.authyID, c.now); err != nil {
		return nil, err
	}
	if a, err = findApproval(c.ctx(), s.db, id); err != nil {
		return nil, err
	}
	return s.approvalReply(c.ctx(), a)
}

func approvalNotFound(uuid string) *apiError {
	return &apiError{status: http.StatusNotFound, code: codeNoApproval, noDetails: true,
		message: "Approval request not found: " + uuid}
}

func (s *Simulator) approvalReply(ctx context.Context, a approval) (object, error) {
	u, err := scanUser(s.db.QueryRowContext(ctx, "SELECT "+userColumns+" FROM users WHERE authy_id = ?", a.authyID).Scan)
	if err != nil {
		return nil, err
	}
	return object{
		{"approval_request", object{
			{"_app_name", s.app.name}, {"_app_serial_id", s.app.serial}, {"_authy_id", a.authyID}, {"_id", a.hexID},
			{"_user_email", u.email}, {"app_id", s.app.hexID}, {"created_at", second(a.createdAt)},
			{"notified", a.notified}, {"processed_at", second(a.processedAt)}, {"seconds_to_expire", a.secondsToExpire},
			{"status", a.status}, {"updated_at", second(a.updatedAt)}, {"user_id", u.hexID}, {"uuid", a.uuid},
		}},
		{"success", true},
	}, nil
}
