package store

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"time"
)

// Checkpoint signs one batch of lines of the audit trail, and all before it.
type Checkpoint struct {
	Batch     int64     // from 1, without a gap
	At        time.Time // when it was signed
	Lines     int
	Newest    time.Time // of its lines
	Digest    string    // SHA-256 of its lines, each as its JSON and a newline; base64url as all below
	Hash      string    // SHA-256 of what is signed
	Key       string    // the public key
	Signature string    // Ed25519
}

// signedCheckpoint is what is signed.
type signedCheckpoint struct {
	Checkpoint int64  `json:"checkpoint"`
	At         int64  `json:"at"` // unix milliseconds, as all times
	Lines      int    `json:"lines"`
	Newest     int64  `json:"newest"`
	Digest     string `json:"digest"`
	Before     string `json:"before"` // the hash of the checkpoint before, "" for the first
}

func (c Checkpoint) signedText(before string) signedCheckpoint {
	return signedCheckpoint{c.Batch, c.At.UnixMilli(), c.Lines, c.Newest.UnixMilli(), c.Digest, before}
}

// signed is the text that the signature is of.
func (c Checkpoint) signed(before string) []byte { return mustJSON(c.signedText(before)) }

func mustJSON(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic("texts and numbers cannot fail to encode: " + err.Error())
	}
	return text
}

var base64url = base64.RawURLEncoding

func digest(of []byte) string {
	sum := sha256.Sum256(of)
	return base64url.EncodeToString(sum[:])
}

// line is a stored line of the audit trail.
type line struct {
	id    int64
	event Event
	salt  string
	mark  string // stands for the address, which may be forgotten
}

// keptLine is what is signed of a line: all of it but the address, which may be
// forgotten.
type keptLine struct {
	ID       int64     `json:"id"`
	At       int64     `json:"at"` // unix milliseconds
	Kind     EventKind `json:"kind"`
	User     int64     `json:"user"`
	Session  string    `json:"session"`
	Approval string    `json:"approval"`
	Detail   string    `json:"detail"`
	Actor    string    `json:"actor"`
	Mark     string    `json:"ip_mark"`
	Network  string    `json:"network"`
	Device   string    `json:"device"`
	Times    int       `json:"times"`
}

func (l line) keptLine() keptLine {
	e := l.event
	return keptLine{l.id, e.At.UnixMilli(), e.Kind, e.UserID, e.SessionID, e.ApprovalID, e.Detail, e.Actor, l.mark, e.Network, e.Device, e.Times}
}

const lineColumns = `id, ip_salt, ip_mark, ` + eventColumns

func scanLine(r row) (l line, err error) {
	var ms int64
	err = r.Scan(append([]any{&l.id, &l.salt, &l.mark, &ms}, l.event.fields()...)...)
	l.event.At = at(ms)
	return l, err
}

func digestOf(lines []line) string {
	sum := sha256.New()
	for _, l := range lines {
		sum.Write(append(mustJSON(l.keptLine()), '\n'))
	}
	return base64url.EncodeToString(sum.Sum(nil))
}

const checkpointColumns = `batch, at, lines, newest, digest, hash, key, signature`

func scanCheckpoint(r row) (c Checkpoint, err error) {
	var sealedAt, newest int64
	err = r.Scan(&c.Batch, &sealedAt, &c.Lines, &newest, &c.Digest, &c.Hash, &c.Key, &c.Signature)
	c.At, c.Newest = at(sealedAt), at(newest)
	return c, err
}

const lastCheckpoint = `SELECT ` + checkpointColumns + ` FROM checkpoints ORDER BY batch DESC LIMIT 1`

func (c *Checkpoint) sign(key ed25519.PrivateKey, before string) {
	text := c.signed(before)
	c.Hash = digest(text)
	c.Key = publicKey(key)
	c.Signature = base64url.EncodeToString(ed25519.Sign(key, text))
}

func publicKey(key ed25519.PrivateKey) string {
	return base64url.EncodeToString(key.Public().(ed25519.PublicKey))
}

// Name says which checkpoint it is, and by its hash what all lines up to it are.
func (c Checkpoint) Name() string { return strconv.FormatInt(c.Batch, 10) + ":" + c.Hash }
