package signin

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"nod/store"
)

// eagerness is how soon the provider may be asked again about a request.
type eagerness int

const (
	pollThrottled eagerness = iota // a page re-reads its state: seldom
	userAsked                      // a person says it is approved
)

const (
	minPollAge   = 3 * time.Second  // younger requests have their callback under way
	pollInterval = 10 * time.Second // between two questions about one request
	userInterval = time.Second
	maxLookups   = 8 // requests that are looked up at once
)

// Polled reads how a sign-in stands for a page that asks again and again, and
// asks the provider now and then whether a callback was lost.
// store.ErrNotFound without a request.
func (f *Flow) Polled(ctx context.Context, sessionID string) (State, error) {
	s, _, err := f.State(ctx, sessionID)
	if err != nil || s.Last {
		return s, err
	}
	a, err := f.Request(ctx, sessionID)
	if err != nil {
		return State{}, err
	}
	if f.reconcile(ctx, a, pollThrottled).Status != a.Status {
		s, _, err = f.State(ctx, sessionID)
	}
	return s, err
}

// Reconciled is the newest request of a sign-in, after the provider was asked
// about it if that is due. store.ErrNotFound without a request.
func (f *Flow) Reconciled(ctx context.Context, sessionID string) (store.Approval, error) {
	a, err := f.Request(ctx, sessionID)
	if err != nil {
		return a, err
	}
	return f.reconcile(ctx, a, pollThrottled), nil
}

// reconcile asks the provider about a request that is still pending here, in
// case its callback was lost, and returns the request as it is then. When the
// provider does not answer, the stored state stands.
func (f *Flow) reconcile(ctx context.Context, a store.Approval, how eagerness) store.Approval {
	if !f.mayLookUp(a, how) {
		return a
	}
	return f.lookUp(ctx, a)
}

// mayLookUp says whether the provider may be asked about a request now, and
// takes the turn if it may.
func (f *Flow) mayLookUp(a store.Approval, how eagerness) bool {
	if a.Status != store.Pending || a.UUID == "" {
		return false
	}
	now, interval := f.Now(), userInterval
	if how == pollThrottled {
		if age := now.Sub(a.CreatedAt); age >= 0 && age < minPollAge {
			return false
		}
		interval = pollInterval
	}
	return f.asked.due(a.ID, now, interval)
}

// CatchUp looks up what was answered while nobody listened: every request that
// is still pending, the nearest deadline first.
func (f *Flow) CatchUp(ctx context.Context) error {
	pending, err := f.Store.PendingIDs(ctx)
	if err != nil {
		return err
	}
	for _, id := range pending {
		if f.asked.due(id, f.Now(), pollInterval) {
			f.lookUpSoon(id, false)
		}
	}
	return nil
}

// CatchUpFirst looks up what would be over before CatchUp comes to it, or has just passed
// its deadline while no process ran: an answer that was given in time counts. It comes
// before any page is told how things stand, and takes longestWay at most.
func (f *Flow) CatchUpFirst(ctx context.Context) error {
	missed, err := f.Store.ClaimMissed(ctx, longestWay)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, longestWay)
	defer cancel()
	var all errgroup.Group
	all.SetLimit(maxLookups)
	for _, a := range missed {
		all.Go(func() error { f.lookUp(ctx, a); return nil })
	}
	return all.Wait()
}

// Joined looks up the request of a page that has just connected: what it has
// missed may have been missed here too. It does not wait for the answer.
func (f *Flow) Joined(s State) {
	a := s.request
	if !f.mayLookUp(a, pollThrottled) {
		return
	}
	f.lookUpSoon(a.ID, false)
}

// lookups are the requests that wait for their turn to be looked up. A few workers
// serve them: ten thousand pages that connect at once would otherwise leave ten
// thousand goroutines behind, whose memory Go keeps.
type lookups struct {
	mu      sync.Mutex
	urgent  []string // their deadline is near; they come first
	others  []string
	workers int
}

// add notes a request, and reports whether another worker is to begin.
func (l *lookups) add(id string, urgent bool) (begin bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if urgent {
		l.urgent = append(l.urgent, id)
	} else {
		l.others = append(l.others, id)
	}
	if l.workers == maxLookups {
		return false
	}
	l.workers++
	return true
}

// next takes the request whose turn it is; without one the worker ends.
func (l *lookups) next() (id string, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, queue := range []*[]string{&l.urgent, &l.others} {
		if len(*queue) > 0 {
			id, *queue = (*queue)[0], (*queue)[1:]
			return id, true
		}
	}
	l.urgent, l.others = nil, nil // the memory of what was served
	l.workers--
	return "", false
}

// lookUpSoon looks a request up when its turn comes, if it is still pending then.
func (f *Flow) lookUpSoon(approvalID string, urgent bool) {
	if !f.lookups.add(approvalID, urgent) {
		return
	}
	f.tasks.Go(func() {
		for {
			id, ok := f.lookups.next()
			if !ok {
				return
			}
			a, err := f.Store.Approval(f.background, id)
			if err == nil && a.Status == store.Pending {
				f.lookUp(f.background, a)
			}
		}
	})
}

// lookUp puts the provider's answer through the same conditional update as a
// callback.
func (f *Flow) lookUp(ctx context.Context, a store.Approval) store.Approval {
	ctx, cancel := f.askProvider(ctx)
	defer cancel()
	answer, err := f.Phones.Answer(ctx, a.UUID)
	if err != nil {
		// One line a minute: all that wait may meet the same outage.
		if f.warned.due("lookup", f.Now(), time.Minute) {
			f.Logger.Warn("the provider could not be asked about a request", "approval", a.ID, "error", err)
		}
		return a
	}
	if answer.Status != store.Approved && answer.Status != store.Denied {
		f.lookedUp(ctx, a)
		return a
	}
	given := givenBy(a, answer)
	answer.ApprovalID, answer.Handle = "", a.Handle
	if a.Provider == store.Own { // the other phone was asked beside it
		other, err := f.Store.Beside(ctx, a.UserID)
		if err != nil {
			return a
		}
		answer.Handle = other.Handle
	}
	decided, _, err := f.decide(ctx, answer, store.ViaProvider, given)
	if err != nil {
		f.Logger.Error("the provider's answer could not be stored", "approval", a.ID, "error", err)
		return a
	}
	return decided
}

// lookedUp notes that the provider was asked near the deadline, and has no answer.
func (f *Flow) lookedUp(ctx context.Context, a store.Approval) {
	if a.ExpiresAt.Sub(f.Now()) > f.lastLook() {
		return
	}
	if err := f.Store.NoteLookedUp(ctx, a.ID); err != nil {
		f.Logger.Error("it could not be noted that the provider has no answer", "approval", a.ID, "error", err)
	}
}

// givenBy is when an answer was given at the latest, zero if the provider does not say. Its
// clock may be wrong, so what it says counts no more than how long the answer took: to ask
// takes no longer than longestWay.
func givenBy(a store.Approval, answer Answer) time.Time {
	const whole = time.Second // what the provider's times are cut to
	took := answer.GivenAt.Sub(answer.AskedAt) + whole
	if answer.GivenAt.IsZero() || answer.AskedAt.IsZero() || took < 0 {
		return time.Time{}
	}
	said, counted := answer.GivenAt.Add(whole), a.CreatedAt.Add(longestWay+took)
	if said.After(counted) {
		return said
	}
	return counted
}
