package handlers

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"nod/signin"
	"nod/store"
	"nod/views"
)

// phonePage shows how a change of phone stands, or the form that begins one.
func (h *Handlers) phonePage(c *fiber.Ctx) error {
	return h.showPhone(c, fiber.StatusOK, countryOf(visitorOf(c).User), nil)
}

func (h *Handlers) showPhone(c *fiber.Ctx, status int, typed signin.TypedPhone, problems map[string]string) error {
	v := visitorOf(c)
	change, err := h.Flow.PhoneChange(c.UserContext(), v)
	if err != nil {
		return err
	}
	page := views.Phone{
		Layout: h.layout(c, "phone", "phone.title"), Step: string(change.Step), Mine: change.Mine,
		MaskedPhone: h.maskPhone(c, v.User.PhoneNumber), MaskedNew: h.maskPhone(c, change.PhoneNumber),
		Request: change.Asked(), PhoneNumber: typed.Number, Countries: h.countryList(c, typed),
	}
	number := change.Number
	switch change.Step {
	case signin.StepOld:
		number, page.OldStatus, page.OldReason = change.Old.Number, string(change.Old.Status), string(change.Old.Reason)
		page.RetryAt = h.retryOf(c, change.Old.RetryAt)
	case signin.StepReady:
		page.Ready = h.timeOf(c, change.ReadyAt)
	}
	switch { // no other session knows what the phone shows of this one, nor what its owner types
	case change.Mine:
		page.Asked = h.viewAsked(c, v, number, change.AskedAt, change.AskedUntil)
	case change.Step == signin.StepNew:
		page.Asked.Number = number
	}
	page.Errors = problems
	if !page.Anew() {
		page.HereForm = ""
	}
	return c.Status(status).Render("phone", page)
}

// changePhone begins the change to another number.
func (h *Handlers) changePhone(c *fiber.Ctx) error {
	typed := readPhone(c)
	v := visitorOf(c)
	words := func(number string) string { return h.owner(v.User).Text("phone.change", "phone", number) }
	err := h.Flow.ChangePhone(c.UserContext(), v, typed, c.FormValue("recovery"), words, h.clientOf(c))
	return h.afterPhone(c, typed, err)
}

// allowPhone goes on once the old phone has said yes.
func (h *Handlers) allowPhone(c *fiber.Ctx) error {
	v := visitorOf(c)
	err := h.Flow.AllowPhoneChange(c.UserContext(), v, h.owner(v.User).Text("phone.use"))
	var not *signin.NotApproved
	switch {
	case errors.As(err, &not) && not.Request.Status == store.Pending:
		return h.seeNotice(c, "/account/phone", "not-yet")
	case errors.As(err, &not):
		return seeOther(c, "/account/phone")
	}
	return h.afterPhone(c, signin.TypedPhone{}, err)
}

// askNewPhone asks the new phone once more.
func (h *Handlers) askNewPhone(c *fiber.Ctx) error {
	v := visitorOf(c)
	return h.afterPhone(c, signin.TypedPhone{}, h.Flow.AskNewPhone(c.UserContext(), v, h.owner(v.User).Text("phone.use"), c.FormValue("request")))
}

// afterPhone answers a form of the page.
func (h *Handlers) afterPhone(c *fiber.Ctx, typed signin.TypedPhone, err error) error {
	var problems signin.Problems
	var often *store.RateError
	switch {
	case errors.As(err, &problems):
		sentences := h.phoneSentences(c, problems, err)
		return h.showPhone(c, c.Response().StatusCode(), typed, sentences)
	case errors.As(err, &often):
		wait := h.untilRetry(often)
		setRetryAfter(c, wait)
		sentence := h.text(c, "limit."+often.Limit, "wait", h.reader(c).Wait(wait))
		return h.showPhone(c, fiber.StatusTooManyRequests, typed, map[string]string{"form": sentence})
	case err != nil && !errors.Is(err, store.ErrNotFound): // it has ended meanwhile
		return err
	}
	return seeOther(c, "/account/phone")
}

// afterNewPhone is the page once the new phone may have answered.
func (h *Handlers) afterNewPhone(c *fiber.Ctx) error {
	v := visitorOf(c)
	change, err := h.Flow.PhoneChange(c.UserContext(), v)
	if err != nil {
		return err
	}
	switch change.Step {
	case signin.StepNone:
	case signin.StepNew:
		return h.seeNotice(c, "/account/phone", "not-yet")
	default:
		return seeOther(c, "/account/phone")
	}
	outcome, err := h.Flow.PhoneChangeOutcome(c.UserContext(), v)
	switch {
	case err != nil:
		return err
	case outcome == "denied":
		return h.seeNotice(c, "/protected", "phone-denied")
	case outcome == "changed":
		return h.seeNotice(c, "/protected", "phone-changed")
	}
	return seeOther(c, "/protected")
}

func (h *Handlers) stopPhone(c *fiber.Ctx) error {
	if err := h.Flow.StopPhoneChange(c.UserContext(), visitorOf(c), h.clientOf(c)); err != nil {
		return err
	}
	return h.seeNotice(c, "/protected", "phone-stopped")
}

// phoneStatus tells the page whether to load itself again.
func (h *Handlers) phoneStatus(c *fiber.Ctx) error {
	change, err := h.Flow.PhoneChange(c.UserContext(), visitorOf(c))
	if err != nil {
		return err
	}
	status := "pending"
	if change.Step != signin.StepNew && (change.Step != signin.StepOld || change.Old.Status != store.Pending) {
		status = "over"
	}
	if change.Step == signin.StepOld && change.Old.Status == store.Approved && change.Mine {
		status = "approved"
	}
	return c.JSON(fiber.Map{"status": status})
}

// phoneSection says on the account page that another phone is on its way.
func (h *Handlers) phoneSection(c *fiber.Ctx, page *views.Protected) error {
	user := visitorOf(c).User
	if !h.Flow.HasNumber(user) {
		return nil
	}
	phone, err := h.Flow.PhoneOf(c.UserContext(), user.ID)
	if err != nil {
		return err
	}
	page.Phone = views.PhoneFactor{Number: wholePhone(user.PhoneNumber), Added: h.timeOf(c, phone.CreatedAt)}
	if !phone.ProvedAt.IsZero() {
		page.Phone.Proved = h.timeOf(c, phone.ProvedAt)
	}
	change, err := h.Flow.PhoneChange(c.UserContext(), visitorOf(c))
	if err != nil || change.Step == signin.StepNone {
		return err
	}
	page.Phone.Changing, page.Phone.MaskedNew = string(change.Step), h.maskPhone(c, change.PhoneNumber)
	if change.Step == signin.StepReady {
		page.Phone.Ready = h.timeOf(c, change.ReadyAt)
	}
	return nil
}
