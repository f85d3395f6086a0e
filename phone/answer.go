package phone

import (
	"context"
	"encoding/json"
	"fmt"

	"nod/store"
)

// Answer is what a phone sends. What it says of the request itself is not asked for:
// it is made from the stored row.
type Answer struct {
	Decision  store.ApprovalStatus `json:"decision"` // approved or denied
	Number    string               `json:"number"`   // as typed, of an approval
	Signature []byte               `json:"signature"`
	Passkey   json.RawMessage      `json:"passkey"` // AuthenticationResponseJSON, of an approval
}

// Check rebuilds what an answer has signed and checks its signatures: the device key's of
// every answer, and the passkey's, with its user verified, of an approval. ErrRefused,
// store.ErrCounterWentBack; store.ErrNotFound for a request that is not this phone's.
func (r *Room) Check(ctx context.Context, p store.OwnPhone, requestID string, a Answer) (store.OwnAnswer, error) {
	if a.Decision != store.Approved && a.Decision != store.Denied {
		return store.OwnAnswer{}, fmt.Errorf("%w: nobody decides %q", ErrRefused, a.Decision)
	}
	m, err := r.message(ctx, p, requestID, a)
	if err != nil {
		return store.OwnAnswer{}, err
	}
	if err := signedByDevice(p.DeviceKey, m.Digest(), a.Signature); err != nil {
		return store.OwnAnswer{}, err
	}
	checked := store.OwnAnswer{RequestID: requestID, PhoneID: p.ID, Status: a.Decision, Number: m.Number}
	if a.Decision == store.Denied {
		return checked, nil
	}
	if checked.SignCount, err = r.signedByPasskey(p, m.Digest(), a.Passkey); err != nil {
		return store.OwnAnswer{}, err
	}
	receipt, err := encode(r.receipt(p, m, a.Passkey))
	checked.Receipt = string(receipt)
	return checked, err
}

// message is what an answer says, from the stored row of its request.
func (r *Room) message(ctx context.Context, p store.OwnPhone, requestID string, a Answer) (Message, error) {
	asked, err := r.Store.OwnRequestOf(ctx, p, requestID)
	if err != nil {
		return Message{}, err
	}
	m := Message{Origin: r.Origin, Request: asked.ID, Decision: string(a.Decision), Nonce: asked.Nonce}
	if a.Decision == store.Approved {
		m.Number = a.Number
	}
	return m, json.Unmarshal([]byte(asked.Shown), &m.Shown)
}

// Explanation is what the owner says of a denial on their phone: that it was them, by
// mistake, or that it was not.
type Explanation struct {
	Answer    store.NoticeAnswer `json:"answer"`
	Signature []byte             `json:"signature"` // of the device key
}

// CheckExplanation checks its signature. ErrRefused; store.ErrNotFound as of Check.
func (r *Room) CheckExplanation(ctx context.Context, p store.OwnPhone, requestID string, e Explanation) error {
	if e.Answer != store.AnswerMe && e.Answer != store.AnswerNotMe {
		return fmt.Errorf("%w: nobody says %q", ErrRefused, e.Answer)
	}
	asked, err := r.Store.OwnRequestOf(ctx, p, requestID)
	if err != nil {
		return err
	}
	return signedByDevice(p.DeviceKey, digest("nod why 1", r.Origin, asked.ID, asked.Nonce, string(e.Answer)), e.Signature)
}
