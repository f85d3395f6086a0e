package handlers

import (
	"cmp"
	"errors"
	"time"

	"github.com/gofiber/fiber/v2"

	"nod/signin"
	"nod/store"
	"nod/views"
)

// Codes are the ways in without the tap: from the authenticator app, by SMS,
// by voice. They end as a tap does, in finishSignIn.

// requireOpenAttempt admits sign-ins that a code may still complete; after a
// Deny on the phone none does.
func (h *Handlers) requireOpenAttempt(c *fiber.Ctx) error {
	open, err := h.Flow.AttemptOpen(c.UserContext(), visitorOf(c).Session.ID)
	if err != nil {
		return err
	}
	if !open {
		return seeOther(c, "/login/approval")
	}
	return c.Next()
}

func (h *Handlers) tokenForm(c *fiber.Ctx) error {
	return h.showToken(c, fiber.StatusOK, "")
}

func (h *Handlers) showToken(c *fiber.Ctx, status int, problem string) error {
	if problem == "" {
		return h.showTokenPage(c, status, nil, views.NotSent{})
	}
	return h.showTokenPage(c, status, views.FieldErrors{"token": problem}, views.NotSent{})
}

// showNotSent says beside the button that was pressed why no code is on its way: there is
// nothing wrong with the field.
func (h *Handlers) showNotSent(c *fiber.Ctx, status int, not views.NotSent) error {
	return h.showTokenPage(c, status, nil, not)
}

func (h *Handlers) showTokenPage(c *fiber.Ctx, status int, problems views.FieldErrors, not views.NotSent) error {
	v := visitorOf(c)
	wait, err := h.Flow.NextCodeIn(c.UserContext(), v)
	if err != nil {
		return err
	}
	unproved, err := h.Flow.PhoneCorrectable(c.UserContext(), v)
	if err != nil {
		return err
	}
	asked, err := h.Flow.HasPhone(c.UserContext(), v)
	if err != nil {
		return err
	}
	page := views.Token{
		Layout:        h.layout(c, "token", "token.title"),
		MaskedPhone:   h.maskPhone(c, v.User.PhoneNumber),
		TriesLeft:     max(0, store.CodeTriesPerAttempt-v.Session.CodeTries),
		PhoneUnproved: unproved, Sends: h.sendsTo(v.User), NoPhone: !asked,
		DoneURL: afterSignIn(v.Session), PhoneOnly: v.Session.ResetsPassword,
	}
	if wait > 0 {
		page.NextSendSeconds = ceilSeconds(wait)
	}
	page.NextSendSeconds = max(page.NextSendSeconds, not.Seconds)
	latest, err := h.latestRequest(c)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	page.NoApp = latest.Reason == store.ReasonNoDevice
	if n, ok := codeNotices[v.Session.CodeState]; ok {
		page.Notice = h.viewNotice(c, n)
	}
	if v.Session.CodeState == store.CodeSent {
		page.SentBy = string(v.Session.CodeVia)
	}
	if problems != nil || not.Text != "" {
		page.Errors, page.NotSent, page.Notice = problems, not, nil
	}
	return c.Status(status).Render("token", page)
}

// sendsTo says by which ways a code can be sent to a user.
func (h *Handlers) sendsTo(u store.User) views.Sends {
	if !h.Flow.HasNumber(u) {
		return views.Sends{}
	}
	return views.Sends{SMS: signin.Reaches(u.PhoneNumber, store.MethodSMS), Call: signin.Reaches(u.PhoneNumber, store.MethodCall)}
}

// codeNotices say what became of a code that was not simply sent.
var codeNotices = map[store.CodeState]notice{
	store.CodeFailed:      {"warning", "notice.code_failed"},
	store.CodeUnconfirmed: {"warning", "notice.code_unconfirmed"},
	store.CodeIgnored:     {"warning", "code_not_sent." + string(signin.WhyHasApp)},
}

// sendToken sends a code by SMS or voice to the number on file.
func (h *Handlers) sendToken(c *fiber.Ctx) error {
	by := store.Method(c.FormValue("via"))
	if by != store.MethodSMS && by != store.MethodCall {
		return h.showNotSent(c, fiber.StatusUnprocessableEntity, views.NotSent{Text: h.text(c, "token.choose")})
	}
	notSent, err := h.Flow.SendCode(c.UserContext(), visitorOf(c), by)
	if sentence := h.sayLimit(c, err); sentence != "" {
		return h.showNotSent(c, fiber.StatusTooManyRequests, views.NotSent{By: string(by), Text: sentence})
	}
	if err != nil {
		return err
	}
	if notSent != nil {
		return h.showNotSent(c, notSentStatus[notSent.Why], h.viewNotSent(c, by, notSent))
	}
	return seeOther(c, "/verify-token")
}

