package simulator

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"nod/authy"
)

// For demonstrations: the last callback as it was sent, to be sent again as whoever
// presents wants it.

// SentCallback is a callback of an answer, as it goes over the wire.
type SentCallback struct {
	Method    string `json:"method"`
	URL       string `json:"url"` // that is signed
	Nonce     string `json:"nonce"`
	Signature string `json:"signature"` // "" = none is sent
	Body      []byte `json:"-"`
}

// LastCallback is the newest one of an answer; ok is false before the first.
func (s *Simulator) LastCallback() (c SentCallback, ok bool) {
	last := s.sender.last.Load()
	if last == nil {
		return SentCallback{}, false
	}
	c = *last
	c.Body = slices.Clone(c.Body)
	return c, true
}

// LateCallback is an Approve, signed now, for the newest request of a phone whose
// time has passed or for which nobody waits any more. ErrNoRequest without one.
func (s *Simulator) LateCallback(ctx context.Context, authyID int64) (SentCallback, error) {
	u, err := findUser(ctx, s.db, authyID)
	if err != nil {
		return SentCallback{}, err
	}
	if err := s.expire(ctx, authyID, s.now()); err != nil {
		return SentCallback{}, err
	}
	a, err := scanApproval(s.db.QueryRowContext(ctx,
		"SELECT "+approvalColumns+" FROM requests WHERE authy_id = ? AND status = 'expired' ORDER BY seq DESC LIMIT 1", authyID).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return SentCallback{}, ErrNoRequest
	}
	if err != nil {
		return SentCallback{}, err
	}
	a.status, a.processedAt = Approved, s.now()
	body, err := marshal(s.callbackBody(a, u, Faults{}))
	if err != nil {
		return SentCallback{}, err
	}
	c := SentCallback{Method: http.MethodPost, URL: s.sender.signed, Nonce: strconv.FormatInt(s.now().Unix(), 10), Body: body}
	c.Signature, err = s.Signature(c)
	return c, err
}

// Signature is the right one for what a callback says now.
func (s *Simulator) Signature(c SentCallback) (string, error) {
	return authy.SignCallback(s.app.key, c.Method, c.URL, c.Nonce, c.Body)
}

// Send sends a callback once, as it is, and returns the application's status.
func (s *Simulator) Send(ctx context.Context, c SentCallback) (status int, err error) {
	return s.sender.request(ctx, c.Method, c.Nonce, c.Signature, c.Body)
}
