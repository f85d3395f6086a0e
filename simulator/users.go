package simulator

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// user is a row of the table users.
type user struct {
	authyID       int64
	hexID         string
	email         string
	countryCode   int
	phoneNumber   string // national, digits only
	os            string // android, iphone
	appInstalled  bool
	confirmed     bool // has entered a valid code at least once
	appSecret     string
	genericSecret string // "" = none
	createdAt     time.Time
	owners        []string // the e-mails of all who registered this number, the first one first
}

func (u user) devices() []string {
	if !u.appInstalled {
		return []string{}
	}
	return []string{u.os}
}

func (u user) e164() string { return fmt.Sprintf("+%d%s", u.countryCode, u.phoneNumber) }

const userColumns = `authy_id, hex_id, email, country_code, phone_number, os, app_installed, confirmed,
	app_secret, generic_secret, created_at,
	(SELECT json_group_array(o.email) FROM (SELECT email FROM owners WHERE owners.authy_id = users.authy_id ORDER BY seq) o)`

func scanUser(scan func(...any) error) (u user, err error) {
	var created int64
	var owners []byte
	err = scan(&u.authyID, &u.hexID, &u.email, &u.countryCode, &u.phoneNumber, &u.os, &u.appInstalled, &u.confirmed,
		&u.appSecret, &u.genericSecret, &created, &owners)
	if err != nil {
		return u, err
	}
	u.createdAt = fromMillis(created)
	return u, json.Unmarshal(owners, &u.owners)
}

// findUser returns a user who was not removed, or ErrNoPhone.
func findUser(ctx context.Context, q querier, authyID int64) (user, error) {
	u, err := scanUser(q.QueryRowContext(ctx,
		"SELECT "+userColumns+" FROM users WHERE authy_id = ? AND removed_at = 0", authyID).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return u, ErrNoPhone
	}
	return u, err
}

// userOf returns the user named in the path of a call.
func (s *Simulator) userOf(c *call) (user, error) {
	id, ok := parseAuthyID(c.args["user"])
	if !ok {
		return user{}, userNotFound()
	}
	u, err := findUser(c.ctx(), s.db, id)
	if errors.Is(err, ErrNoPhone) {
		return u, userNotFound()
	}
	return u, err
}

// userStatus is GET users/{id}/status.
func (s *Simulator) userStatus(c *call) (object, error) {
	u, err := s.userOf(c)
	if err != nil {
		return nil, err
	}
	return object{
		{"status", object{
			{"authy_id", u.authyID}, {"confirmed", u.confirmed}, {"registered", u.appInstalled},
			{"country_code", u.countryCode}, {"phone_number", maskedPhone(u.phoneNumber)}, {"email", u.email},
			{"devices", u.devices()}, {"has_hard_token", false}, {"account_disabled", false},
			{"detailed_devices", detailedDevices(u)}, {"deleted_devices", []string{}},
		}},
		{"message", "User status."}, {"success", true},
	}, nil
}

func detailedDevices(u user) []object {
	if !u.appInstalled {
		return []object{}
	}
	return []object{{
		{"device_type", "authy"}, {"os_type", u.os}, {"registration_device_id", nil}, {"registration_method", "sms"},
		{"device_id", u.deviceID()}, {"last_sync_date", 0}, {"creation_date", u.createdAt.Unix()},
	}}
}

// deviceID is the id of the phone, which differs from that of its user.
func (u user) deviceID() int64 { return 2000000 + u.authyID }

// removeUser serves the three paths that remove a user. The real service takes
// up to a day; the simulator does it at once.
func (s *Simulator) removeUser(c *call) (object, error) {
	u, err := s.userOf(c)
	if err != nil {
		return nil, err
	}
	if err := s.removePhone(c.ctx(), u.authyID, c.now); err != nil {
		return nil, err
	}
	return object{{"message", "User removed from application"}, {"success", true}}, nil
}

// removePhone takes a phone off the list, and tells its pages.
func (s *Simulator) removePhone(ctx context.Context, authyID int64, now time.Time) error {
	err := s.tx(ctx, func(tx *sql.Tx) error {
		for _, table := range []string{"scans", "owners"} {
			if _, err := tx.ExecContext(ctx, "DELETE FROM "+table+" WHERE authy_id = ?", authyID); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, "UPDATE users SET removed_at = ? WHERE authy_id = ?", toMillis(now), authyID)
		return err
	})
	if err == nil {
		s.watchers.notify(authyID)
	}
	return err
}

// maskedPhone shows the last four digits: XXX-XXX-9302. The others are grouped
// in threes from the right, as in the one recorded mask of nine digits.
func maskedPhone(phone string) string {
	masked := []byte(strings.Repeat("X", len(phone)))
	if len(phone) > 4 {
		copy(masked[len(phone)-4:], phone[len(phone)-4:])
	}
	return strings.Join(grouped(string(masked)), "-")
}

// grouped splits a national number of any length in the manner of 3-3-4.
func grouped(phone string) []string {
	var groups []string
	rest := phone
	for _, size := range []int{4, 3} {
		if len(rest) > size {
			groups = append(groups, rest[len(rest)-size:])
			rest = rest[:len(rest)-size]
		}
	}
	groups = append(groups, rest)
	slices.Reverse(groups)
	return groups
}

// maskedCellphone is the mask in replies about sent codes, +57-XXX-XXX-XX02 for
// a number of any length.
func maskedCellphone(u user) string {
	last := u.phoneNumber[max(0, len(u.phoneNumber)-2):]
	return fmt.Sprintf("+%d-XXX-XXX-XX%s", u.countryCode, last)
}
