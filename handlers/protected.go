package handlers

import (
	"github.com/gofiber/fiber/v2"

	"nod/store"
	"nod/views"
)

// protected shows the account page, which only signed-in sessions reach.
func (h *Handlers) protected(c *fiber.Ctx) error {
	return h.showProtected(c, fiber.StatusOK)
}

// section fills its part of the account page.
type section func(h *Handlers, c *fiber.Ctx, page *views.Protected) error

// sections are the parts of the account page; each has its account_*.html.
var sections = []section{
	(*Handlers).noticesSection,
	(*Handlers).factsSection,
	(*Handlers).signInSection,
	(*Handlers).transfersSection,
	(*Handlers).phoneSection,
	(*Handlers).ownPhonesSection,
	(*Handlers).authenticatorsSection,
	(*Handlers).recoverySection,
	(*Handlers).sessionsSection,
	(*Handlers).browsersSection,
	(*Handlers).historySection,
}

// showProtected shows the account page. What a form of it shows again, or says,
// is filled in last.
func (h *Handlers) showProtected(c *fiber.Ctx, status int, fill ...func(*views.Protected)) error {
	page := views.Protected{
		Layout: h.layout(c, "protected", "protected.title"), Open: c.Query("open"), Fresh: h.Flow.Fresh(visitorOf(c)),
	}
	for _, s := range sections {
		if err := s(h, c, &page); err != nil {
			return err
		}
	}
	for _, f := range fill {
		f(&page)
	}
	return c.Status(status).Render("protected", page)
}

func (h *Handlers) factsSection(c *fiber.Ctx, page *views.Protected) error {
	user := visitorOf(c).User
	page.Account = views.Account{Name: user.Name, Email: user.Email, PhoneNumber: user.PhoneNumber}
	if !h.Flow.HasNumber(user) {
		return nil
	}
	phone, err := h.Flow.PhoneOf(c.UserContext(), user.ID)
	page.Account.AuthyID = phone.Handle
	return err
}

// signInSection says how and when this session was let in.
func (h *Handlers) signInSection(c *fiber.Ctx, page *views.Protected) error {
	s := visitorOf(c).Session
	latency := int64(-1)
	if s.Method == store.MethodPush && s.Latency >= 0 {
		latency = s.Latency.Milliseconds()
	}
	page.SignIn = views.SignIn{
		// Once a code was sent, the provider takes it and one from the app
		// alike and does not say which it was: the sentences allow for both.
		MethodText: h.text(c, "method."+string(s.Method)),
		At:         h.timeOf(c, s.CreatedAt),
		LatencyMS:  latency, Browser: h.browser(c, s.UserAgent), IP: s.IP, Place: s.Place,
	}
	return nil
}
