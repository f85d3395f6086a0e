package handlers

import (
	"context"
	"errors"
	"time"

	"github.com/gofiber/fiber/v2"

	"nod/authy"
	"nod/store"
	"nod/views"
)

// Reasons of a cancelled request, as the store keeps and the page reads them.
const (
	reasonByUser      = "by_user"
	reasonNoDevice    = "no_device"
	reasonUnavailable = "unavailable"
	reasonPushPaused  = "push_paused"
	reasonSuperseded  = "superseded"
	reasonSignedOut   = "signed_out"
)

// providerTimeout bounds everything asked of the provider in one step.
const providerTimeout = 5 * time.Second

// askPhone rings the phone of the session's user. The reason says why it
// cannot ring, "" when it does; it is stored with the request. An error is
// only what went wrong on this side.
func (h *Handlers) askPhone(ctx context.Context, sess store.Session, user store.User) (reason string, err error) {
	_, allowed, err := h.Store.PushAllowed(ctx, user.ID)
	if err != nil {
		return "", err
	}
	// The row comes first: an answer that overtakes the provider's reply
	// finds it by the id in the hidden details.
	request, replaced, err := h.Store.BeginApproval(ctx, sess.ID, store.KindLogin, "", h.ApprovalTTL)
	if err != nil {
		return "", err
	}
	for _, r := range replaced {
		// The session's own pages are told of the new request instead.
		if r.SessionID != sess.ID {
			h.tell(ctx, r)
		}
	}
	if !allowed {
		return reasonPushPaused, h.giveUp(ctx, request, reasonPushPaused)
	}
	return h.ring(ctx, request, h.loginRequest(request, sess, user))
}

// ring sends the request and tells the waiting pages of it, or gives it up
// with the reason why no phone rings.
func (h *Handlers) ring(ctx context.Context, a store.Approval, r authy.ApprovalRequest) (reason string, err error) {
	uuid, reason := h.push(ctx, a, r)
	if reason != "" {
		return reason, h.giveUp(ctx, a, reason)
	}
	if err := h.Store.AttachUUID(ctx, a.ID, uuid); err != nil {
		return "", err
	}
	h.tell(ctx, a)
	return "", nil
}

func (h *Handlers) giveUp(ctx context.Context, a store.Approval, reason string) error {
	cancelled, changed, err := h.Store.CancelApproval(ctx, a.ID, reason)
	if changed {
		h.tell(ctx, cancelled)
	}
	return err
}

// push asks the provider, within one time limit for all of it.
func (h *Handlers) push(ctx context.Context, a store.Approval, r authy.ApprovalRequest) (uuid, reason string) {
	ctx, cancel := context.WithTimeout(ctx, providerTimeout)
	defer cancel()
	status, err := h.Authy.UserStatus(ctx, a.AuthyID)
	if err == nil && !status.CanApprove() {
		return "", reasonNoDevice
	}
	if err == nil {
		uuid, err = h.Authy.RequestApproval(ctx, a.AuthyID, r)
	}
	switch {
	case errors.Is(err, authy.ErrNoDevice), errors.Is(err, authy.ErrUserNotFound):
		return "", reasonNoDevice
	case err != nil:
		h.Logger.Warn("the phone could not be asked", "approval", a.ID, "error", err)
		return "", reasonUnavailable
	}
	return uuid, ""
}

// loginRequest is what the phone shows: who, from where, when, and a number
// to compare with the browser's.
func (h *Handlers) loginRequest(a store.Approval, sess store.Session, user store.User) authy.ApprovalRequest {
	return h.question(a, "Sign in to Nod?",
		authy.Detail{Label: "Number", Value: a.Number},
		authy.Detail{Label: "E-mail", Value: cut(user.Email, 200)},
		authy.Detail{Label: "Browser", Value: browserName(sess.UserAgent)},
		authy.Detail{Label: "Address", Value: sess.IP},
	)
}

// question is a request to a phone, whatever it is about: it carries our id,
// the time and the deadline.
func (h *Handlers) question(a store.Approval, message string, details ...authy.Detail) authy.ApprovalRequest {
	now := h.Now()
	return authy.ApprovalRequest{
		Message:         message,
		Details:         append(details, authy.Detail{Label: "Time", Value: clockText(now)}),
		HiddenDetails:   map[string]string{"approval_id": a.ID},
		Logos:           []authy.Logo{{Res: "default", URL: h.origin() + logoPath}},
		SecondsToExpire: int(a.ExpiresAt.Sub(now).Round(time.Second).Seconds()),
	}
}

