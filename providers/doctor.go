package providers

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"nod/authy"
	"nod/signin"
)

// Doctor says in words why a callback was refused, for the operator: in the log, or
// of a request that was saved. It accepts nothing and knows no signature but the
// one that came.
type Doctor struct {
	APIKey      string
	CallbackURL string // as configured
}

// Received is a callback as it arrived.
type Received struct {
	Method   string
	Path     string // "" if it is the configured one
	RawQuery string
	Header   http.Header // with Host
	Body     []byte
}

// Judge verifies a callback as Authy.Callback does, but as of the moment that its
// nonce names: a request that was saved is old. why explains signin.ErrForged. signed
// is that moment, the zero time if the nonce names none.
func (d Doctor) Judge(r Received) (answer signin.Answer, signed time.Time, why string, err error) {
	now := time.Now()
	if seconds, err := strconv.ParseFloat(only(r.Header, "X-Authy-Signature-Nonce"), 64); err == nil && seconds >= 0 && seconds < maxSeconds {
		signed = time.Unix(int64(seconds), 0)
		now = signed
	}
	a := Authy{APIKey: d.APIKey, CallbackURL: d.CallbackURL, Now: func() time.Time { return now }}
	answer, err = a.verify(r.Method, r.RawQuery, r.Header, r.Body)
	if errors.Is(err, signin.ErrForged) {
		why = d.Why(r, err, now)
	}
	return answer, signed, why, err
}

// maxSeconds is more than any clock says in seconds since 1970.
const maxSeconds = 1e11

// Why explains a refusal, which is what Authy.Callback returned: what is wrong and
// what to do about it. now is the clock that the nonce was compared with.
func (d Doctor) Why(r Received, refusal error, now time.Time) string {
	signature, nonce := only(r.Header, "X-Authy-Signature"), only(r.Header, "X-Authy-Signature-Nonce")
	if errors.Is(refusal, signin.ErrUnsigned) {
		return unsigned(r.Header)
	}
	found := authy.Diagnose(d.APIKey, d.CallbackURL, authy.Received{
		CallbackRequest: authy.CallbackRequest{Method: r.Method, RawQuery: r.RawQuery, Body: r.Body, Signature: signature, Nonce: nonce},
		Path:            r.Path, Host: r.Header.Get("Host"), Forwarded: r.Header.Get("X-Forwarded-Host"),
	})
	late := ""
	if errors.Is(refusal, signin.ErrStaleNonce) {
		late = clockOff(nonce, now)
	}
	switch {
	case found.Found && d.asConfigured(found, r):
		return "the signature is right" + and(late)
	case found.Found:
		return d.mistake(found, r) + and(late)
	case late != "":
		return "neither the signature nor the time is right: " + late
	default:
		return "no usual mistake makes it match" + d.key()
	}
}

// asConfigured says that nothing is wrong but the nonce.
func (d Doctor) asConfigured(found authy.Diagnosis, r Received) bool {
	return found.URL == d.CallbackURL && found.Method == r.Method && found.Change == authy.Unchanged
}

func and(more string) string {
	if more == "" {
		return ""
	}
	return ", and " + more
}

// unsigned is for a request without the two headers.
func unsigned(header http.Header) string {
	if header.Get("X-Twilio-Signature") != "" {
		return "it is signed as a webhook of Twilio, not as a callback of Authy: in Twilio's console, enter this address for nothing but Authy's push authentication"
	}
	for _, name := range []string{"X-Authy-Signature", "X-Authy-Signature-Nonce"} {
		switch n := len(header.Values(name)); {
		case n == 0:
			return "the header " + name + " is missing: let the proxy pass it on; whoever is not Authy sends none"
		case n > 1:
			return "the header " + name + " is there more than once: let the proxy pass it on as it is"
		}
	}
	return "a signature header is empty or too long"
}

// mistake says with what it would match, and what to set then.
func (d Doctor) mistake(found authy.Diagnosis, r Received) string {
	var differs []string
	if found.URL != d.CallbackURL {
		differs = append(differs, urlDiffers(d.CallbackURL, found.URL)...)
	}
	if found.Method != r.Method {
		differs = append(differs, "as a "+found.Method)
	}
	if found.Change != authy.Unchanged {
		differs = append(differs, changes[found.Change])
	}
	return "it would match " + strings.Join(differs, " and ") + ": " + d.remedy(found, r)
}

