package store

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"sync"
	"time"
)

// refusal is what is counted together: of one kind, to one source, within one
// minute.
type refusal struct {
	minute int64 // the time it began at
	kind   EventKind
	detail string
	source string // see Network; "" for many
	userID int64  // whose account a limit has kept closed, 0 for nobody's
}

// sourcesPerMinute bounds how many lines a flood from everywhere leaves: what
// further sources of the same minute and kind are refused is counted together.
const sourcesPerMinute = 50

func (s *Store) refusal(kind EventKind, detail, ip string, userID, now int64) refusal {
	minute := now - now%time.Minute.Milliseconds()
	return refusal{minute, kind, detail, Network(ip), userID}
}

// many is a refusal that is counted with those to other sources.
func (r refusal) many() refusal {
	r.source, r.userID = "", 0
	return r
}

// refusalCounts are counted in memory first, so that who floods us with requests that
// nobody would keep anything of does not make us write for each.
type refusalCounts struct {
	mu      sync.Mutex
	times   map[refusal]int
	sources map[sameKind]int
}

// sameKind is what sourcesPerMinute bounds.
type sameKind struct {
	minute int64
	kind   EventKind
}

func (r *refusalCounts) add(one refusal, times int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.times == nil {
		r.times, r.sources = map[refusal]int{}, map[sameKind]int{}
	}
	if _, known := r.times[one]; !known {
		same := sameKind{one.minute, one.kind}
		if r.sources[same] >= sourcesPerMinute {
			one = one.many()
		} else {
			r.sources[same]++
		}
	}
	r.times[one] += times
}

func (r *refusalCounts) addAll(all []refusal) {
	for _, one := range all {
		r.add(one, 1)
	}
}

// take empties it.
func (r *refusalCounts) take() map[refusal]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	taken := r.times
	r.times, r.sources = nil, nil
	return taken
}

// Refuse counts what was refused before anybody was known, for the audit trail. It
// is written within seconds, see KeepTrailSigned. detail is a word of ours.
func (s *Store) Refuse(kind EventKind, detail, ip string) {
	s.refused.add(s.refusal(kind, detail, ip, 0, s.now()), 1)
}

// noteLimited counts what a limit has refused, and whose account it was about. It is
// no line of its own each time: who is refused goes on as they like.
func (tx *txn) noteLimited(ctx context.Context, c claim, refused error) {
	var limit *RateError
	if !errors.As(refused, &limit) {
		return
	}
	userID, _ := strconv.ParseInt(c.account, 10, 64) // 0 for what is no account
	one := tx.store.refusal(EventLimited, limit.Limit, cmp.Or(c.ip, actorOf(ctx).IP), cmp.Or(c.userID, userID), tx.now)
	tx.limited = append(tx.limited, one)
}

// keepRefusals writes what was counted in memory.
func (s *Store) keepRefusals(ctx context.Context) error {
	counted := s.refused.take()
	if len(counted) == 0 {
		return nil
	}
	err := s.inTx(ctx, func(tx *txn) error {
		for one, times := range counted {
			if err := tx.countRefusal(ctx, one, times); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		for one, times := range counted {
			s.refused.add(one, times)
		}
	}
	return err
}

// countRefusal counts refusals in the transaction that decides them.
func (tx *txn) countRefusal(ctx context.Context, one refusal, times int) error {
	const known = `
		SELECT COUNT(*), COALESCE(MAX(CASE WHEN detail = ?3 AND source = ?4 AND user_id = ?5 THEN 1 ELSE 0 END), 0)
		FROM refusals
		WHERE minute = ?1 AND kind = ?2`
	var sources, same int
	if err := tx.QueryRowContext(ctx, known, one.minute, one.kind, one.detail, one.source, one.userID).Scan(&sources, &same); err != nil {
		return err
	}
	if same == 0 && sources >= sourcesPerMinute {
		one = one.many()
	}
	const add = `
		INSERT INTO refusals (minute, kind, detail, source, user_id, times)
		VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (minute, kind, detail, source, user_id) DO UPDATE SET times = refusals.times + excluded.times`
	_, err := tx.ExecContext(ctx, add, one.minute, one.kind, one.detail, one.source, one.userID, times)
	return err
}

// settleRefusals makes lines of the audit trail of the refusals that match, without
// the addresses of accounts that were closed meanwhile.
func (tx *txn) settleRefusals(ctx context.Context, condition string, args ...any) (settled int, err error) {
	take := `
		DELETE FROM refusals
		WHERE ` + condition + `
		RETURNING
			minute,
			kind,
			detail,
			CASE WHEN user_id IN (SELECT id FROM users WHERE closed_at IS NOT NULL) THEN '' ELSE source END,
			user_id,
			times`
	lines, err := list(ctx, tx, scanRefusal, take, args...)
	if err != nil {
		return 0, err
	}
	for _, e := range lines {
		if err := tx.record(ctx, e); err != nil {
			return 0, err
		}
	}
	return len(lines), nil
}

func scanRefusal(r row) (Event, error) {
	var e Event
	var minute int64
	err := r.Scan(&minute, &e.Kind, &e.Detail, &e.IP, &e.UserID, &e.Times)
	e.At = at(minute)
	return e, err
}

// settlePast settles the refusals of minutes that are over.
func (s *Store) settlePast(ctx context.Context) error {
	now := s.now()
	over := now - now%time.Minute.Milliseconds()
	var any bool
	if err := s.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM refusals WHERE minute < ?)`, over).Scan(&any); err != nil || !any {
		return wrap(err)
	}
	const some = `id IN (SELECT id FROM refusals WHERE minute < ? ORDER BY id LIMIT ?)`
	for {
		settled := 0
		err := s.inTx(ctx, func(tx *txn) (err error) {
			settled, err = tx.settleRefusals(ctx, some, over, sweepBatch)
			return err
		})
		if err != nil || settled < sweepBatch {
			return err
		}
	}
}

// settleRefusalsOf does so for a user whose account is closed: its addresses are
// forgotten with those of the other lines.
func (tx *txn) settleRefusalsOf(ctx context.Context, userID int64) error {
	_, err := tx.settleRefusals(Actor{}.In(ctx), `user_id = ?`, userID)
	return err
}
