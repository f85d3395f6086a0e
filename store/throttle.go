package store

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"net/netip"
	"strconv"
)

// Network is what limits count as one visitor: an IPv4 address, or the /64 of an
// IPv6 one, all of which a single host may use.
func Network(ip string) string {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return ip
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is4() {
		return addr.String()
	}
	return netip.PrefixFrom(addr, 64).Masked().String()
}

// wider is the network of so many bits that an IPv6 address is in, "" for IPv4:
// who has been given a /56 or a /48 has as many of a /64 as they like.
func wider(ip string, bits int) string {
	addr, err := netip.ParseAddr(ip)
	if err != nil || addr.Unmap().Is4() {
		return ""
	}
	return netip.PrefixFrom(addr.WithZone(""), bits).Masked().String()
}

// numberHash stands for a phone number, also once its account is closed.
func (s *Store) numberHash(e164 string) string {
	if e164 == "" {
		return ""
	}
	mac := hmac.New(sha256.New, s.mailKey)
	mac.Write([]byte("number|" + e164))
	return hex.EncodeToString(mac.Sum(nil))
}

// throttleSecret is the name of the key of these hashes.
const throttleSecret = "throttle"

// mailHash stands for an e-mail, so that the file does not say whose it is.
func (s *Store) mailHash(email string) string {
	mac := hmac.New(sha256.New, s.mailKey)
	mac.Write([]byte(emailKey(email)))
	return hex.EncodeToString(mac.Sum(nil))
}

// Try is a password that was counted as wrong before it was checked.
type Try struct {
	claim claim
	given bool // a proof along with it
	right bool // that one
}

// SpendPasswordTry counts a try as failed before it is made, so that concurrent
// requests cannot exceed the limits, whether or not the account exists.
// ForgivePassword takes it back once the password was right, and the proof that was
// given along, see CheckProof. *RateError.
func (s *Store) SpendPasswordTry(ctx context.Context, email string, c Client) (t Try, err error) {
	err = s.inTx(ctx, func(tx *txn) error {
		t = Try{claim: claim{action: ActPassword, act: rand.Text(), account: s.mailHash(email), ip: c.IP, device: c.Device}}
		if t.claim.userID, err = tx.accountAt(ctx, email); err != nil {
			return err
		}
		if t.claim.known, err = tx.knownDevice(ctx, t.claim.userID, c.Device); err != nil {
			return err
		}
		if c.Proof != "" {
			if err := tx.weighProof(ctx, &t, c.Proof); err != nil {
				return err
			}
		}
		return tx.spend(ctx, t.claim)
	})
	return t, err
}

// accountAt finds whose account an e-mail is, 0 for nobody's.
func (tx *txn) accountAt(ctx context.Context, email string) (userID int64, err error) {
	const query = `
		SELECT id
		FROM users
		WHERE email_key IN (?1, ?2) AND closed_at IS NULL
		ORDER BY CASE WHEN email_key = ?2 THEN 0 ELSE 1 END
		LIMIT 1`
	err = tx.QueryRowContext(ctx, query, emailKey(email), typedEmailKey(email)).Scan(&userID)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return userID, err
}

// ReturnPasswordTry takes a try back whose password was not checked.
func (s *Store) ReturnPasswordTry(ctx context.Context, t Try) error {
	return s.inTx(ctx, func(tx *txn) error { return tx.takeBack(ctx, t.claim.act) })
}

// ForgivePassword forgets the failures of one visitor at one account, once its
// password was right: the try among them, and those before it.
func (s *Store) ForgivePassword(ctx context.Context, t Try) error {
	return s.inTx(ctx, func(tx *txn) error { return tx.startAnew(ctx, t.claim, PerVisitor, PerDevice) })
}

// spendSignIn counts a sign-in that begins with the right password: each is a row.
func (tx *txn) spendSignIn(ctx context.Context, userID int64, c Client) error {
	known, err := tx.knownDevice(ctx, userID, c.Device)
	if err != nil {
		return err
	}
	return tx.spend(ctx, claim{action: ActSignIn, known: known, account: strconv.FormatInt(userID, 10), ip: c.IP, device: c.Device})
}

// SpendSignUp counts an account that is asked for, whether or not it can be made.
// *RateError.
func (s *Store) SpendSignUp(ctx context.Context, e164 string, c Client) error {
	return s.inTx(ctx, func(tx *txn) error {
		return tx.spend(ctx, claim{action: ActSignUp, phone: e164, ip: c.IP})
	})
}
