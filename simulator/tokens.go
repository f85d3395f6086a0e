package simulator

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"database/sql"
	"encoding/base32"
	"errors"
	"net/http"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
)

// tokenKind is a kind of time-based token: RFC 6238 with SHA-1.
type tokenKind struct {
	digits otp.Digits
	period time.Duration
	// window is how many steps a token may be early or late: half a minute.
	// What the real service allows is not documented.
	window int64
}

var (
	appToken     = tokenKind{digits: 7, period: 10 * time.Second, window: 3} // of the app
	genericToken = tokenKind{digits: 6, period: 30 * time.Second, window: 1} // of any authenticator
)

func (k tokenKind) step(t time.Time) int64 { return t.Unix() / int64(k.period/time.Second) }

func (k tokenKind) at(secret string, step int64) (string, error) {
	seconds := uint(k.period / time.Second)
	return totp.GenerateCodeCustom(secret, time.Unix(step*int64(seconds), 0), totp.ValidateOpts{
		Period: seconds, Digits: k.digits, Algorithm: otp.AlgorithmSHA1,
	})
}

// matching finds the step around t whose token is code.
func (k tokenKind) matching(secret, code string, t time.Time) (step int64, ok bool, err error) {
	now := k.step(t)
	for step := now - k.window; step <= now+k.window; step++ {
		token, err := k.at(secret, step)
		if err != nil {
			return 0, false, err
		}
		if subtle.ConstantTimeCompare([]byte(token), []byte(code)) == 1 {
			return step, true, nil
		}
	}
	return 0, false, nil
}

// newSecret returns 20 random bytes in base32, the form authenticators use.
func newSecret() string {
	b := make([]byte, 20)
	rand.Read(b) // never returns an error
	return base32.StdEncoding.EncodeToString(b)
}

// Token is what an authenticator shows.
type Token struct {
	Token     string `json:"token"`
	ExpiresIn int    `json:"expires_in"` // seconds, at least 1
}

// shown is the token that an authenticator shows at t.
func (k tokenKind) shown(secret string, t time.Time) (Token, error) {
	token, err := k.at(secret, k.step(t))
	period := int64(k.period / time.Second)
	return Token{token, int(period - t.Unix()%period)}, err
}

// tokens returns what a phone shows: the app's token, nil without the app, and
// the generic authenticator's, nil before one is set up.
func (s *Simulator) tokens(u user) (app, generic *Token, err error) {
	clock := s.now().Add(s.faults.effective(u.authyID).clockSkew())
	if u.appInstalled {
		t, err := appToken.shown(u.appSecret, clock)
		if err != nil {
			return nil, nil, err
		}
		app = &t
	}
	if u.genericSecret != "" {
		t, err := genericToken.shown(u.genericSecret, clock)
		if err != nil {
			return nil, nil, err
		}
		generic = &t
	}
	return app, generic, nil
}

var (
	errTokenInvalid = &apiError{status: http.StatusUnauthorized, code: codeInvalidToken,
		message: "Token is invalid", token: "is invalid"}
	errTokenReused = &apiError{status: http.StatusUnauthorized, code: codeReusedToken,
		message: "Token is invalid. Token was used recently.", token: "is invalid"}
)

// verify is GET verify/{token}/{user}, for tokens and for codes that were sent.
// Like the service it accepts any code from a user whose registration is not
// complete, unless the call has force=true. So tests catch a client that omits
// it. A registration is complete once the app is installed, or a valid code was
// entered.
func (s *Simulator) verify(c *call) (object, error) {
	u, err := s.userOf(c)
	if e, ok := asAPIError(err); err != nil && ok {
		return nil, &apiError{status: e.status, code: codeNoUserToVerify, message: "User doesn't exist"}
	}
	if err != nil {
		return nil, err
	}
	if code := c.args["token"]; code == s.config.SandboxToken {
		return object{{"message", "Token is valid."}, {"token", "is valid"}, {"success", "true"}, {"device", nil}}, nil
	}
	via, err := s.redeem(c.ctx(), u, c.args["token"], c.params.text("action"), c.now)
	lenient := !u.confirmed && !u.appInstalled && !c.params.flag("force")
	if err != nil && (!lenient || !errors.As(err, new(*apiError))) {
		return nil, err
	}
	return object{{"message", "Token is valid."}, {"token", "is valid"},
		{"success", "true"}, // a string in this reply alone
		{"device", verifiedDevice(u, via)}}, nil
}

