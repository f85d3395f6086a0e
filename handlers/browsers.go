package handlers

import (
	"bytes"
	"encoding/json"
	"time"

	"nod/hub"
	"nod/signin"
)

// Browsers is a signin.Browsers: it sends states to the waiting pages through
// the hub, as the JSON that their scripts read.
type Browsers struct {
	Hub *hub.Hub
	Now func() time.Time // nil: time.Now; browsers count down by it
}

// stateJSON is what a waiting page receives, the same by socket, stream or poll.
type stateJSON struct {
	Status     string `json:"status"`
	Reason     string `json:"reason"`
	Number     string `json:"number"`
	Revision   int64  `json:"revision"`    // orders the states that one page receives
	ExpiresAt  string `json:"expires_at"`  // RFC 3339, "" without a request
	RetryAt    string `json:"retry_at"`    // RFC 3339, to the minute, "" unless the provider may not be asked before
	ServerTime string `json:"server_time"` // RFC 3339; expires_at minus this is the time left
}

// TellState tells the pages that wait on a session.
func (b Browsers) TellState(sessionID string, s signin.State) {
	b.Hub.Publish(sessionID, b.encodeState(s), s.Last)
}

// TellTransfers tells the signed-in pages of a session.
func (b Browsers) TellTransfers(sessionID string, t signin.Transfers) {
	b.Hub.Publish(sessionID, b.encodeTransfers(t), false)
}

// Reconnect closes the pages of a session so that they connect again.
func (b Browsers) Reconnect(sessionID string) {
	b.Hub.CloseKey(sessionID, closeRestart, "connect again")
}

// Waits says whether a page of the session waits.
func (b Browsers) Waits(sessionID string) bool { return b.Hub.Waits(sessionID) }

// Waiting are the sessions whose pages wait.
func (b Browsers) Waiting() []string { return b.Hub.Keys() }

func (b Browsers) now() time.Time {
	if b.Now == nil {
		return time.Now()
	}
	return b.Now()
}

func (b Browsers) encodeState(s signin.State) []byte {
	now := b.now()
	body := stateJSON{
		Status: string(s.Status), Reason: string(s.Reason), Number: s.Number, Revision: s.Revision, ServerTime: wireTime(now),
	}
	if !s.ExpiresAt.IsZero() {
		body.ExpiresAt = wireTime(s.ExpiresAt)
	}
	body.RetryAt = wireRetry(s.RetryAt, now)
	return encode(body)
}

// wireRetry is askableAt as a script reads it, "" for zero.
func wireRetry(t, now time.Time) string {
	if t = askableAt(t, now); t.IsZero() {
		return ""
	}
	return wireTime(t)
}

// transfersJSON is what the page of a signed-in session receives.
type transfersJSON struct {
	Revision  int64          `json:"revision"`
	Transfers []transferJSON `json:"transfers"`
}

type transferJSON struct {
	ID      string `json:"id"`
	Status  string `json:"status"`
	Reason  string `json:"reason"`   // what is to be known of one that waits: "unconfirmed" or ""
	RetryAt string `json:"retry_at"` // as of a sign-in
}

func (b Browsers) encodeTransfers(t signin.Transfers) []byte {
	now := b.now()
	body := transfersJSON{Revision: t.Revision, Transfers: make([]transferJSON, 0, len(t.List))}
	for _, one := range t.List {
		body.Transfers = append(body.Transfers, transferJSON{one.ID, string(one.Status), string(one.Reason), wireRetry(one.RetryAt, now)})
	}
	return encode(body)
}

func encode(body any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		panic("strings and numbers cannot fail to encode: " + err.Error())
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// wireTime is RFC 3339 in UTC with milliseconds.
func wireTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
