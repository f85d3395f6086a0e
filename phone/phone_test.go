package phone_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"nod/phone"
	"nod/phone/phonetest"
	"nod/signin"
	"nod/store"
)

const origin = "https://nod.example:8443"

var client = store.Client{IP: "192.0.2.7", UserAgent: "Browser/1.0"}

// world is the phones on a real database, with a clock that stands still.
type world struct {
	t     *testing.T
	now   time.Time
	store *store.Store
	room  *phone.Room
	told  []string // phones
	users int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, time.November, 24, 19, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return w.now }
	var err error
	w.store, err = store.Open(t.Context(), filepath.Join(t.TempDir(), "nod.db"), store.Options{
		Now: clock, HashParams: &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32},
	})
	must(t, err)
	t.Cleanup(func() { must(t, w.store.Close()) })
	w.room, err = phone.New(phone.Config{Store: w.store, Pages: w, Origin: origin, Now: clock})
	must(t, err)
	return w
}

func (w *world) TellPhone(id string, _ bool) { w.told = append(w.told, id) }

// account is a user who is signed in.
func (w *world) account() (store.User, store.Session) {
	w.t.Helper()
	w.users++
	u, err := w.store.CreateUser(w.t.Context(), store.NewUser{
		Name: "Ada", Email: fmt.Sprintf("ada%d@example.com", w.users), Password: "correct horse battery",
		PhoneNumber: fmt.Sprintf("+1201555%04d", w.users), CountryCode: 1, Handle: fmt.Sprint(w.users),
	})
	must(w.t, err)
	half, err := w.store.StartSession(w.t.Context(), u.ID, "", client)
	must(w.t, err)
	a, _, err := w.store.BeginApproval(w.t.Context(), half.ID, store.KindLogin, "", time.Minute)
	must(w.t, err)
	_, applied, err := w.store.Decide(w.t.Context(), store.Decision{ApprovalID: a.ID, UUID: a.ID, Handle: a.Handle, Status: store.Approved})
	must(w.t, err)
	if !applied {
		w.t.Fatal("the tap was not applied")
	}
	in, err := w.store.ConfirmLogin(w.t.Context(), half.ID, client)
	must(w.t, err)
	return u, in
}

// enrols adds a phone, with what change makes of what it sends.
func (w *world) enrols(in store.Session, p *phonetest.Phone, change func(*phone.NewPhone)) (cookie string, err error) {
	w.t.Helper()
	code, err := w.store.NewPhoneCode(w.t.Context(), in.ID)
	must(w.t, err)
	o, err := w.room.Begin(w.t.Context(), phone.Grouped(code), client)
	must(w.t, err)
	p.Owner = o.Owner
	n := phone.NewPhone{Code: code, Name: "Pixel", DeviceKey: p.DeviceKey()}
	n.Passkey = p.Create(phonetest.Digest("nod passkey 1", o.Origin, o.Challenge, base64url(n.DeviceKey)))
	n.Signature = p.Sign(phonetest.Digest("nod phone 1", o.Origin, o.Challenge, n.Name, string(n.Passkey)))
	change(&n)
	return w.room.Finish(w.t.Context(), n)
}

// phone is one that counts.
func (w *world) phone(in store.Session, change ...func(*phonetest.Phone)) (*phonetest.Phone, store.OwnPhone) {
	w.t.Helper()
	p := phonetest.New(origin, "nod.example")
	for _, c := range change {
		c(p)
	}
	cookie, err := w.enrols(in, p, func(*phone.NewPhone) {})
	must(w.t, err)
	known, err := w.store.OwnPhoneOf(w.t.Context(), cookie)
	must(w.t, err)
	must(w.t, w.store.ConfirmOwnPhone(w.t.Context(), in.ID, known.ID, client))
	known, err = w.store.OwnPhoneOf(w.t.Context(), cookie)
	must(w.t, err)
	return p, known
}

