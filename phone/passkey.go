package phone

import (
	"fmt"

	"github.com/go-webauthn/webauthn/protocol"

	"nod/store"
)

// PasskeyID is the id of the passkey that has made an assertion: AuthenticationResponseJSON.
// ErrRefused for anything else.
func (r *Room) PasskeyID(assertion []byte) ([]byte, error) {
	parsed, err := protocol.ParseCredentialRequestResponseBytes(assertion)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return parsed.RawID, nil
}

// CheckPasskey checks that the passkey of a phone has signed a challenge, with its user
// verified, and returns what its counter says. An answer of the phone is no such thing: it
// signs a digest, which no challenge reads like. ErrRefused, store.ErrCounterWentBack;
// ErrSynced where only passkeys count that cannot leave their phone.
func (r *Room) CheckPasskey(p store.OwnPhone, challenge string, assertion []byte) (count uint32, err error) {
	if r.Bound && p.Synced {
		return 0, ErrSynced
	}
	return r.signedByPasskey(p, []byte(challenge), assertion)
}