// viewNotSent says why no code is on its way, and when the next can be.
func (h *Handlers) viewNotSent(c *fiber.Ctx, by store.Method, not *signin.NotSent) views.NotSent {
	setRetryAfter(c, not.RetryIn)
	view := views.NotSent{By: string(by), Text: h.text(c, "code_not_sent."+string(not.Why), "wait", h.reader(c).Wait(not.RetryIn))}
	if not.RetryIn > 0 {
		view.Seconds = ceilSeconds(not.RetryIn)
	}
	return view
}

// notSentStatus is the status of the page that says why no code is on its way.
var notSentStatus = map[signin.NotSentReason]int{
	signin.WhyRateLimited: fiber.StatusTooManyRequests,
	signin.WhyUnavailable: fiber.StatusServiceUnavailable,
	signin.WhyHasApp:      fiber.StatusConflict,
	signin.WhyUnreachable: fiber.StatusUnprocessableEntity,
}

// verifyToken checks a code and signs in. A recovery code is taken in both fields.
func (h *Handlers) verifyToken(c *fiber.Ctx) error {
	if typed := c.FormValue("recovery"); typed != "" {
		return h.recover(c, typed)
	}
	if _, ok := signin.RecoveryCode(c.FormValue("token")); ok {
		return h.recover(c, c.FormValue("token"))
	}
	token, ok := typedCode(c)
	if !ok {
		return h.showToken(c, fiber.StatusUnprocessableEntity, h.text(c, "token.malformed"))
	}
	v := visitorOf(c)
	sess, err := h.Flow.CheckCode(c.UserContext(), v, token, h.lastStepOf(c))
	if err != nil {
		return h.codeRefused(c, err)
	}
	return h.finishSignIn(c, v.Session.ID, sess)
}

// typedCode is the code that a form sends.
func typedCode(c *fiber.Ctx) (code string, ok bool) {
	code, ok = signin.CodeIn(c.FormValue("token"))
	return code, ok && len(code) >= 6 && len(code) <= 10
}

// nextAppCode is how long an app shows one code.
const nextAppCode = 30 * time.Second

func (h *Handlers) codeRefused(c *fiber.Ctx, err error) error {
	var refused *signin.CodeRefused
	switch {
	case errors.Is(err, store.ErrNoTriesLeft):
		return h.seeOutOfTries(c)
	case h.sayLimit(c, err) != "":
		return h.showToken(c, fiber.StatusTooManyRequests, h.sayLimit(c, err))
	case errors.Is(err, store.ErrNotApproved):
		// The phone said no, or the attempt ended, while the code was checked.
		return seeOther(c, "/login/approval")
	case errors.Is(err, store.ErrEmailTaken):
		return h.seeEmailTaken(c)
	case !errors.As(err, &refused):
		return err
	}
	status, sentence := h.sayRefused(c, refused)
	return h.showToken(c, status, sentence)
}

// seeOutOfTries is for whose session has ended with its last try.
func (h *Handlers) seeOutOfTries(c *fiber.Ctx) error {
	if err := h.dropCookie(c); err != nil {
		return err
	}
	return h.seeNotice(c, "/login", "too-many-codes")
}

// sayRefused is the status and the sentence for a code that was refused. The page
// that follows knows how many tries are left.
func (h *Handlers) sayRefused(c *fiber.Ctx, refused *signin.CodeRefused) (status int, sentence string) {
	v := visitorOf(c)
	status, key := fiber.StatusUnprocessableEntity, "code_refused.wrong"
	if v.Session.ResetsPassword {
		key = "code_refused.not_of_phone" // right or wrong: whose else it may be is not said
	}
	var retryIn time.Duration
	switch {
	case errors.Is(refused, store.ErrCodeUsed):
		key = "code_refused.used"
	case errors.Is(refused, signin.ErrRateLimited):
		status, key, retryIn = fiber.StatusTooManyRequests, "code_refused.rate_limited", cmp.Or(signin.RetryIn(refused), time.Minute)
	case errors.Is(refused, signin.ErrNoAnswer):
		status, key, retryIn = fiber.StatusServiceUnavailable, "code_refused.unconfirmed", nextAppCode
	case errors.Is(refused, signin.ErrUnavailable):
		status, key, retryIn = fiber.StatusServiceUnavailable, "code_refused.unavailable", cmp.Or(signin.RetryIn(refused), 5*time.Second)
	}
	setRetryAfter(c, retryIn)
	left := refused.TriesLeft
	v.Session.CodeTries = store.CodeTriesPerAttempt - left
	c.Locals(visitorKey, v)
	if left == 0 {
		return status, h.text(c, "code_refused.last")
	}
	return status, h.text(c, key, "wait", h.reader(c).Wait(retryIn)) + " " + h.text(c, "token.tries_left", "count", left)
}
