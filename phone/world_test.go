package phone_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"path/filepath"
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
	ended []string // those that were told for the last time
	users int
	heard func() // called when a phone is told; nil: nothing
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

func (w *world) TellPhone(id string, last bool) {
	w.told = append(w.told, id)
	if last {
		w.ended = append(w.ended, id)
	}
	if w.heard != nil {
		w.heard()
	}
}

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
	return w.room.Finish(w.t.Context(), n, store.Client{})
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
	return w.asksWithin(w.t.Context(), u, kind)
}

func (w *world) asksWithin(ctx context.Context, u store.User, kind store.Kind) store.Approval {
	w.t.Helper()
	half, err := w.store.StartSession(w.t.Context(), u.ID, "", client)
	must(w.t, err)
	a, _, err := w.store.BeginApproval(w.t.Context(), half.ID, store.KindLogin, "", 2*time.Minute)
	must(w.t, err)
	must(w.t, w.room.Ask(ctx, a, signin.Question{
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
