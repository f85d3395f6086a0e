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

// Values of Faults.API. With the first two the call fails; with the others it
// is executed but the reply is lost, so a phone may get a request although the
// application saw an error.
const (
	APIError     = "error"      // 500 with the service's generic error
	APIRateLimit = "rate_limit" // 429 with Retry-After
	APIGarbage   = "garbage"    // 200 with a truncated HTML page
	APIHang      = "hang"       // no reply until the client disconnects
	APIDrop      = "drop"       // the connection is closed without a reply
)

// Values of Faults.Callback.
const (
	CallbackTwice        = "twice"         // the same bytes twice, one after the other
	CallbackBeforeReply  = "before_reply"  // approved, and the callback sent, before the create call replies
	CallbackNever        = "never"         // the answer is stored, but no callback sent
	CallbackBadSignature = "bad_signature" // signed with another key
	CallbackOldNonce     = "old_nonce"     // correctly signed, with a nonce one hour old
	CallbackGET          = "get"           // GET with the parameters in the query
)

// maxDelay limits injected delays, so that a forgotten one ends.
const maxDelay = 10 * time.Minute

// Faults are the failures to simulate, for one phone or for all. The zero value
// has none. Delays are in real time, whatever Config.Now returns, unless
// Config.Wait replaces it.
type Faults struct {
	APIDelayMS      int    `json:"api_delay_ms"`      // calls are executed at once and answered this much later
	PushDelayMS     int    `json:"push_delay_ms"`     // requests reach the phone this much later
	CallbackDelayMS int    `json:"callback_delay_ms"` // callbacks are sent this much later
	API             string `json:"api"`               // "", error, rate_limit, garbage, hang, drop
	RetryAfterS     int    `json:"retry_after_s"`     // of error and rate_limit; 0 = none, and 30
	Callback        string `json:"callback"`          // "", twice, before_reply, never, bad_signature, old_nonce, get
	ClockSkewS      int    `json:"clock_skew_s"`      // how far the phone's clock is ahead; negative = behind
	// LegacyDeviceUUID sends device_uuid as a string, as callbacks did in 2016:
	// the npm package authy-client accepts nothing else.
	LegacyDeviceUUID bool `json:"legacy_device_uuid"`
}

// check reports invalid values.
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
			return fmt.Errorf("%s is out of range: from 0 to ten minutes", d.name)
		}
	}
	if f.ClockSkewS < -1e6 || f.ClockSkewS > 1e6 {
		return fmt.Errorf("clock_skew_s is out of range: at most a million seconds either way")
	}
	return nil
}

// over returns f, the faults of one phone, with those of all as defaults.
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

// faults holds the injected faults, in memory only: a fault that outlived its
// test would make the next one fail for no visible reason.
type faults struct {
	mu     sync.Mutex
	all    Faults
	phones map[int64]Faults
}

// effective returns the faults that apply to one phone; 0 is a call that
// concerns no phone.
func (fs *faults) effective(authyID int64) Faults {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	return fs.phones[authyID].over(fs.all)
}

// own returns the faults injected for one phone alone, or with 0 for all.
func (fs *faults) own(authyID int64) Faults {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if authyID == 0 {
		return fs.all
	}
	return fs.phones[authyID]
}

// change edits the faults of one phone, or with 0 those of all, if the result
// is valid.
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

// clear removes the faults of one phone, or with 0 every fault.
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

// FaultList is the JSON of GET /faults: the faults of all phones, and those of
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

// serveInject is POST /faults, for one phone with authy_id, else for all.
// Faults that are not named stay as they are.
func (s *Simulator) serveInject(w http.ResponseWriter, r *http.Request) error {
	body, err := readBody(w, r)
	if err != nil {
		return err
	}
	var target struct {
		AuthyID int64 `json:"authy_id"`
	}
	if err := json.Unmarshal(body, &target); err != nil {
		return badRequest("authy_id must be a number")
	}
	if err := s.phoneForFault(r, target.AuthyID); err != nil {
		return err
	}
	err = s.faults.change(target.AuthyID, func(f *Faults) error {
		change := struct {
			AuthyID int64 `json:"authy_id"`
			*Faults
		}{Faults: f}
		return decode(body, &change)
	})
	if err != nil {
		return badRequest("%w", err)
	}
	s.notifyPages(target.AuthyID)
	return s.serveFaults(w, r)
}

// serveClear is DELETE /faults; ?authy_id= clears only those of one phone.
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

// phoneForFault checks that the phone exists; 0 stands for all.
func (s *Simulator) phoneForFault(r *http.Request, authyID int64) error {
	if authyID == 0 {
		return nil
	}
	_, err := findUser(r.Context(), s.db, authyID)
	return err
}

// notifyPages sends the pages of a phone its state, or with 0 all pages.
func (s *Simulator) notifyPages(authyID int64) {
	if authyID == 0 {
		s.watchers.notifyAll()
		return
	}
	s.watchers.notify(authyID)
}
