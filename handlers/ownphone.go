package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gofiber/fiber/v2"

	"nod/phone"
	"nod/signin"
	"nod/store"
	"nod/views"
)

// A phone of one's own, as the phone meets it: pages and answers under /phone. A phone
// is no session: its cookie goes to these paths alone, and says only which phone it is.
// What it lists, hears or answers takes a signature of its device key besides.

const (
	phonePath = "/phone"
	// phonesRequests is how many requests a phone lists, and how old they may be.
	phoneRequests, phoneRequestsFor = 10, 24 * time.Hour
)

const ownPhoneKey localKey = visitorKey + 1

// How a phone stands: the words of phoneJSON.
const (
	phoneNone    = "none"    // this browser is no phone
	phoneUnknown = "unknown" // it was one: removed long ago, or of an account that is closed
	phoneWaiting = "waiting" // for a browser to confirm it
	phoneLate    = "late"    // no browser has, in time
	phoneRevoked = "revoked"
	phoneRenew   = "renew" // its device key has to sign the challenge
	phoneReady   = "ready"
)

type phoneJSON struct {
	Status    string `json:"status"`
	Name      string `json:"name"`
	Challenge string `json:"challenge"`
	Origin    string `json:"origin"`
}

func (h *Handlers) phoneCookie() string {
	name := "nod_phone"
	if h.secure() {
		name = "__Secure-" + name
	}
	if port := h.public.Port(); port != "" {
		name += "_" + port
	}
	return name
}

func (h *Handlers) setPhoneCookie(c *fiber.Ctx, value string) {
	c.Cookie(&fiber.Cookie{
		Name: h.phoneCookie(), Value: value, Path: phonePath, MaxAge: int(store.DeviceLife.Seconds()),
		Secure: h.secure(), HTTPOnly: true, SameSite: fiber.CookieSameSiteStrictMode,
	})
}

// registerPhone has what phones of one's own ask for.
func (h *Handlers) registerPhone(app *fiber.App) {
	if h.Phone == nil {
		return
	}
	app.Get("/phone", noStore, h.ownPhonePage)
	h.registerPhonePushes(app)
	app.Get("/phone/state", noStore, h.requireOwnOrigin, h.loadPhone, h.ownPhoneState)
	app.Post("/phone/enrol", noStore, h.requireOwnJSON, h.beginPhone)
	app.Post("/phone/enrol/finish", noStore, h.requireOwnJSON, h.finishPhone)
	app.Post("/phone/renew", noStore, h.requireOwnJSON, h.loadPhone, h.renewPhone)
	app.Get("/phone/poll", noStore, h.requireOwnOrigin, h.loadPhone, h.requireListening, func(c *fiber.Ctx) error {
		return c.Type("json").Send(phoneNews)
	})
	app.Get("/phone/events", noStore, h.requireOwnOrigin, h.loadPhone, h.requireListening, h.reservePhoneSlot, h.events(readPhoneNews))
	app.Get("/phone/stream", noStore, h.requireOwnOrigin, h.loadPhone, h.requireListening, h.reservePhoneSlot, h.stream(readPhoneNews))
	app.Get("/phone/requests", noStore, h.requireOwnOrigin, h.loadPhone, h.requirePhone, h.phoneRequests)
	app.Post("/phone/requests/:id", noStore, h.requireOwnJSON, h.loadPhone, h.requirePhone, h.answerPhone)
	app.Post("/phone/requests/:id/why", noStore, h.requireOwnJSON, h.loadPhone, h.requirePhone, h.explainDenial)
}

func (h *Handlers) ownPhonePage(c *fiber.Ctx) error {
	return c.Render("ownphone", views.OwnPhonePage{Layout: h.layout(c, "ownphone", "ownphone.title")})
}

// requireOwnJSON refuses what another site sends: a form cannot send JSON, nor can a
// script of theirs without asking first.
func (h *Handlers) requireOwnJSON(c *fiber.Ctx) error {
	if c.Get(fiber.HeaderContentType) != fiber.MIMEApplicationJSON {
		return fiber.ErrUnsupportedMediaType
	}
	return h.requireOwnOrigin(c)
}

// loadPhone finds the phone of the cookie. One that is unknown is none.
func (h *Handlers) loadPhone(c *fiber.Ctx) error {
	cookie := c.Cookies(h.phoneCookie())
	if cookie == "" {
		return c.Next()
	}
	p, err := h.Flow.OwnPhoneOf(c.UserContext(), cookie)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	c.Locals(ownPhoneKey, p)
	client := h.clientOf(c)
	c.SetUserContext(store.Actor{Session: "phone " + p.ID, IP: client.IP}.In(c.UserContext()))
	return c.Next()
}

func ownPhoneOf(c *fiber.Ctx) store.OwnPhone {
	p, _ := c.Locals(ownPhoneKey).(store.OwnPhone)
	return p
}

