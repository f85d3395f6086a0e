package push

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
)

func newSender(t *testing.T, o Options) *Sender {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	o.Key, o.Subject = key, "https://nod.example.com"
	s, err := New(o)
	must(t, err)
	return s
}

// subscribed is a subscription whose keys are right.
func subscribed(t *testing.T, endpoint string) Subscription {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	point, err := key.PublicKey.Bytes()
	must(t, err)
	return Subscription{endpoint, point, []byte("sixteen bytes...")}
}

// A visitor chooses the endpoint, so it must be one of a push service.
func TestOnlyEndpointsOfPushServicesAreTaken(t *testing.T) {
	s := newSender(t, Options{Hosts: []string{"push.corp.example"}})
	for endpoint, taken := range map[string]bool{
		"https://fcm.googleapis.com/fcm/send/abc":                     true,
		"https://fcm.googleapis.com:443/fcm/send/abc":                 true,
		"https://FCM.googleapis.com/fcm/send/abc":                     true,
		"https://updates.push.services.mozilla.com/wpush/v2/abc":      true,
		"https://web.push.apple.com/abc":                              true,
		"https://wns2-db5p.notify.windows.com/w/?token=abc":           true,
		"https://push.corp.example/abc":                               true,
		"http://fcm.googleapis.com/fcm/send/abc":                      false,
		"https://fcm.googleapis.com:8443/abc":                         false,
		"https://fcm.googleapis.com:/abc":                             false,
		"https://fcm.googleapis.com:0443/abc":                         false,
		"https://a@fcm.googleapis.com/abc":                            false,
		"https://fcm.googleapis.com@evil.example/abc":                 false,
		"https://fcm.googleapis.com.evil.example/abc":                 false,
		"https://evil.example/fcm.googleapis.com":                     false,
		"https://evilfcm.googleapis.com/abc":                          false,
		"https://push.apple.com/abc":                                  false,
		"https://evil-push.apple.com/abc":                             false,
		"https://evil.example#.push.apple.com":                        false,
		"https://evil.example\\.push.apple.com/":                      false,
		"https://fcm.googleapis.com./abc":                             false,
		"https://127.0.0.1/abc":                                       false,
		"https://[::1]/abc":                                           false,
		"https://localhost/abc":                                       false,
		"https://sub.push.corp.example/abc":                           false,
		"https:fcm.googleapis.com/abc":                                false,
		"ftp://fcm.googleapis.com/abc":                                false,
		"//fcm.googleapis.com/abc":                                    false,
		"":                                                            false,
		"https://fcm.googleapis.com/%zz":                              false,
		"https://fcm.googleapis.com/a\r\nb":                           false,
		"https://fcm.googleapis.com/" + strings.Repeat("a", 2<<10):    false,
		"https://fcm.googleapis.com/" + strings.Repeat("a", 1<<10):    true,
		"https://fcm.googleapis.com/" + strings.Repeat("a", 10) + "#": true, // an empty fragment is sent to nobody
	} {
		err := s.Check(subscribed(t, endpoint))
		if taken && err != nil || !taken && !errors.Is(err, ErrSubscription) {
			t.Errorf("%.60q: got %v, want taken = %v", endpoint, err, taken)
		}
	}
}

func TestKeysThatAreNoneAreRefused(t *testing.T) {
	s := newSender(t, Options{})
	right := subscribed(t, "https://fcm.googleapis.com/fcm/send/abc")
	must(t, s.Check(right))
	off := append([]byte{}, right.P256dh...)
	off[64] ^= 1
	for name, sub := range map[string]Subscription{
		"no key":                {right.Endpoint, nil, right.Auth},
		"a point off the curve": {right.Endpoint, off, right.Auth},
		"a short secret":        {right.Endpoint, right.P256dh, right.Auth[1:]},
		"no secret":             {right.Endpoint, right.P256dh, nil},
	} {
		if err := s.Check(sub); !errors.Is(err, ErrSubscription) {
			t.Errorf("%s: got %v", name, err)
		}
		if err := s.Send(sub, Message{}, nil); !errors.Is(err, ErrSubscription) {
			t.Errorf("%s: sent: %v", name, err)
		}
	}
}
