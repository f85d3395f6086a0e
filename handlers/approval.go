package handlers

import (
	"errors"
	"net/url"

	"github.com/gofiber/fiber/v2"

	"nod/signin"
	"nod/store"
	"nod/views"
)

// approval shows the waiting page in its stored state.
func (h *Handlers) approval(c *fiber.Ctx) error {
	a, err := h.Flow.Reconciled(c.UserContext(), visitorOf(c).Session.ID)
	if errors.Is(err, store.ErrNotFound) {
		return h.showAsk(c)
	}
	if err != nil {
		return err
	}
	about(c, a.UUID)
	if notAsked(a) {
		if err := h.Flow.PushAllowed(c.UserContext(), visitorOf(c).Session.ID); err != nil {
			return h.showRefused(c, err)
		}
	}
	return h.showApproval(c, fiber.StatusOK, a, nil)
}

// notAsked is true for a request that a limit has kept from the phone.
func notAsked(a store.Approval) bool {
	return a.Status == store.Cancelled && (a.Reason == store.ReasonPushPaused || a.Reason == store.ReasonUnderWay)
}

// showRefused shows the waiting page as it is, and for which limit the phone is not
// asked.
func (h *Handlers) showRefused(c *fiber.Ctx, err error) error {
	sentence := h.sayLimit(c, err)
	if sentence == "" {
		return err
	}
	a, aerr := h.latestRequest(c)
	if aerr != nil {
		return aerr
	}
	return h.showApproval(c, fiber.StatusTooManyRequests, a, &views.Notice{Kind: "warning", Text: sentence})
}

// showAsk offers to ask the phone where nobody has: the process stopped between
// the password and the request. Opening a page never does it.
func (h *Handlers) showAsk(c *fiber.Ctx) error {
	v := visitorOf(c)
	has, err := h.Flow.HasPhone(c.UserContext(), v)
	if err == nil && !has {
		return seeOther(c, "/verify-token")
	}
	if err != nil {
		return err
	}
	unproved, err := h.Flow.PhoneCorrectable(c.UserContext(), v)
	if err != nil {
		return err
	}
	page := views.Ask{
		Layout: h.layout(c, "ask", "ask.title"), MaskedPhone: h.maskPhone(c, v.User.PhoneNumber), PhoneUnproved: unproved,
	}
	return c.Render("ask", page)
}

// latestRequest is the newest request of the visitor's sign-in.
func (h *Handlers) latestRequest(c *fiber.Ctx) (store.Approval, error) {
	return h.Flow.Request(c.UserContext(), visitorOf(c).Session.ID)
}

func (h *Handlers) showApproval(c *fiber.Ctx, status int, a store.Approval, n *views.Notice) error {
	v := visitorOf(c)
	unproved, err := h.Flow.PhoneCorrectable(c.UserContext(), v)
	if err != nil {
		return err
	}
	title := views.TitleKey(views.StateOf(string(a.Status), string(a.Reason)))
	if a.Status == store.Pending && signin.TypedNumber(a.Number) {
		title = "approval.pending.title_typed"
	}
	page := views.Approval{
		Layout: h.layout(c, "approval", title),
		Asked:  h.viewAsked(c, v, a.Number, a.CreatedAt, a.ExpiresAt), MaskedPhone: h.maskPhone(c, v.User.PhoneNumber),
		RequestID: a.ID, Status: string(a.Status), Reason: string(a.Reason), RetryAt: h.retryOf(c, a.RetryAt),
		EventsURL: "/login/events", StreamURL: "/login/stream", StatusURL: "/authy/status",
		DoneURL: afterSignIn(v.Session), PhoneOnly: v.Session.ResetsPassword,
		CodesOffered: !signin.AttemptOver(a) && !h.Flow.AddsPhone(v), Sends: h.sendsTo(v.User), PhoneUnproved: unproved,
		AddsPhone: h.Flow.AddsPhone(v),
		Plain:     min(max(0, c.QueryInt("plain")), views.MaxPlain),
	}
	if a.Reason == store.ReasonNoDevice {
		apps, _, err := h.Flow.Apps(c.UserContext(), v.User.ID)
		if err != nil {
			return err
		}
		page.NoApp = len(apps) == 0
	}
	if n != nil || a.Status != store.Pending { // what was said of a request is about one that waits
		page.Notice = n
	}
	page.PhoneURL = h.phoneURL(a)
	return c.Status(status).Render("approval", page)
}

// phoneURL is where a request is shown on its simulated phone; "" where phones are
// real.
func (h *Handlers) phoneURL(a store.Approval) string {
	switch {
	case a.Provider == store.Own:
		return phonePath
	case h.PhonesURL == "" || a.Handle == "":
		return ""
	}
	return h.PhonesURL + "/phones/" + url.PathEscape(a.Handle) + "#" + url.PathEscape(a.UUID)
}

// cancel ends the attempt.
func (h *Handlers) cancel(c *fiber.Ctx) error {
	if err := h.Flow.Cancel(c.UserContext(), visitorOf(c).Session.ID); err != nil {
		return err
	}
	if err := h.dropCookie(c); err != nil {
		return err
	}
	return h.seeNotice(c, "/login", "cancelled")
}

// resend sends a new request in place of the one before. If none could be
// sent, the waiting page says why.
func (h *Handlers) resend(c *fiber.Ctx) error {
	sent, err := h.Flow.Resend(c.UserContext(), visitorOf(c), c.FormValue("request"))
	if h.sayLimit(c, err) != "" {
		return h.showRefused(c, err)
	}
	if err != nil {
		return err
	}
	if !sent {
		return seeOther(c, "/login/approval")
	}
	return h.seeNotice(c, "/login/approval", "sent-again")
}

// status returns the stored state to pages that poll.
func (h *Handlers) status(c *fiber.Ctx) error {
	v := visitorOf(c)
	h.Metrics.Poll(v.Session.ID)
	state, err := h.Flow.Polled(c.UserContext(), v.Session.ID)
	if errors.Is(err, store.ErrNotFound) {
		return c.Status(fiber.StatusNotFound).JSON(fiber.Map{"error": "no request was made for this sign-in"})
	}
	if err != nil {
		return err
	}
	return c.Type("json").Send(h.browsers.encodeState(state))
}