// stateOf says how a phone stands.
func (h *Handlers) stateOf(p store.OwnPhone) phoneJSON {
	s := phoneJSON{Status: phoneReady, Name: p.Name, Challenge: p.Challenge, Origin: h.origin()}
	switch now := h.Now(); {
	case p.ID == "":
		return phoneJSON{Status: phoneNone, Origin: h.origin()}
	case !p.RevokedAt.IsZero():
		return phoneJSON{Status: phoneRevoked, Name: p.Name, Origin: h.origin()}
	case p.ConfirmedAt.IsZero() && !now.Before(p.CreatedAt.Add(store.OwnPhoneWait)):
		s.Status = phoneLate
	case p.ConfirmedAt.IsZero():
		s.Status = phoneWaiting
	case !now.Before(p.SignedAt.Add(phone.SignedFor)):
		s.Status = phoneRenew
	}
	return s
}

func (h *Handlers) ownPhoneState(c *fiber.Ctx) error {
	s := h.stateOf(ownPhoneOf(c))
	if s.Status == phoneNone && c.Cookies(h.phoneCookie()) != "" {
		s.Status = phoneUnknown
	}
	return c.JSON(s)
}

// requireListening admits phones that count, and those that wait to.
func (h *Handlers) requireListening(c *fiber.Ctx) error {
	return h.admitPhone(c, phoneReady, phoneWaiting)
}

// requirePhone admits phones that count and have signed lately.
func (h *Handlers) requirePhone(c *fiber.Ctx) error { return h.admitPhone(c, phoneReady) }

func (h *Handlers) admitPhone(c *fiber.Ctx, states ...string) error {
	s := h.stateOf(ownPhoneOf(c))
	for _, admitted := range states {
		if s.Status == admitted {
			return c.Next()
		}
	}
	challenge(c, byPhone)
	return c.Status(fiber.StatusUnauthorized).JSON(s)
}

// phoneNews tells the page of a phone to read what has changed.
var phoneNews = []byte(`{"status":"pending"}`)

func readPhoneNews(context.Context, string) (message, error) { return message{data: phoneNews}, nil }

func phoneHubKey(id string) string { return "phone " + id }

// TellPhone tells the open pages of a phone that something has changed, and closes their
// connections after the last.
func (b Browsers) TellPhone(phoneID string, last bool) {
	b.Hub.Publish(phoneHubKey(phoneID), phoneNews, last)
}

func (h *Handlers) reservePhoneSlot(c *fiber.Ctx) error {
	h.Phone.Hears(ownPhoneOf(c))
	key := phoneHubKey(ownPhoneOf(c).ID)
	return h.withSlot(c, key, &reservation{sessionID: key}, c.Next)
}

func readJSON(c *fiber.Ctx, into any) error {
	if err := json.Unmarshal(c.BodyRaw(), into); err != nil {
		return fmt.Errorf("%w: %w", fiber.ErrBadRequest, err)
	}
	return nil
}

// refusePhone answers a script of the phone with a word that its page explains.
func refusePhone(c *fiber.Ctx, status int, word string) error {
	return c.Status(status).JSON(fiber.Map{"error": word})
}

// beginPhone takes the code that a browser shows.
func (h *Handlers) beginPhone(c *fiber.Ctx) error {
	var typed struct {
		Code string `json:"code"`
	}
	if err := readJSON(c, &typed); err != nil {
		return err
	}
	options, err := h.Phone.Begin(c.UserContext(), typed.Code, h.clientOf(c))
	if errors.Is(err, store.ErrWrongCode) {
		return refusePhone(c, fiber.StatusUnprocessableEntity, "code")
	}
	if err != nil {
		return err
	}
	return c.JSON(options)
}

// finishPhone adds a phone that has made its keys.
func (h *Handlers) finishPhone(c *fiber.Ctx) error {
	var made phone.NewPhone
	if err := readJSON(c, &made); err != nil {
		return err
	}
	cookie, err := h.Phone.Finish(c.UserContext(), made, h.clientOf(c))
	var problems signin.Problems
	switch {
	case errors.Is(err, store.ErrWrongCode):
		return refusePhone(c, fiber.StatusUnprocessableEntity, "code")
	case errors.As(err, &problems):
		return refusePhone(c, fiber.StatusUnprocessableEntity, "name")
	case errors.Is(err, phone.ErrSynced):
		return refusePhone(c, fiber.StatusUnprocessableEntity, "synced")
	case errors.Is(err, phone.ErrRefused), errors.Is(err, store.ErrPasskeyTaken):
		h.Logger.Warn("a phone could not be added", "error", err)
		return refusePhone(c, fiber.StatusForbidden, "refused")
	case err != nil:
		return err
	}
	h.setPhoneCookie(c, cookie)
	return c.JSON(fiber.Map{"status": phoneWaiting})
}