// changes are what became of a body, as the end of "it would match".
var changes = map[authy.Changed]string{
	authy.AddedMark:    "without the byte order mark before its body",
	authy.AsForm:       "with its body as the JSON that this form was",
	authy.TwiceEncoded: "with its body encoded in UTF-8 once, not twice",
	authy.AsHTML:       "without the HTML escapes in its body",
	authy.AsFloats:     "with the numbers in its body as they were written",
}

// remedy is what to do, the most certain first.
func (d Doctor) remedy(found authy.Diagnosis, r Received) string {
	own, meant := origin(d.CallbackURL), origin(found.URL)
	switch {
	case found.Change != authy.Unchanged:
		return "a proxy or firewall changes bodies; let it pass those of callbacks on as they are"
	case found.Method != r.Method:
		return "a redirect on the way changes the method; let Authy call " + d.CallbackURL + " itself"
	case strings.TrimPrefix(found.URL, meant) != strings.TrimPrefix(d.CallbackURL, own), namesUsualPort(meant):
		return "enter exactly " + d.CallbackURL + " as the callback URL in Authy's dashboard"
	default:
		return "set PUBLIC_URL to " + meant + " if people use that address, else enter " + d.CallbackURL + " in Authy's dashboard"
	}
}

// namesUsualPort says that an origin has a port that PUBLIC_URL never has.
func namesUsualPort(origin string) bool {
	return strings.HasPrefix(origin, "https://") && strings.HasSuffix(origin, ":443") ||
		strings.HasPrefix(origin, "http://") && strings.HasSuffix(origin, ":80")
}

// urlDiffers names the parts in which the URL that was signed is another one.
func urlDiffers(configured, meant string) (parts []string) {
	a, err1 := url.Parse(configured)
	b, err2 := url.Parse(meant)
	if err1 != nil || err2 != nil {
		return []string{"with " + meant}
	}
	if a.Scheme != b.Scheme {
		parts = append(parts, "with "+b.Scheme)
	}
	if a.Hostname() != b.Hostname() {
		parts = append(parts, "with the host "+b.Hostname())
	}
	switch {
	case a.Port() == b.Port():
	case b.Port() == "":
		parts = append(parts, "without the port")
	default:
		parts = append(parts, "with port "+b.Port())
	}
	switch {
	case a.Path+"/" == b.Path:
		parts = append(parts, "with a slash at the end")
	case a.Path != b.Path:
		parts = append(parts, "with the path "+b.Path)
	}
	if b.RawQuery != "" {
		parts = append(parts, "with the query ?"+b.RawQuery)
	}
	return parts
}

// origin is scheme, host and port of a URL.
func origin(link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// clockOff says how far a nonce is from now.
func clockOff(nonce string, now time.Time) string {
	seconds, err := strconv.ParseFloat(nonce, 64)
	if err != nil || seconds < 0 || seconds >= maxSeconds {
		return "its nonce is no time in seconds"
	}
	age := now.Sub(time.Unix(int64(seconds), 0)).Round(time.Second)
	side := "before"
	if age < 0 {
		age, side = -age, "after"
	}
	return fmt.Sprintf("its nonce is from %s %s now, where %v is allowed: set the clock of this machine, if nobody has sent an old callback again", age, side, NonceAge)
}

// A key of Authy is 32 letters and digits of both cases; these are Twilio's.
var (
	twilioToken = regexp.MustCompile(`^[0-9a-f]{32}$`)
	twilioSID   = regexp.MustCompile(`^(AC|SK|VA)[0-9a-f]{32}$`)
)

// key is what to look at when nothing matches.
func (d Doctor) key() string {
	switch {
	case twilioToken.MatchString(d.APIKey):
		return ", and the key looks like an auth token of Twilio: set AUTHY_API_KEY to the key of the Authy application"
	case twilioSID.MatchString(d.APIKey):
		return ", and the key looks like the id of an account, key or service at Twilio: set AUTHY_API_KEY to the key of the Authy application"
	default:
		return ": either it is not from Authy, or AUTHY_API_KEY is not the key of the application that asked"
	}
}

// doctorEvery is how often the log has a diagnosis: what strangers send must not
// cost much.
const doctorEvery = 10 * time.Second

// turns gives one turn in doctorEvery.
type turns struct {
	mu   sync.Mutex
	next time.Time
}

func (t *turns) take(now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	// A clock that was set back by more gives one at once.
	if now.Before(t.next) && t.next.Sub(now) <= doctorEvery {
		return false
	}
	t.next = now.Add(doctorEvery)
	return true
}