// asks is a request that the phones of a user show.
func (w *world) asks(u store.User) store.Approval { return w.asksFor(u, store.KindLogin) }

func (w *world) asksFor(u store.User, kind store.Kind) store.Approval {
	w.t.Helper()
	half, err := w.store.StartSession(w.t.Context(), u.ID, "", client)
	must(w.t, err)
	a, _, err := w.store.BeginApproval(w.t.Context(), half.ID, store.KindLogin, "", 2*time.Minute)
	must(w.t, err)
	must(w.t, w.room.Ask(w.t.Context(), a, signin.Question{
		ApprovalID: a.ID, Kind: kind, Email: u.Email, AskedAt: a.CreatedAt, ExpiresAt: a.ExpiresAt,
		Login:    signin.Login{Number: a.Number, Browser: "Firefox on Linux", Address: client.IP, Place: "Bogotá", Resets: true},
		Change:   "the password",
		Transfer: signin.Money{Payee: "Bob", Minor: 1250, Currency: "EUR"},
	}))
	return a
}

// message is what an answer to a request says.
func (w *world) message(p store.OwnPhone, a store.Approval, decision store.ApprovalStatus) phone.Message {
	w.t.Helper()
	asked, err := w.store.OwnRequestOf(w.t.Context(), p, a.ID)
	must(w.t, err)
	m := phone.Message{Origin: origin, Request: a.ID, Decision: string(decision), Nonce: asked.Nonce}
	if decision == store.Approved {
		m.Number = a.Number
	}
	must(w.t, json.Unmarshal([]byte(asked.Shown), &m.Shown))
	return m
}

// digest is what a phone makes of a message.
func digest(m phone.Message) []byte {
	s := m.Shown
	return phonetest.Digest("nod answer 1", m.Origin, m.Request, m.Decision, m.Nonce, m.Number, s.Kind, s.Email, s.Browser,
		s.Address, s.Place, s.Resets, s.Change, s.Payee, s.Amount, s.Currency, s.Asked, s.Expires)
}

func signed(p *phonetest.Phone, m phone.Message) phone.Answer {
	d := digest(m)
	a := phone.Answer{Decision: store.ApprovalStatus(m.Decision), Number: m.Number, Signature: p.Sign(d)}
	if a.Decision == store.Approved {
		a.Passkey = p.Approve(d)
	}
	return a
}

func TestAnAnswerOfAPhone(t *testing.T) {
	w := newWorld(t)
	ada, in := w.account()
	keys, pixel := w.phone(in)
	a := w.asks(ada)
	if len(w.told) != 1 || w.told[0] != pixel.ID {
		t.Errorf("told were %v", w.told)
	}
	m := w.message(pixel, a, store.Approved)
	got, err := w.room.Check(t.Context(), pixel, a.ID, signed(keys, m))
	must(t, err)
	if got.Status != store.Approved || got.Number != a.Number || got.PhoneID != pixel.ID || got.RequestID != a.ID {
		t.Errorf("got %+v", got)
	}
	_, applied, err := w.store.AnswerOwn(t.Context(), got)
	must(t, err)
	if !applied {
		t.Error("it was not applied")
	}
	// A denial needs no passkey.
	b := w.asks(ada)
	denial, err := w.room.Check(t.Context(), pixel, b.ID, signed(keys, w.message(pixel, b, store.Denied)))
	must(t, err)
	if denial.Status != store.Denied || denial.Receipt != "" {
		t.Errorf("got %+v", denial)
	}
}

