package simulator

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"
)

// count adds one to a statistic of the month.
func count(ctx context.Context, q querier, now time.Time, name string) error {
	_, err := q.ExecContext(ctx, `INSERT INTO statistics (month, name, n) VALUES (?, ?, 1)
		ON CONFLICT (month, name) DO UPDATE SET n = n + 1`, now.UTC().Format("2006-01"), name)
	return err
}

// count only logs a failure: a call must not fail because of its statistics.
func (s *Simulator) count(ctx context.Context, now time.Time, name string) {
	if err := count(ctx, s.db, now, name); err != nil && ctx.Err() == nil {
		s.logger.Warn("counting failed", "name", name, "error", err)
	}
}

// appDetails is GET app/details.
func (s *Simulator) appDetails(*call) (object, error) {
	return object{{"app", object{{"name", s.app.name}, {"plan", "pay_as_you_go"}, {"sms_enabled", true},
		{"phone_calls_enabled", true}, {"app_id", s.app.serial}, {"onetouch_enabled", true}}},
		{"message", "Application information."}, {"success", true}}, nil
}

// appStats is GET app/stats.
func (s *Simulator) appStats(c *call) (object, error) {
	months, err := s.months(c.ctx(), c.now)
	if err != nil {
		return nil, err
	}
	var users int
	if err := s.db.QueryRowContext(c.ctx(), "SELECT count(*) FROM users WHERE removed_at = 0").Scan(&users); err != nil {
		return nil, err
	}
	return object{{"app_id", s.app.serial}, {"count", len(months)}, {"message", "Monthly statistics."},
		{"stats", months}, {"success", true}, {"total_users", users}}, nil
}

// months returns the statistics of the last twelve months, oldest first. Each
// has exactly the seven keys that one client requires.
func (s *Simulator) months(ctx context.Context, now time.Time) ([]object, error) {
	counts, err := s.counts(ctx)
	if err != nil {
		return nil, err
	}
	first := time.Date(now.UTC().Year(), now.UTC().Month()-11, 1, 0, 0, 0, 0, time.UTC)
	var months []object
	for i := range 12 {
		t := first.AddDate(0, i, 0)
		n := func(name string) int { return counts[t.Format("2006-01")+name] }
		months = append(months, object{{"api_calls_count", n("api_calls")}, {"auths_count", n("auths")}, {"calls_count", n("calls")},
			{"month", t.Month().String()}, {"sms_count", n("sms")}, {"users_count", n("users")}, {"year", t.Year()}})
	}
	return months, nil
}

// counts returns the statistics by month and name: 2026-11sms.
func (s *Simulator) counts(ctx context.Context) (map[string]int, error) {
	counts := map[string]int{}
	_, err := collect(ctx, s.db, func(scan func(...any) error) (_ struct{}, err error) {
		var month, name string
		var n int
		err = scan(&month, &name, &n)
		counts[month+name] = n
		return struct{}{}, err
	}, "SELECT month, name, n FROM statistics")
	return counts, err
}

// registerActivity is POST users/{user}/register_activity.
func (s *Simulator) registerActivity(c *call) (object, error) {
	u, err := s.userOf(c)
	if err != nil {
		return nil, err
	}
	kind := c.params.text("type")
	if !slices.Contains([]string{"password_reset", "banned", "unbanned", "cookie_login"}, kind) {
		return nil, &apiError{status: http.StatusBadRequest, code: codeCannotCreateActivity,
			message: "Activity could not be created: type must be password_reset, banned, unbanned or cookie_login"}
	}
	pairs, _ := c.params.pairs("data")
	data, err := marshal(pairsOrNull(pairs))
	if err != nil {
		return nil, err
	}
	_, err = s.db.ExecContext(c.ctx(), "INSERT INTO activities (authy_id, type, data, user_ip, at) VALUES (?, ?, ?, ?, ?)",
		u.authyID, kind, string(data), c.params.text("user_ip"), toMillis(c.now))
	if err != nil {
		return nil, err
	}
	return object{{"message", "Activity was created."}, {"success", true}}, nil
}

// updateUser is POST users/{user}/update.
func (s *Simulator) updateUser(c *call) (object, error) {
	u, err := s.userOf(c)
	if err != nil {
		return nil, err
	}
	email := cmp.Or(c.params.text("email"), c.params.text("user", "email"))
	if !validEmail(email) {
		return nil, &apiError{status: http.StatusBadRequest, code: codeInvalidEmail, message: "Email is invalid"}
	}
	if _, err := s.db.ExecContext(c.ctx(), "UPDATE users SET email = ? WHERE authy_id = ?", email, u.authyID); err != nil {
		return nil, err
	}
	s.watchers.notify(u.authyID)
	return object{{"message", "User was updated successfully"}, {"success", true}}, nil
}

// sendEmail is POST email/{user}: it sends a code to the user's address. The
// phone shows it among the messages.
func (s *Simulator) sendEmail(c *call) (object, error) {
	u, err := s.userOf(c)
	if err != nil {
		return nil, err
	}
	code := randomDigits(codeDigits)
	m := outgoing{u.countryCode, u.phoneNumber, "token", "email", code, c.params.text("action"), s.codeText("email", code, "", "")}
	if err := send(c.ctx(), s.db, m, c.now); err != nil {
		return nil, err
	}
	s.watchers.notify(u.authyID)
	return object{{"success", true}, {"message", "Email token was sent"}, {"email", u.email}, {"email_id", "EM" + randomHex(16)}}, nil
}
