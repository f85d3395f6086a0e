package stage

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pquerna/otp/totp"

	"nod/signin"
	"nod/store"
)

// Person is somebody who exists at the start of a demonstration.
type Person struct {
	Name     string `json:"name"`
	Email    string `json:"email"`
	Password string `json:"password"` // as everybody may know it
	Way      Way    `json:"way"`

	number string // national, in the United States, where these belong to nobody
}

// Way is how the second step of a person goes.
type Way string

// The ways.
const (
	ByApp           Way = "app"
	BySMS           Way = "sms"
	ByAuthenticator Way = "authenticator"
)

// First is the name that people are called by.
func (p Person) First() string {
	name, _, _ := strings.Cut(p.Name, " ")
	return name
}

// People are the three who are ready.
func People() []Person {
	return []Person{
		{Name: "Ada Lovelace", Email: "ada@example.com", Password: "seven green kettles", Way: ByApp, number: "2015550101"},
		{Name: "Grace Hopper", Email: "grace@example.com", Password: "nine quiet harbours", Way: BySMS, number: "2015550102"},
		{Name: "Alan Kay", Email: "alan@example.com", Password: "four paper lanterns", Way: ByAuthenticator, number: "2015550103"},
	}
}

// presenter is who makes them, as the audit trail has it.
var presenter = store.Client{IP: "127.0.0.1", UserAgent: "nod demo"}

// makePeople signs all of them up and in once, at the same time: hashing their passwords
// takes longest.
func (h *House) makePeople(ctx context.Context) error {
	people := People()
	problems := make([]error, len(people))
	var all sync.WaitGroup
	for i, p := range people {
		all.Go(func() {
			if err := h.makePerson(ctx, p); err != nil {
				problems[i] = fmt.Errorf("stage: %s cannot be made: %w", p.Name, err)
			}
		})
	}
	all.Wait()
	return errors.Join(problems...)
}

// makePerson goes the way of everybody: an account counts once its phone has proved
// itself. It does so by a code, whose answer nothing is left of on any wire.
func (h *House) makePerson(ctx context.Context, p Person) error {
	user, err := h.Flow.SignUp(ctx, signin.NewAccount{
		Name: p.Name, Email: p.Email, Password: p.Password, Phone: signin.TypedPhone{Region: "US", CountryCode: 1, Number: p.number},
	}, presenter)
	if err != nil {
		return err
	}
	phone, err := h.phoneOf(ctx, user.ID)
	if err != nil {
		return err
	}
	if err := h.Phones.InstallApp(ctx, phone, false); err != nil {
		return err
	}
	v, err := h.signIn(ctx, user, phone)
	if err != nil {
		return err
	}
	if p.Way == ByAuthenticator {
		if err := h.addApp(ctx, v, phone); err != nil {
			return err
		}
	}
	if err := h.Flow.End(ctx, v.Session.ID, store.ReasonSignedOut); err != nil {
		return err
	}
	return h.Phones.InstallApp(ctx, phone, p.Way == ByApp)
}

// phoneOf is the simulator's id of a person's phone.
func (h *House) phoneOf(ctx context.Context, userID int64) (int64, error) {
	factor, err := h.Flow.PhoneOf(ctx, userID)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(factor.Handle, 10, 64)
}

// signIn signs a person in by the code that comes by SMS.
func (h *House) signIn(ctx context.Context, user store.User, phone int64) (signin.Visitor, error) {
	sess, err := h.Flow.Begin(ctx, user, "", presenter)
	if err != nil {
		return signin.Visitor{}, err
	}
	v := signin.Visitor{Session: sess, User: user}
	if _, err := h.Flow.SecondStep(ctx, v); err != nil {
		return v, err
	}
	messages, err := h.Phones.Messages(phone)
	if err != nil {
		return v, err
	}
	if len(messages) == 0 {
		return v, errors.New("no code has come")
	}
	if v, err = h.Flow.Visitor(ctx, sess.ID); err != nil {
		return v, err
	}
	sess, err = h.Flow.CheckCode(ctx, v, messages[0].Code, presenter)
	return signin.Visitor{Session: sess, User: user}, err
}

// addApp adds an authenticator app, which the phone has.
func (h *House) addApp(ctx context.Context, v signin.Visitor, phone int64) error {
	id, err := h.Flow.AddApp(ctx, v)
	if err != nil {
		return err
	}
	app, err := h.Flow.NewApp(ctx, v, id)
	if err != nil {
		return err
	}
	// The code of half a minute ago: the one that the phone shows now stays good.
	code, err := totp.GenerateCode(app.Secret, h.Now().Add(-30*time.Second))
	if err != nil {
		return err
	}
	if err := h.Flow.ProveApp(ctx, v, id, "Phone", "Phone", code, presenter); err != nil {
		return err
	}
	return h.Phones.Scan(ctx, phone, app.URI)
}

// Words say the way.
func (w Way) Words() string {
	switch w {
	case BySMS:
		return "SMS"
	case ByAuthenticator:
		return "authenticator"
	}
	return "app"
}

// ready is a person as the page of the stage has it.
type ready struct {
	Person
	Login string `json:"login"` // where the application has the form filled in
	Phone string `json:"phone"` // the page of the phone
}

// ready finds the phones of the people.
func (h *House) ready() ([]ready, error) {
	var all []ready
	for i, p := range People() {
		phone, err := h.phone(p)
		if err != nil {
			return nil, err
		}
		all = append(all, ready{Person: p, Login: fmt.Sprintf("%s/login?as=%d", h.AppURL, i+1), Phone: fmt.Sprintf("/phones/%d", phone)})
	}
	return all, nil
}

// phone is the simulator's id of the phone that a person has.
func (h *House) phone(p Person) (int64, error) {
	phones, err := h.Phones.Phones()
	if err != nil {
		return 0, err
	}
	for _, phone := range phones {
		if phone.PhoneNumber == p.number {
			return phone.AuthyID, nil
		}
	}
	return 0, fmt.Errorf("stage: %s has no phone: reset the stage", p.Name)
}