// Whatever of a message was another one when it was signed, the signature is refused:
// by the device key and by the passkey alike.
func TestASignatureIsForOneMessage(t *testing.T) {
	w := newWorld(t)
	ada, in := w.account()
	keys, pixel := w.phone(in)
	a := w.asksFor(ada, store.KindTransfer) // which has all fields
	right := w.message(pixel, a, store.Approved)
	for _, field := range fields(&right) {
		m := right
		changed := fields(&m)[field.i]
		changed.value.SetString(changed.value.String() + "x")
		for what, answer := range map[string]phone.Answer{
			"both keys":   {Signature: keys.Sign(digest(m)), Passkey: keys.Approve(digest(m))},
			"the device":  {Signature: keys.Sign(digest(m)), Passkey: keys.Approve(digest(right))},
			"the passkey": {Signature: keys.Sign(digest(right)), Passkey: keys.Approve(digest(m))},
		} {
			answer.Decision, answer.Number = store.Approved, right.Number
			if _, err := w.room.Check(t.Context(), pixel, a.ID, answer); !errors.Is(err, phone.ErrRefused) {
				t.Errorf("%s signed another %s: got %v", what, field.name, err)
			}
		}
	}
	if _, err := w.room.Check(t.Context(), pixel, a.ID, signed(keys, right)); err != nil {
		t.Errorf("as it is: %v", err)
	}
	if got := len(fields(&right)); got != 17 {
		t.Errorf("%d fields were changed", got)
	}
}

// field is a text of a message, however deep.
type field struct {
	i     int
	name  string
	value reflect.Value
}

func fields(m *phone.Message) (all []field) {
	var each func(v reflect.Value)
	each = func(v reflect.Value) {
		for i := range v.NumField() {
			if f := v.Field(i); f.Kind() == reflect.Struct {
				each(f)
			} else {
				all = append(all, field{len(all), v.Type().Field(i).Name, f})
			}
		}
	}
	each(reflect.ValueOf(m).Elem())
	return all
}

func TestAnAnswerIsRefused(t *testing.T) {
	w := newWorld(t)
	ada, in := w.account()
	keys, pixel := w.phone(in, func(p *phonetest.Phone) { p.Counter = 5 })
	_, eves := w.account()
	others, _ := w.phone(eves)
	a, b := w.asks(ada), w.asks(ada)
	m := w.message(pixel, b, store.Approved)
	deny := w.message(pixel, b, store.Denied)
	with := func(change func(*phone.Answer)) phone.Answer {
		answer := signed(keys, m)
		change(&answer)
		return answer
	}
	unverified := *keys
	unverified.Unverified = true
	back := *keys
	back.Counter = 5
	elsewhere := *keys
	elsewhere.Origin = "https://evil.example"
	site := *keys
	site.Site = "evil.example"
	for what, test := range map[string]struct {
		answer phone.Answer
		want   error
	}{
		"a denial sent as an approval":     {with(func(a *phone.Answer) { a.Signature = keys.Sign(digest(deny)) }), phone.ErrRefused},
		"an approval without the passkey":  {with(func(a *phone.Answer) { a.Passkey = nil }), phone.ErrRefused},
		"an approval by the passkey alone": {with(func(a *phone.Answer) { a.Signature = nil }), phone.ErrRefused},
		"another number than was signed":   {with(func(a *phone.Answer) { a.Number = "123456" }), phone.ErrRefused},
		"the user was not verified":        {with(func(a *phone.Answer) { a.Passkey = unverified.Approve(digest(m)) }), phone.ErrRefused},
		"another person's passkey":         {with(func(a *phone.Answer) { a.Passkey = others.Approve(digest(m)) }), phone.ErrRefused},
		"another person's device":          {with(func(a *phone.Answer) { a.Signature = others.Sign(digest(m)) }), phone.ErrRefused},
		"a counter that went back":         {with(func(a *phone.Answer) { a.Passkey = back.Approve(digest(m)) }), store.ErrCounterWentBack},
		"a page of another site":           {with(func(a *phone.Answer) { a.Passkey = elsewhere.Approve(digest(m)) }), phone.ErrRefused},
		"a passkey of another site":        {with(func(a *phone.Answer) { a.Passkey = site.Approve(digest(m)) }), phone.ErrRefused},
		"the answer to another request":    {signed(keys, w.message(pixel, a, store.Approved)), phone.ErrRefused},
		"neither yes nor no":               {with(func(a *phone.Answer) { a.Decision = store.Cancelled }), phone.ErrRefused},
		"a passkey that is none":           {with(func(a *phone.Answer) { a.Passkey = []byte(`{"id":1}`) }), phone.ErrRefused},
	} {
		if _, err := w.room.Check(t.Context(), pixel, b.ID, test.answer); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", what, err, test.want)
		}
	}
	// Sent once more, the same answer changes nothing.
	answer := signed(keys, m)
	for i := range 2 {
		d, err := w.room.Check(t.Context(), pixel, b.ID, answer)
		if i == 1 && errors.Is(err, store.ErrCounterWentBack) {
			continue
		}
		must(t, err)
		_, applied, err := w.store.AnswerOwn(t.Context(), d)
		must(t, err)
		if applied != (i == 0) {
			t.Errorf("at the %d. time it was applied: %v", i+1, applied)
		}
		pixel = w.again(pixel)
	}
}

