package store

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"slices"
	"strings"
)

// claim is what somebody is about to do. What is not known of it stays empty:
// limits by that do not count it.
type claim struct {
	action  Action
	act     string // names it, to take it back; "" makes one
	known   bool   // by a browser that the account knows
	account string // of accountKey or emailHash
	phone   string // E.164
	device  string
	ip      string
	country string
	userID  int64 // whose account it is, where account does not say: for the audit trail
}

// spend counts claims, in the transaction that acts on them, so that concurrent
// requests and other instances cannot exceed a limit. *RateError when one is
// reached: then nothing is counted. It says when all of them have room again.
func (tx *txn) spend(ctx context.Context, claims ...claim) error {
	if err := tx.store.allowed(ctx, tx, tx.now, claims...); err != nil {
		tx.noteLimited(ctx, claims[0], err)
		return err
	}
	for _, c := range claims {
		if err := tx.count(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func (tx *txn) count(ctx context.Context, c claim) error {
	keys := tx.store.countedUnder(c)
	if len(keys) == 0 {
		return nil
	}
	act := cmp.Or(c.act, rand.Text())
	var rows []any
	for _, key := range keys {
		rows = append(rows, key, act, tx.now)
	}
	insert := `INSERT INTO usage (key, act, at) VALUES (?, ?, ?)` + strings.Repeat(`, (?, ?, ?)`, len(keys)-1)
	_, err := tx.ExecContext(ctx, insert, rows...)
	return err
}

// allowed is spend without counting.
func (s *Store) allowed(ctx context.Context, q querier, now int64, claims ...claim) error {
	var over RateError
	for _, c := range claims {
		for _, l := range s.limits {
			free, err := s.free(ctx, q, l, c, now)
			if err != nil {
				return err
			}
			if free > now && at(free).After(over.RetryAt) {
				over = RateError{RetryAt: at(free), Limit: l.Name}
			}
		}
	}
	if over.Limit != "" {
		return &over
	}
	return nil
}

// free is when a limit has room for one more claim, 0 if it has now.
func (s *Store) free(ctx context.Context, q querier, l Limit, c claim, now int64) (int64, error) {
	key := s.key(l, c)
	if key == "" {
		return 0, nil
	}
	oldest, err := nth(ctx, q, key, now-l.Window.Milliseconds(), l.N)
	if err != nil || oldest == 0 {
		return 0, err
	}
	free := oldest + l.Window.Milliseconds()
	if l.Pace == 0 {
		return free, nil
	}
	newest, err := nth(ctx, q, key, 0, 1)
	if err != nil {
		return 0, err
	}
	pace := l.Pace.Milliseconds()
	if been, err := s.been(ctx, q, l, PerVisitor, c, now); err != nil || been && l.Newcomers {
		return free, err
	}
	if been, err := s.been(ctx, q, l, within[l.Per], c, now); err != nil || been {
		return min(free, newest+2*pace), err
	}
	return min(free, newest+pace), nil
}

// within are the scopes by which those are told apart who share one.
var within = map[Scope]Scope{
	PerAccount: perNetwork, PerPhone: perNetwork, PerSource: PerVisitor,
	PerSource56: PerSource, PerSource48: PerSource, PerSite: PerSource,
}

// been says whether something was counted of the one, among those who share a limit,
// whose claim it is: they go behind who is new there.
func (s *Store) been(ctx context.Context, q querier, l Limit, per Scope, c claim, now int64) (bool, error) {
	l.Per = per
	key := s.key(l, c)
	if per == "" || key == "" {
		return false, nil
	}
	last, err := nth(ctx, q, key, now-l.Window.Milliseconds(), 1)
	return last > 0, err
}

// scopes are those that a limit counts by.
func (l Limit) scopes() []Scope {
	all := []Scope{l.Per}
	if shared := within[l.Per]; shared != "" && l.Pace > 0 {
		all = append(all, shared)
	}
	if l.Newcomers {
		all = append(all, PerVisitor)
	}
	return all
}

const nthQuery = `SELECT at FROM usage WHERE key = CAST(? AS TEXT) AND at > ? ORDER BY at DESC LIMIT 1 OFFSET ?`

// nth is when the nth newest act was counted under a key, 0 if there are not so
// many since then.
func nth(ctx context.Context, q querier, key string, since int64, n int) (when int64, err error) {
	err = q.QueryRowContext(ctx, nthQuery, key, since, n-1).Scan(&when)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return when, wrap(err)
}

// countedUnder are the keys that a claim is counted under, those of some scopes if
// they are named.
func (s *Store) countedUnder(c claim, scopes ...Scope) (all []string) {
	for _, l := range s.limits {
		for _, l.Per = range l.scopes() {
			if len(scopes) > 0 && !slices.Contains(scopes, l.Per) {
				continue
			}
			if key := s.key(l, c); key != "" && !slices.Contains(all, key) {
				all = append(all, key)
			}
		}
	}
	return all
}

// key is what a limit counts a claim under, "" if it does not concern it.
func (s *Store) key(l Limit, c claim) string {
	concerned := l.Action == c.action && (l.Who == Everybody || (l.Who == Known) == c.known)
	subject := s.subject(l.Per, c)
	if !concerned || subject == "" {
		return ""
	}
	return strings.Join([]string{string(l.Action), string(l.Per), string(l.Who), subject}, "|")
}

func (s *Store) subject(per Scope, c claim) string {
	switch per {
	case PerAccount:
		return c.account
	case PerPhone:
		return s.numberHash(c.phone)
	case PerDevice:
		return both(c.device, c.account)
	case perNetwork:
		return both(c.account, cmp.Or(wider(c.ip, 48), Network(c.ip)))
	case PerVisitor:
		return both(c.account, Network(c.ip))
	case PerSource:
		return Network(c.ip)
	case PerSource56:
		return wider(c.ip, 56)
	case PerSource48:
		return wider(c.ip, 48)
	case PerCountry:
		return c.country
	default:
		return "site"
	}
}

func both(a, b string) string {
	if a == "" || b == "" {
		return ""
	}
	return a + "|" + b
}

// takeBack forgets acts: those that came to nothing.
func (tx *txn) takeBack(ctx context.Context, act string) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM usage WHERE act = ?`, act)
	return err
}

// startAnew forgets the acts that were counted as a claim by these scopes,
// wherever else they were counted.
func (tx *txn) startAnew(ctx context.Context, c claim, scopes ...Scope) error {
	for _, key := range tx.store.countedUnder(c, scopes...) {
		const forget = `DELETE FROM usage WHERE act IN (SELECT act FROM usage WHERE key = ?)`
		if _, err := tx.ExecContext(ctx, forget, key); err != nil {
			return err
		}
	}
	return nil
}

// ResetLimits forgets all that was counted: for demonstrations.
func (s *Store) ResetLimits(ctx context.Context) error {
	_, err := s.exec(ctx, `DELETE FROM usage`)
	return wrap(err)
}
