package push

import (
	"crypto/ecdh"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Subscription is where a browser can be reached, as it has told.
type Subscription struct {
	Endpoint string // a URL at its push service; a secret
	P256dh   []byte // its public key, an uncompressed point
	Auth     []byte // authSize bytes that it shares with us
}

// Hosts are the push services of the browsers there are. "*." stands for all names
// below.
var Hosts = []string{"fcm.googleapis.com", "*.push.services.mozilla.com", "*.push.apple.com", "*.notify.windows.com"}

// ErrSubscription: a subscription that no push service of the list has given.
var ErrSubscription = errors.New("push: this is no subscription")

const (
	authSize    = 16
	maxEndpoint = 2048 // several times what any of the services uses
)

// Check says whether a subscription may be used, whoever it is from.
// ErrSubscription.
func (s *Sender) Check(sub Subscription) error {
	if _, err := ecdh.P256().NewPublicKey(sub.P256dh); err != nil {
		return fmt.Errorf("%w: its key is no point of P-256", ErrSubscription)
	}
	if len(sub.Auth) != authSize {
		return fmt.Errorf("%w: its secret has %d bytes, not %d", ErrSubscription, len(sub.Auth), authSize)
	}
	return s.checkEndpoint(sub.Endpoint)
}

// checkEndpoint judges a URL that a stranger has chosen: what it says. Where its name
// leads is judged when it is dialled, since names change where they lead.
func (s *Sender) checkEndpoint(endpoint string) error {
	u, err := url.Parse(endpoint)
	switch {
	case err != nil || len(endpoint) > maxEndpoint:
		return fmt.Errorf("%w: its endpoint is no URL", ErrSubscription)
	case u.Scheme != "https" || u.User != nil || u.Fragment != "" || u.Opaque != "":
		return fmt.Errorf("%w: its endpoint is no plain https URL", ErrSubscription)
	case u.Port() != "" && u.Port() != "443" || strings.HasSuffix(u.Host, ":"):
		return fmt.Errorf("%w: its endpoint is on another port than 443", ErrSubscription)
	case !listed(u.Hostname(), s.hosts):
		return fmt.Errorf("%w: its host %q is not in the list of push services", ErrSubscription, u.Hostname())
	}
	return nil
}

// listed says whether a host is one of the list, letter by letter but for capitals.
func listed(host string, list []string) bool {
	host = strings.ToLower(host)
	for _, known := range list {
		if below, ok := strings.CutPrefix(known, "*"); ok {
			if name, is := strings.CutSuffix(host, below); is && name != "" {
				return true
			}
		} else if host == known {
			return true
		}
	}
	return false
}

// hostOf is the part of an endpoint that says nothing about a phone.
func hostOf(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}