func TestAPhoneIsAddedByItsKeys(t *testing.T) {
	w := newWorld(t)
	_, in := w.account()
	other := phonetest.New(origin, "nod.example")
	for what, change := range map[string]func(p *phonetest.Phone) func(*phone.NewPhone){
		"another name than was signed": func(*phonetest.Phone) func(*phone.NewPhone) { return func(n *phone.NewPhone) { n.Name = "Eve's" } },
		"another device key": func(*phonetest.Phone) func(*phone.NewPhone) {
			return func(n *phone.NewPhone) { n.DeviceKey = other.DeviceKey() }
		},
		"no device key":                 func(*phonetest.Phone) func(*phone.NewPhone) { return func(n *phone.NewPhone) { n.DeviceKey = nil } },
		"no signature":                  func(*phonetest.Phone) func(*phone.NewPhone) { return func(n *phone.NewPhone) { n.Signature = nil } },
		"a passkey made without a user": func(p *phonetest.Phone) func(*phone.NewPhone) { p.Unverified = true; return func(*phone.NewPhone) {} },
		"a passkey of another site": func(p *phonetest.Phone) func(*phone.NewPhone) {
			p.Origin = "https://evil.example"
			return func(*phone.NewPhone) {}
		},
	} {
		p := phonetest.New(origin, "nod.example")
		if _, err := w.enrols(in, p, change(p)); !errors.Is(err, phone.ErrRefused) {
			t.Errorf("%s: got %v", what, err)
		}
	}
	// The passkey is bound to the device key beside which it was made.
	p := phonetest.New(origin, "nod.example")
	_, err := w.enrols(in, p, func(n *phone.NewPhone) {
		n.DeviceKey = other.DeviceKey()
		open, err := w.store.OpenEnrolment(t.Context(), n.Code)
		must(t, err)
		n.Signature = other.Sign(phonetest.Digest("nod phone 1", origin, open.Challenge, n.Name, string(n.Passkey)))
	})
	if !errors.Is(err, phone.ErrRefused) {
		t.Errorf("another device key beside the passkey: got %v", err)
	}
	var problems signin.Problems
	if _, err := w.enrols(in, p, func(n *phone.NewPhone) { n.Name = " " }); !errors.As(err, &problems) {
		t.Errorf("no name: got %v", err)
	}
	_, known := w.phone(in, func(p *phonetest.Phone) { p.Synced = true })
	w.room.Bound = true
	p.Synced = true
	if _, err := w.enrols(in, p, func(*phone.NewPhone) {}); !errors.Is(err, phone.ErrSynced) {
		t.Errorf("a passkey that may leave the phone, where none may: got %v", err)
	}
	if known.Name != "Pixel" || !known.Synced {
		t.Errorf("got %+v", known)
	}
}

