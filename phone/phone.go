// Package phone is the phone that Nod serves itself: a page that a person has opened
// on a phone of theirs, with keys that never leave it.
//
// Owns: how a phone is added, what its keys are, what an answer signs, the receipt of
// an approval, and what wakes a phone. A phone has two keys. The device key, of WebCrypto, says which phone
// it is: it renews the phone's cookie and signs every answer. The passkey says that its
// owner is there: an approval takes its signature too, with the user verified.
//
// Promises: what is signed is made here from the stored row of a request, never from
// what the phone sends; a signature is good for one request, one decision, one number
// and what was shown, at one origin.
//
// Never: changes the state of a request; knows a session, a route or a page.
package phone

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"

	"nod/locales"
	"nod/phone/push"
	"nod/signin"
	"nod/store"
)

// ErrRefused: a key has not signed this, or its owner was not verified.
var ErrRefused = errors.New("the signature of the phone is not right")

// ErrNowhere: no browser makes a passkey for the address of this site.
var ErrNowhere = errors.New("browsers make passkeys for https and for localhost only, and for no IP address")

// ErrSynced: the passkey may leave the phone, which is not allowed here.
var ErrSynced = errors.New("the passkey may be copied to other devices")

// Pages are the open pages of phones. It must not wait for any of them.
type Pages interface {
	// TellPhone says that something has changed for a phone: it reads what. After the last
	// its connections end: it was revoked, is nobody's any more, or has to sign again.
	TellPhone(phoneID string, last bool)
}

// Config is what the phones need. Store and Pages are required.
type Config struct {
	Store  *store.Store
	Pages  Pages
	Origin string           // scheme://host[:port] of the site; passkeys belong to its host
	Name   string           // of the site; "": Nod
	Bound  bool             // only passkeys that cannot leave their phone are taken
	Now    func() time.Time // nil: time.Now
	Logger *slog.Logger     // nil: slog.Default

	Push  *push.Sender       // nil: phones are not woken, and hear while their page is open
	Words *locales.Catalogue // what a push says; required with Push

	Pushed func(outcome string) // nil: nothing; told what became of each push
}

// Room serves the phones of all accounts. It is a signin.OwnPhones.
type Room struct {
	Config
	keys    *webauthn.WebAuthn
	hearing hearing
}

// New prepares the phones. ErrNowhere where no browser would make their keys.
func New(c Config) (*Room, error) {
	c.Name = cmp.Or(c.Name, "Nod")
	c.Logger = cmp.Or(c.Logger, slog.Default())
	if c.Now == nil {
		c.Now = time.Now
	}
	host, err := PasskeyHost(c.Origin)
	if err != nil {
		return nil, err
	}
	keys, err := webauthn.New(&webauthn.Config{RPID: host, RPDisplayName: c.Name, RPOrigins: []string{c.Origin}})
	if err != nil {
		return nil, fmt.Errorf("phone: %w", err)
	}
	return &Room{Config: c, keys: keys, hearing: hearing{until: map[int64]map[string]time.Time{}}}, nil
}

// PasskeyHost is the name that the passkeys of an origin belong to. ErrNowhere.
func PasskeyHost(origin string) (string, error) {
	u, err := url.Parse(origin)
	if err != nil {
		return "", err
	}
	host := u.Hostname()
	_, notAnAddress := netip.ParseAddr(host)
	if notAnAddress == nil || host == "" || u.Scheme != "https" && host != "localhost" {
		return "", ErrNowhere
	}
	return host, nil
}

// Ask keeps what the phones of a user show of a request, and rings them.
func (r *Room) Ask(ctx context.Context, a store.Approval, q signin.Question) error {
	shown, err := encode(shownOf(q))
	if err != nil {
		return err
	}
	if err := r.Store.KeepOwnRequest(ctx, a, string(shown)); err != nil {
		return err
	}
	// It waits from here on, however long whoever asked waits.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ringFor)
	defer cancel()
	r.Tell(ctx, a.UserID)
	r.wake(ctx, a, q)
	return nil
}

// Tell says that something has changed for the phones of a user.
func (r *Room) Tell(ctx context.Context, userID int64) {
	hear := r.hearing.ofUser(userID) // before the store is read: what is added meanwhile is not gone
	phones, err := r.Store.AllOwnPhones(ctx, userID)
	if err != nil {
		r.Logger.Error("the phones of a user could not be told", "user", userID, "error", err)
		return
	}
	r.tellGone(hear, phones)
	for _, p := range phones {
		r.Pages.TellPhone(p.ID, !p.RevokedAt.IsZero())
	}
}
