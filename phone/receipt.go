package phone

import (
	"encoding/json"
	"fmt"

	"nod/store"
)

// Receipt is all it takes to check an approval, years later and without this server:
// what was shown and typed, and the passkey's signature over it.
type Receipt struct {
	Version  int             `json:"nod_receipt"`
	Message  Message         `json:"message"`
	At       string          `json:"at"` // RFC 3339, by the server's clock
	Phone    string          `json:"phone"`
	Owner    []byte          `json:"owner"`
	Key      []byte          `json:"key"`    // the public key of the passkey, COSE
	Synced   bool            `json:"synced"` // the passkey may leave the phone
	Approval json.RawMessage `json:"approval"`
}

const receiptVersion = 1

func (r *Room) receipt(p store.OwnPhone, m Message, passkey []byte) Receipt {
	return Receipt{
		Version: receiptVersion, Message: m, At: moment(r.Now()), Phone: p.Name, Owner: p.Owner, Key: p.PasskeyKey,
		Synced: p.Synced, Approval: passkey,
	}
}

// VerifyReceipt says whether the passkey of a receipt has signed what it says, with its
// user verified. Whose passkey that is, the receipt alone cannot say. ErrRefused.
func VerifyReceipt(content []byte) (Receipt, error) {
	var t Receipt
	if err := json.Unmarshal(content, &t); err != nil {
		return t, fmt.Errorf("this is no receipt: %w", err)
	}
	if t.Version != receiptVersion {
		return t, fmt.Errorf("this is no receipt of version %d", receiptVersion)
	}
	r, err := New(Config{Origin: t.Message.Origin})
	if err != nil {
		return t, err
	}
	var id struct {
		RawID string `json:"rawId"`
	}
	if err := json.Unmarshal(t.Approval, &id); err != nil {
		return t, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	credential, err := base64url.DecodeString(id.RawID)
	if err != nil {
		return t, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	p := store.OwnPhone{Credential: credential, PasskeyKey: t.Key, Owner: t.Owner, Synced: t.Synced}
	_, err = r.signedByPasskey(p, t.Message.Digest(), t.Approval)
	return t, err
}
