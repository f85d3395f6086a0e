package simulator

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// What Faults.API may order. The first two refuse the call; the others carry
// it out and spoil the reply, so that a phone may ring although the
// application was told nothing.
const (
	APIError     = "error"      // 500 with the service's catch-all error
	APIRateLimit = "rate_limit" // 429 with Retry-After
	APIGarbage   = "garbage"    // 200 with a page of HTML, cut short
	APIHang      = "hang"       // no reply until the client gives up
	APIDrop      = "drop"       // the connection is closed without a reply
)

// What Faults.Callback may order.
const (
	CallbackTwice        = "twice"         // the same bytes, one after the other
	CallbackBeforeReply  = "before_reply"  // approved, and told, before the create call replies
	CallbackNever        = "never"         // the answer is kept, and nobody is told
	CallbackBadSignature = "bad_signature" // signed with another key
	CallbackOldNonce     = "old_nonce"     // well signed, with a nonce one hour old
	CallbackGET          = "get"           // GET with the parameters in the query
)

// maxDelay bounds what may be ordered, so that a forgotten fault ends.
const maxDelay = 10 * time.Minute

// Faults is what goes wrong, for one phone or for all. The zero value is a
// service without faults. Delays pass in real time, whatever Config.Now says.
type Faults struct {
	APIDelayMS      int    `json:"api_delay_ms"`      // each call is carried out at once and answered so much later
	PushDelayMS     int    `json:"push_delay_ms"`     // a request reaches the phone so much later
	CallbackDelayMS int    `json:"callback_delay_ms"` // an answer reaches the application so much later
	API             string `json:"api"`               // "", error, rate_limit, garbage, hang, drop
	RetryAfterS     int    `json:"retry_after_s"`     // of rate_limit; 0 = 30
	Callback        string `json:"callback"`          // "", twice, before_reply, never, bad_signature, old_nonce, get
	ClockSkewS      int    `json:"clock_skew_s"`      // the phone's clock is ahead (behind, if negative) by so much
	// LegacyDeviceUUID sends device_uuid as text, as messages of 2016 had it:
	// the npm package authy-client takes nothing else.
	LegacyDeviceUUID bool `json:"legacy_device_uuid"`
}

// check says what cannot be ordered.
func (f Faults) check() error {
	if !slices.Contains([]string{"", APIError, APIRateLimit, APIGarbage, APIHang, APIDrop}, f.API) {
		return fmt.Errorf(`api cannot be %q: error, rate_limit, garbage, hang, drop or ""`, f.API)
	}
	if !slices.Contains([]string{"", CallbackTwice, CallbackBeforeReply, CallbackNever,
		CallbackBadSignature, CallbackOldNonce, CallbackGET}, f.Callback) {
		return fmt.Errorf(`callback cannot be %q: twice, before_reply, never, bad_signature, old_nonce, get or ""`, f.Callback)
	}
	for _, d := range []struct {
		name string
		n    int
		unit time.Duration
	}{{"api_delay_ms", f.APIDelayMS, time.Millisecond}, {"push_delay_ms", f.PushDelayMS, time.Millisecond},
		{"callback_delay_ms", f.CallbackDelayMS, time.Millisecond}, {"retry_after_s", f.RetryAfterS, time.Second}} {
		if d.n < 0 || d.n > int(maxDelay/d.unit) {
			return fmt.Errorf("%s is out of range: from nothing to ten minutes", d.name)
		}
	}
	if f.ClockSkewS < -1e6 || f.ClockSkewS > 1e6 {
		return fmt.Errorf("clock_skew_s is out of range: a million seconds either way")
	}
	return nil
}

// over lays f, the faults of one phone, over those of all.
func (f Faults) over(all Faults) Faults {
	return Faults{
		APIDelayMS:       cmp.Or(f.APIDelayMS, all.APIDelayMS),
		PushDelayMS:      cmp.Or(f.PushDelayMS, all.PushDelayMS),
		CallbackDelayMS:  cmp.Or(f.CallbackDelayMS, all.CallbackDelayMS),
		API:              cmp.Or(f.API, all.API),
		RetryAfterS:      cmp.Or(f.RetryAfterS, all.RetryAfterS),
		Callback:         cmp.Or(f.Callback, all.Callback),
		ClockSkewS:       cmp.Or(f.ClockSkewS, all.ClockSkewS),
		LegacyDeviceUUID: f.LegacyDeviceUUID || all.LegacyDeviceUUID,
	}
}

