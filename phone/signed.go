package phone

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"strconv"
	"time"

	"nod/signin"
	"nod/store"
)

// Shown is what a phone shows of a request; "" for what it does not have.
type Shown struct {
	Kind     string `json:"kind"`
	Email    string `json:"email"`
	Browser  string `json:"browser"`
	Address  string `json:"address"`
	Place    string `json:"place"`
	Resets   string `json:"resets"` // "yes" for a new password
	Change   string `json:"change"` // of the account, in words
	Payee    string `json:"payee"`
	Amount   string `json:"amount"` // with a point, such as 12.50
	Currency string `json:"currency"`
	Asked    string `json:"asked"` // RFC 3339, as is the next
	Expires  string `json:"expires"`
}

func shownOf(q signin.Question) Shown {
	s := Shown{
		Kind: string(q.Kind), Email: q.Email, Browser: q.Login.Browser, Address: q.Login.Address, Place: q.Login.Place,
		Change: q.Change, Asked: moment(q.AskedAt), Expires: moment(q.ExpiresAt),
	}
	if q.Login.Resets {
		s.Resets = "yes"
	}
	if q.Kind == store.KindTransfer {
		s.Payee, s.Amount, s.Currency = q.Transfer.Payee, q.Transfer.Amount(), q.Transfer.Currency
	}
	return s
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// Message is all that an answer says, and signs.
type Message struct {
	Origin   string `json:"origin"`
	Request  string `json:"request"`
	Decision string `json:"decision"` // approved or denied
	Nonce    string `json:"nonce"`
	Number   string `json:"number"` // as typed; "" of a denial
	Shown    Shown  `json:"shown"`
}

// answerVersion names this list of fields. Another list has another name.
const answerVersion = "nod answer 1"

// Digest is what the keys of the phone sign.
func (m Message) Digest() []byte {
	s := m.Shown
	return digest(answerVersion, m.Origin, m.Request, m.Decision, m.Nonce, m.Number,
		s.Kind, s.Email, s.Browser, s.Address, s.Place, s.Resets, s.Change, s.Payee, s.Amount, s.Currency, s.Asked, s.Expires)
}

// digest is SHA-256 over texts, each with its length in bytes before it, so that no two
// lists read alike. The phone does the same (static/ownphone.js).
func digest(fields ...string) []byte {
	var all bytes.Buffer
	for _, field := range fields {
		all.WriteString(strconv.Itoa(len(field)) + ":" + field + ",")
	}
	sum := sha256.Sum256(all.Bytes())
	return sum[:]
}

// encode is JSON without the escapes that are for HTML.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
