package store

import (
	"context"
	"strconv"
)

// moveUsage counts again, in the one table, what files from before it have counted.
// Nobody knows by which browsers: a phone's share for strangers counts it, too.
func (tx *txn) moveUsage(ctx context.Context) (err error) {
	if tx.store.mailKey, err = secret(ctx, tx, throttleSecret); err != nil {
		return err
	}
	for _, move := range []func(context.Context) error{tx.moveFailures, tx.moveCodes, tx.movePushes} {
		if err := move(ctx); err != nil {
			return err
		}
	}
	for _, table := range []string{"password_failures", "code_sends", "code_tries"} {
		if _, err := tx.ExecContext(ctx, `DROP TABLE `+table); err != nil {
			return err
		}
	}
	return nil
}

// counted is an act of long ago.
type counted struct {
	claim claim
	at    int64
}

func (tx *txn) move(ctx context.Context, scan func(row) (counted, error), query string, args ...any) error {
	found, err := list(ctx, tx, scan, query, args...)
	if err != nil {
		return err
	}
	then := *tx
	for _, one := range found {
		then.now = one.at
		if err := then.count(ctx, one.claim); err != nil {
			return err
		}
	}
	return nil
}

func (tx *txn) moveFailures(ctx context.Context) error {
	scan := func(r row) (c counted, err error) {
		c.claim.action = ActPassword
		return c, r.Scan(&c.claim.account, &c.claim.ip, &c.at)
	}
	return tx.move(ctx, scan, `SELECT email_hash, ip, at FROM password_failures`)
}

func (tx *txn) moveCodes(ctx context.Context) error {
	of := func(action Action) func(row) (counted, error) {
		return func(r row) (c counted, err error) {
			var userID int64
			err = r.Scan(&userID, &c.claim.phone, &c.at)
			c.claim.action, c.claim.account = action, strconv.FormatInt(userID, 10)
			return c, err
		}
	}
	for table, action := range map[string]Action{"code_sends": ActCodeSent, "code_tries": ActCodeTry} {
		query := `SELECT users.id, users.phone_number, ` + table + `.at FROM ` + table + ` JOIN users ON users.id = ` + table + `.user_id`
		if err := tx.move(ctx, of(action), query); err != nil {
			return err
		}
	}
	return nil
}

// movePushes counts the requests of the last day that no approval has followed.
func (tx *txn) movePushes(ctx context.Context) error {
	scan := func(r row) (c counted, err error) {
		c.claim.action = ActPush
		return c, r.Scan(&c.claim.act, &c.claim.phone, &c.at)
	}
	return tx.move(ctx, scan, `
		SELECT approvals.id, users.phone_number, approvals.created_at
		FROM approvals JOIN users ON users.id = approvals.user_id
		WHERE approvals.created_at > ?
			AND approvals.reason NOT IN ('unavailable', 'no_device', 'push_paused')
			AND approvals.seq > COALESCE(
				(SELECT MAX(seq) FROM approvals AS yes WHERE yes.user_id = users.id AND yes.status = 'approved'), 0)`,
		tx.now-day.Milliseconds())
}