func (f Faults) clockSkew() time.Duration { return time.Duration(f.ClockSkewS) * time.Second }

func millis(n int) time.Duration { return time.Duration(n) * time.Millisecond }

// faults keeps the orders. They are gone when the process ends: a fault
// that outlives its test only makes the next one a riddle.
type faults struct {
	mu     sync.Mutex
	all    Faults
	phones map[int64]Faults
}

// of is what holds for one phone; 0 stands for a call that concerns none.
func (fs *faults) effective(authyID int64) Faults {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	return fs.phones[authyID].over(fs.all)
}

// own is what was ordered for one phone alone, or for all with 0.
func (fs *faults) own(authyID int64) Faults {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if authyID == 0 {
		return fs.all
	}
	return fs.phones[authyID]
}

// change lets edit alter the faults of one phone, or of all with 0, unless
// the outcome cannot be ordered.
func (fs *faults) change(authyID int64, edit func(*Faults) error) error {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	f := fs.all
	if authyID != 0 {
		f = fs.phones[authyID]
	}
	if err := edit(&f); err != nil {
		return err
	}
	if err := f.check(); err != nil {
		return err
	}
	fs.put(authyID, f)
	return nil
}

func (fs *faults) put(authyID int64, f Faults) {
	switch {
	case authyID == 0:
		fs.all = f
	case f == Faults{}:
		delete(fs.phones, authyID)
	default:
		fs.phones[authyID] = f
	}
}

// clear ends the faults of one phone, or with 0 every fault there is.
func (fs *faults) clear(authyID int64) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if authyID != 0 {
		delete(fs.phones, authyID)
		return
	}
	fs.all = Faults{}
	clear(fs.phones)
}

// FaultList is the JSON of GET /faults: those of all phones, and those of
// single phones by Authy id.
type FaultList struct {
	All    Faults            `json:"all"`
	Phones map[string]Faults `json:"phones"`
}

func (fs *faults) list() FaultList {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	l := FaultList{All: fs.all, Phones: map[string]Faults{}}
	for id, f := range maps.All(fs.phones) {
		l.Phones[strconv.FormatInt(id, 10)] = f
	}
	return l
}

// serveFaults is GET /faults.
func (s *Simulator) serveFaults(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, s.faults.list())
}

// serveInject is POST /faults: authy_id says for which phone, all without it;
// of the faults those change that are named.
func (s *Simulator) serveInject(w http.ResponseWriter, r *http.Request) error {
	body, err := readBody(w, r)
	if err != nil {
		return err
	}
	var whose struct {
		AuthyID int64 `json:"authy_id"`
	}
	if err := json.Unmarshal(body, &whose); err != nil {
		return badRequest("authy_id must be a number")
	}
	if err := s.phoneForFault(r, whose.AuthyID); err != nil {
		return err
	}
	err = s.faults.change(whose.AuthyID, func(f *Faults) error {
		order := struct {
			AuthyID int64 `json:"authy_id"`
			*Faults
		}{Faults: f}
		return decode(body, &order)
	})
	if err != nil {
		return badRequest("%w", err)
	}
	s.notifyPages(whose.AuthyID)
	return s.serveFaults(w, r)
}

// serveClear is DELETE /faults, of one phone with ?authy_id=.
func (s *Simulator) serveClear(w http.ResponseWriter, r *http.Request) error {
	id, ok := int64(0), true
	if text := r.URL.Query().Get("authy_id"); text != "" {
		id, ok = parseAuthyID(text)
	}
	if !ok {
		return badRequest("authy_id must be a number")
	}
	s.faults.clear(id)
	s.notifyPages(id)
	return s.serveFaults(w, r)
}

func (s *Simulator) phoneForFault(r *http.Request, authyID int64) error {
	if authyID == 0 {
		return nil
	}
	_, err := findUser(r.Context(), s.db, authyID)
	return err
}

func (s *Simulator) notifyPages(authyID int64) {
	if authyID == 0 {
		s.watchers.notifyAll()
		return
	}
	s.watchers.notify(authyID)
}