// redeem uses up a code of any kind and confirms the user. via is "sms" for a
// code that was sent, "app" for a token.
func (s *Simulator) redeem(ctx context.Context, u user, code, action string, now time.Time) (via string, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		via = "sms"
		found, err := redeemCode(ctx, tx, u, code, action, now)
		if err == nil && !found {
			via = "app"
			found, err = redeemToken(ctx, tx, u, code, now)
		}
		switch {
		case err != nil:
			return err
		case !found:
			return errTokenInvalid
		}
		if err := count(ctx, tx, now, "auths"); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE users SET confirmed = 1 WHERE authy_id = ?", u.authyID)
		return err
	})
	return via, err
}

// redeemCode looks for the code among those that were sent. A code for an
// action is valid only for that action.
func redeemCode(ctx context.Context, tx *sql.Tx, u user, code, action string, now time.Time) (found bool, err error) {
	const mine = ` WHERE kind = 'token' AND country_code = ? AND phone_number = ? AND code = ? AND action = ? AND expires_at > ?`
	args := []any{u.countryCode, u.phoneNumber, code, action, toMillis(now)}
	found, err = changed(ctx, tx, `UPDATE messages SET spent_at = ? WHERE seq =
		(SELECT min(seq) FROM messages`+mine+` AND spent_at = 0)`, append([]any{toMillis(now)}, args...)...)
	if err != nil || found {
		return found, err
	}
	var used bool
	err = tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM messages"+mine+" AND spent_at <> 0)", args...).Scan(&used)
	if err == nil && used {
		err = errTokenReused
	}
	return false, err
}

// redeemToken looks for the code among the time-based tokens, each of which is
// valid once, and for every action: an offline phone cannot know the action.
func redeemToken(ctx context.Context, tx *sql.Tx, u user, code string, now time.Time) (found bool, err error) {
	for _, t := range []struct {
		kind   tokenKind
		secret string
		there  bool
	}{
		{appToken, u.appSecret, u.appInstalled},
		{genericToken, u.genericSecret, u.genericSecret != ""},
	} {
		if !t.there || len(code) != t.kind.digits.Length() {
			continue
		}
		step, ok, err := t.kind.matching(t.secret, code, now)
		if err != nil {
			return false, err
		}
		if !ok {
			continue
		}
		fresh, err := changed(ctx, tx, "INSERT INTO spent_tokens (authy_id, secret, step, at) VALUES (?, ?, ?, ?) ON CONFLICT (authy_id, secret, step) DO NOTHING",
			u.authyID, t.secret, step, toMillis(now))
		if err == nil && !fresh {
			err = errTokenReused
		}
		return fresh, err
	}
	return false, nil
}

// verifiedDevice describes the device that the code came from.
func verifiedDevice(u user, via string) object {
	if via != "app" {
		return object{{"id", nil}, {"os_type", "sms"}, {"registration_date", u.createdAt.Unix()}, {"registration_method", nil},
			{"registration_country", nil}, {"registration_region", nil}, {"registration_city", nil}, {"country", nil},
			{"region", nil}, {"city", nil}, {"ip", nil}, {"last_account_recovery_at", nil}, {"last_sync_date", nil}}
	}
	return object{{"city", nil}, {"country", nil}, {"ip", "203.0.113.7"}, {"region", nil}, {"registration_city", nil},
		{"registration_country", nil}, {"registration_device_id", nil}, {"registration_ip", "203.0.113.7"},
		{"registration_method", "sms"}, {"registration_region", nil}, {"os_type", u.osType()},
		{"last_account_recovery_at", nil}, {"id", u.deviceID()}, {"registration_date", u.createdAt.Unix()}}
}
