package phone_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"

	"nod/phone"
	"nod/phone/phonetest"
	"nod/signin"
	"nod/store"
)

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
	deny, neither := w.message(pixel, b, store.Denied), w.message(pixel, b, store.Cancelled)
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
		"neither yes nor no": {phone.Answer{
			Decision: store.Cancelled, Signature: keys.Sign(digest(neither)), Passkey: keys.Approve(digest(neither)),
		}, phone.ErrRefused},
		"a passkey that is none": {with(func(a *phone.Answer) { a.Passkey = []byte(`{"id":1}`) }), phone.ErrRefused},
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
		open, err := w.store.OpenEnrolment(t.Context(), n.Code, n.DeviceKey, store.Client{})
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

// Of a closed account no phone is kept: those whose pages hear are told for the last time,
// and nobody else's.
func TestPhonesThatAreGoneAreToldSo(t *testing.T) {
	w := newWorld(t)
	ada, in := w.account()
	_, theirs := w.account()
	_, gone := w.phone(in)
	_, stays := w.phone(theirs)
	w.room.Hears(gone)
	w.room.Hears(stays)
	w.told = nil
	w.room.Tell(t.Context(), ada.ID)
	if !slices.Equal(w.told, []string{gone.ID}) || len(w.ended) > 0 {
		t.Errorf("told %v, for the last time %v, want %s, who hears on", w.told, w.ended, gone.ID)
	}
	must(t, w.store.CloseAccountOf(t.Context(), ada.ID))
	w.room.Tell(t.Context(), ada.ID)
	if !slices.Equal(w.ended, []string{gone.ID}) {
		t.Errorf("for the last time %v were told, want %s", w.ended, gone.ID)
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