// renewPhone takes the signature of a device key, which renews the cookie.
func (h *Handlers) renewPhone(c *fiber.Ctx) error {
	var sent struct {
		Signature []byte `json:"signature"`
	}
	if err := readJSON(c, &sent); err != nil {
		return err
	}
	p := ownPhoneOf(c)
	if s := h.stateOf(p); s.Status != phoneRenew && s.Status != phoneReady {
		return h.requirePhone(c)
	}
	renewed, err := h.Phone.Renew(c.UserContext(), p, sent.Signature)
	switch {
	case errors.Is(err, phone.ErrRefused):
		return refusePhone(c, fiber.StatusForbidden, "refused")
	case errors.Is(err, store.ErrNotFound): // another tab has signed this challenge
		return refusePhone(c, fiber.StatusConflict, "again")
	case err != nil:
		return err
	}
	h.setPhoneCookie(c, c.Cookies(h.phoneCookie()))
	return c.JSON(h.stateOf(renewed))
}

// phoneRequestJSON is a request as a phone shows and signs it. Its number is not in it.
type phoneRequestJSON struct {
	ID        string          `json:"id"`
	Kind      string          `json:"kind"`
	Status    string          `json:"status"`
	Reason    string          `json:"reason"`
	Nonce     string          `json:"server_nonce"`
	Shown     json.RawMessage `json:"shown"`
	ExpiresAt string          `json:"expires_at"`
	TriesLeft int             `json:"tries_left"`
	Phone     string          `json:"phone"` // that has answered
	Mine      bool            `json:"mine"`
	Why       string          `json:"why"`  // what its owner says of a denial here
	Here      bool            `json:"here"` // asked in the browser that the phone is, too
}

// newsJSON is something that the owner of the account has not read yet.
type newsJSON struct {
	Text string `json:"text"`
	At   string `json:"at"`
}

func (h *Handlers) phoneRequests(c *fiber.Ctx) error {
	p := ownPhoneOf(c)
	asked, err := h.Flow.OwnRequests(c.UserContext(), p, h.Now().Add(-phoneRequestsFor), phoneRequests)
	if err != nil {
		return err
	}
	session, err := h.sessionID(c)
	if err != nil {
		return err
	}
	list := make([]phoneRequestJSON, 0, len(asked))
	for _, o := range asked {
		list = append(list, phoneRequestJSON{
			ID: o.ID, Kind: string(o.Kind), Status: string(o.Status), Reason: string(o.Reason), Nonce: o.Nonce,
			Shown: json.RawMessage(o.Shown), ExpiresAt: wireTime(o.ExpiresAt), TriesLeft: o.TriesLeft,
			Phone: o.Phone, Mine: o.PhoneID == p.ID, Why: string(o.Why),
			Here: o.SessionID == session,
		})
	}
	notices, err := h.Flow.OwnNotices(c.UserContext(), p)
	if err != nil {
		return err
	}
	news := make([]newsJSON, 0, len(notices))
	for _, n := range notices {
		news = append(news, newsJSON{h.viewTold(c, n).Text, wireTime(n.At)})
	}
	return c.JSON(fiber.Map{"server_time": wireTime(h.Now()), "requests": list, "news": news})
}

// explainDenial takes "it was not me" or "by mistake" for a denial of this phone.
func (h *Handlers) explainDenial(c *fiber.Ctx) error {
	var sent phone.Explanation
	if err := readJSON(c, &sent); err != nil {
		return err
	}
	p, id := ownPhoneOf(c), c.Params("id")
	err := h.Phone.CheckExplanation(c.UserContext(), p, id, sent)
	if err == nil {
		err = h.Flow.ExplainDenial(c.UserContext(), p, id, sent.Answer)
	}
	switch {
	case errors.Is(err, phone.ErrRefused):
		h.Logger.Warn("what a phone says of a denial was refused", "phone", p.ID, "error", err)
		return refusePhone(c, fiber.StatusForbidden, "refused")
	case errors.Is(err, store.ErrNotFound):
		return fiber.ErrNotFound
	case err != nil:
		return err
	}
	return c.JSON(fiber.Map{"status": "noted"})
}

// answerPhone takes an answer: its signatures first, then the one conditional update.
func (h *Handlers) answerPhone(c *fiber.Ctx) error {
	var sent phone.Answer
	if err := readJSON(c, &sent); err != nil {
		return err
	}
	p := ownPhoneOf(c)
	var a store.Approval
	var applied bool
	checked, err := h.Phone.Check(c.UserContext(), p, c.Params("id"), sent)
	if err == nil {
		a, applied, err = h.Flow.AnswerOwn(c.UserContext(), checked)
	}
	var wrong *store.WrongNumber
	switch {
	case errors.As(err, &wrong):
		return c.Status(fiber.StatusUnprocessableEntity).JSON(fiber.Map{"error": "number", "left": wrong.Left})
	case errors.Is(err, phone.ErrRefused), errors.Is(err, store.ErrCounterWentBack):
		h.Logger.Warn("an answer of a phone was refused", "phone", p.ID, "error", err)
		return refusePhone(c, fiber.StatusForbidden, "refused")
	case errors.Is(err, store.ErrNotFound):
		return fiber.ErrNotFound
	case err != nil:
		return err
	}
	return c.JSON(fiber.Map{"status": string(a.Status), "applied": applied})
}