func TestACookieIsRenewedByTheDeviceKey(t *testing.T) {
	w := newWorld(t)
	_, in := w.account()
	keys, pixel := w.phone(in)
	other := phonetest.New(origin, "nod.example")
	text := phonetest.Digest("nod renewal 1", origin, pixel.Challenge)
	if _, err := w.room.Renew(t.Context(), pixel, other.Sign(text)); !errors.Is(err, phone.ErrRefused) {
		t.Errorf("another key: got %v", err)
	}
	next, err := w.room.Renew(t.Context(), pixel, keys.Sign(text))
	must(t, err)
	if _, err := w.room.Renew(t.Context(), next, keys.Sign(text)); !errors.Is(err, phone.ErrRefused) {
		t.Errorf("the same again: got %v", err)
	}
}

// A receipt is checked offline; one byte of it changed, and it is none.
func TestAReceipt(t *testing.T) {
	w := newWorld(t)
	ada, in := w.account()
	keys, pixel := w.phone(in)
	a := w.asks(ada)
	checked, err := w.room.Check(t.Context(), pixel, a.ID, signed(keys, w.message(pixel, a, store.Approved)))
	must(t, err)
	got, err := phone.VerifyReceipt([]byte(checked.Receipt))
	must(t, err)
	if got.Message.Shown.Email != ada.Email || got.Message.Number != a.Number || got.Phone != "Pixel" {
		t.Errorf("got %+v", got)
	}
	for _, from := range []string{ada.Email, a.Number, "Bogotá", "approved", "nod.example:8443", a.ID} {
		forged := bytes.Replace([]byte(checked.Receipt), []byte(from), []byte("x"+from), 1)
		if _, err := phone.VerifyReceipt(forged); err == nil {
			t.Errorf("a receipt with another %q counts", from)
		}
	}
	if _, err := phone.VerifyReceipt([]byte(`{}`)); err == nil {
		t.Error("nothing is a receipt")
	}
}

// A verifier that nobody here wrote comes to the same.
func TestAReceiptByAnotherVerifier(t *testing.T) {
	if _, err := os.Stat("testdata/verifier/node_modules"); err != nil {
		if os.Getenv("NOD_TEST_ALL") != "" {
			t.Fatalf("the verifier is missing (make setup installs it): %v", err)
		}
		t.Skip("the verifier is missing (make setup installs it)")
	}
	w := newWorld(t)
	ada, in := w.account()
	keys, pixel := w.phone(in)
	a := w.asks(ada)
	checked, err := w.room.Check(t.Context(), pixel, a.ID, signed(keys, w.message(pixel, a, store.Approved)))
	must(t, err)
	for content, want := range map[string]string{
		checked.Receipt: "verified",
		strings.Replace(checked.Receipt, ada.Email, "eve@example.com", 1): "refused",
	} {
		verify := exec.CommandContext(t.Context(), "node", "verify.mjs")
		verify.Dir, verify.Stdin, verify.Stderr = "testdata/verifier", strings.NewReader(content), os.Stderr
		said, err := verify.Output()
		must(t, err)
		if strings.TrimSpace(string(said)) != want {
			t.Errorf("it says %q, want %q, of %s", said, want, content)
		}
	}
}

// Browsers make passkeys for a name, and for plain http on localhost alone.
func TestWhereBrowsersMakePasskeys(t *testing.T) {
	for origin, want := range map[string]error{
		"https://nod.example": nil, "http://localhost:3000": nil,
		"http://nod.example": phone.ErrNowhere, "https://192.0.2.7": phone.ErrNowhere, "http://127.0.0.1:3000": phone.ErrNowhere,
		"https://[2001:db8::1]": phone.ErrNowhere,
	} {
		if _, err := phone.New(phone.Config{Origin: origin}); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", origin, err, want)
		}
	}
}

// again reads a phone as it is now.
func (w *world) again(p store.OwnPhone) store.OwnPhone {
	w.t.Helper()
	all, err := w.store.OwnPhones(w.t.Context(), p.UserID)
	must(w.t, err)
	return all[0]
}

var base64url = base64.RawURLEncoding.EncodeToString

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