// approval is the waiting page, in the state the store says.
func (h *Handlers) approval(c *fiber.Ctx) error {
	a, err := h.latest(c)
	if errors.Is(err, store.ErrNotFound) {
		// The process ended between the password and the request.
		return h.resend(c)
	}
	if err != nil {
		return err
	}
	return h.showApproval(c, fiber.StatusOK, h.reconcile(c.UserContext(), a, politely), nil)
}

func (h *Handlers) latest(c *fiber.Ctx) (store.Approval, error) {
	return h.Store.LatestApproval(c.UserContext(), visitorOf(c).Session.ID, store.KindLogin)
}

var approvalTitles = map[store.ApprovalStatus]string{
	store.Pending:   "approval.pending.title",
	store.Approved:  "approval.approved.title",
	store.Denied:    "approval.denied.title",
	store.Expired:   "approval.expired.title",
	store.Cancelled: "approval.cancelled.title",
}

func (h *Handlers) showApproval(c *fiber.Ctx, status int, a store.Approval, n *notice) error {
	v := visitorOf(c)
	page := views.Approval{
		Layout: h.page(c, "approval", approvalTitles[a.Status]),
		Status: string(a.Status), Reason: a.Reason, Number: a.Number,
		ExpiresAt: wireTime(a.ExpiresAt), ServerNow: wireTime(h.Now()),
		TTLSeconds:  int(a.ExpiresAt.Sub(a.CreatedAt).Seconds()),
		SecondsLeft: max(0, seconds(a.ExpiresAt.Sub(h.Now()))),
		Email:       v.User.Email, MaskedPhone: maskPhone(v.User.PhoneNumber),
		Browser: browserName(v.Session.UserAgent), IP: v.Session.IP,
		EventsURL: "/login/events", StreamURL: "/login/stream", StatusURL: "/authy/status",
		CodesOffered: !over(a),
	}
	if n != nil {
		page.Notice = h.shown(*n)
	}
	return c.Status(status).Render("approval", page)
}

// cancel ends the attempt: the request no longer counts, and the password
// has to be given again.
func (h *Handlers) cancel(c *fiber.Ctx) error {
	a, err := h.latest(c)
	if err == nil {
		err = h.giveUp(c.UserContext(), a, reasonByUser)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err := h.forget(c, "cancelled"); err != nil {
		return err
	}
	return seeOther(c, "/login?notice=cancelled")
}

// resend replaces the request by a new one, as long as the attempt goes on.
func (h *Handlers) resend(c *fiber.Ctx) error {
	v := visitorOf(c)
	a, err := h.latest(c)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err == nil && over(a) {
		return seeOther(c, "/login/approval")
	}
	reason, err := h.askPhone(c.UserContext(), v.Session, v.User)
	if err != nil {
		return err
	}
	if reason != "" {
		return seeOther(c, "/login/approval") // says why the phone does not ring
	}
	return seeOther(c, "/login/approval?notice=sent-again")
}

// over says that a request's end was the end of its attempt: the phone said
// no, or another sign-in took over. A phone that could not ring or did not
// answer in time is no such end: another try or another way may still work.
func over(a store.Approval) bool {
	switch a.Status {
	case store.Denied:
		return true
	case store.Cancelled:
		return a.Reason == reasonByUser || a.Reason == reasonSuperseded || a.Reason == reasonSignedOut
	default:
		return false
	}
}

// state is what a waiting browser is told, the same on every way.
type state struct {
	Status     string `json:"status"`
	Reason     string `json:"reason"`
	ExpiresAt  string `json:"expires_at"`
	ServerTime string `json:"server_time"`
	Number     string `json:"number"`
}

func (h *Handlers) stateOf(a store.Approval) state {
	return state{string(a.Status), a.Reason, wireTime(a.ExpiresAt), wireTime(h.Now()), a.Number}
}

// clockText is a moment as people read it, on the phone and on the page.
func clockText(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04:05 UTC") }

// wireTime is RFC 3339 in UTC with milliseconds.
func wireTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// status answers the stored state, for pages without a socket.
func (h *Handlers) status(c *fiber.Ctx) error {
	h.Metrics.Poll(visitorOf(c).Session.ID)
	if visitorOf(c).level() == store.SignedIn {
		return c.JSON(fiber.Map{"status": "signed_in"})
	}
	a, err := h.latest(c)
	if errors.Is(err, store.ErrNotFound) {
		return c.Status(fiber.StatusNotFound).JSON(fiber.Map{"error": "no request was made for this sign-in"})
	}
	if err != nil {
		return err
	}
	return c.JSON(h.stateOf(h.reconcile(c.UserContext(), a, politely)))
}
