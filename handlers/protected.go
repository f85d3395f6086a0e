package handlers

import (
	"net/url"
	"regexp"

	"github.com/gofiber/fiber/v2"

	"nod/signin"
	"nod/store"
	"nod/views"
)

// protected shows the page that only signed-in sessions reach.
func (h *Handlers) protected(c *fiber.Ctx) error {
	return h.showProtected(c, fiber.StatusOK, protectedForms{})
}

// protectedForms is what the forms of the protected page show again, or say.
type protectedForms struct {
	transfer      transferForm
	authenticator views.Authenticator
	closing       string  // why the account was not closed
	notice        *notice // nil: the one that the address asks for, if any
}

func (h *Handlers) showProtected(c *fiber.Ctx, status int, forms protectedForms) error {
	v := visitorOf(c)
	phone, err := h.Flow.PhoneOf(c.UserContext(), v.User.ID)
	if err != nil {
		return err
	}
	recent, err := h.recentEvents(c, v.User)
	if err != nil {
		return err
	}
	lines, err := h.ledger(c.UserContext(), v.Session.ID)
	if err != nil {
		return err
	}
	page := views.Protected{
		Layout:        h.layout(c, "protected", "protected.title"),
		Account:       views.Account{Name: v.User.Name, Email: v.User.Email, PhoneNumber: v.User.PhoneNumber, AuthyID: phone.Handle},
		SignIn:        h.signInFacts(v.Session),
		Recent:        recent,
		Authenticator: forms.authenticator, ClosingProblem: forms.closing,
		Transfers: lines, TransferForm: forms.transfer.page(), Currencies: signin.Currencies,
		TransfersEventsURL: "/transfers/events", TransfersURL: "/transfers/status",
	}
	if forms.notice != nil {
		page.Notice = h.viewNotice(*forms.notice)
	}
	return c.Status(status).Render("protected", page)
}

// authenticator shows the QR code that adds a generic authenticator app. It
// takes a POST and is shown once: whoever sees it can make codes.
func (h *Handlers) authenticator(c *fiber.Ctx) error {
	added, err := h.Flow.AddAuthenticator(c.UserContext(), visitorOf(c).User)
	if err != nil {
		h.Logger.Warn("no authenticator could be added", "error", err)
		return h.showProtected(c, fiber.StatusServiceUnavailable, protectedForms{
			authenticator: views.Authenticator{Problem: h.Pages.Text("authenticator.problem")},
		})
	}
	c.Set(fiber.HeaderContentSecurityPolicy, h.policy(originOf(added.QR)))
	return h.showProtected(c, fiber.StatusOK, protectedForms{authenticator: views.Authenticator{QR: added.QR, Label: added.Label, Issuer: added.Issuer}})
}

// originOf is the origin of an image at the provider, for the policy of the one
// page that shows it. The address comes from a reply of the provider; only its
// scheme and host get into the header.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || !plainHost.MatchString(u.Host) {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

var plainHost = regexp.MustCompile(`^[a-zA-Z0-9.-]+(:\d+)?$`)

// recentLines is how much of the audit trail the page shows.
const recentLines = 8

func (h *Handlers) recentEvents(c *fiber.Ctx, user store.User) ([]views.Event, error) {
	events, err := h.Flow.Activity(c.UserContext(), user.ID, recentLines)
	if err != nil {
		return nil, err
	}
	var lines []views.Event
	for _, e := range events {
		if key := eventKey(e); key != "" {
			lines = append(lines, views.Event{Text: h.Pages.Text(key), At: timeOf(e.At)})
		}
	}
	return lines, nil
}

// eventKey is the key of a line of the audit trail, "" for one that the page
// leaves out: the end of a session that ran out or goes on in the next step,
// and the end of the account, after which nobody sees the page.
func eventKey(e store.Event) string {
	switch e.Kind {
	case store.EventAccountClosed:
		return ""
	case store.EventSessionEnded:
		switch store.Reason(e.Detail) {
		case store.ReasonSignedOut, store.ReasonCancelled, store.ReasonTooManyCodes:
			return "event.session_ended." + e.Detail
		}
		return ""
	}
	return "event." + string(e.Kind)
}

// signInFacts says how and when this session was let in.
func (h *Handlers) signInFacts(s store.Session) views.SignIn {
	latency := int64(-1)
	if s.Method == store.MethodPush {
		latency = s.Latency.Milliseconds()
	}
	return views.SignIn{
		// Once a code was sent, the provider takes it and one from the app
		// alike and does not say which it was: the sentences allow for both.
		MethodText: h.Pages.Text("method." + string(s.Method)),
		At:         timeOf(s.CreatedAt),
		LatencyMS:  latency, Browser: signin.BrowserName(s.UserAgent), IP: s.IP,
	}
}
