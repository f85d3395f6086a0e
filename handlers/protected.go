package handlers

import (
	"net/url"
	"regexp"

	"github.com/gofiber/fiber/v2"

	"nod/signin"
	"nod/store"
)

// methodTexts: once a code was sent, the provider takes it and one from the
// app alike and does not say which it was.
var methodTexts = map[store.Method]string{
	"push": "a tap on your phone",
	"app":  "a code from the authenticator app",
	"sms":  "a code by SMS, or from the app",
	"call": "a code by voice call, or from the app",
}

// protected is what all this is for: only level "signed in" gets here.
func (h *Handlers) protected(c *fiber.Ctx) error {
	return h.showProtected(c, fiber.StatusOK, inside{})
}

// inside is what the forms of the protected page have to say.
type inside struct {
	transfer      transferForm
	authenticator fiber.Map // QR, Label and Issuer, or a Problem
	closing       string    // why the account was not closed
	notice        *notice   // nil: none but what the address asks for
}

func (h *Handlers) showProtected(c *fiber.Ctx, status int, forms inside) error {
	v := visitorOf(c)
	page := h.page(c, "protected", "You are in")
	phone, err := h.Flow.PhoneOf(c.UserContext(), v.User.ID)
	if err != nil {
		return err
	}
	page["Account"] = fiber.Map{
		"Name": v.User.Name, "Email": v.User.Email,
		"PhoneNumber": v.User.PhoneNumber, "AuthyID": phone.Handle,
	}
	page["SignIn"] = signInFacts(v.Session)
	recent, err := h.recent(c, v.User)
	if err != nil {
		return err
	}
	page["Recent"] = recent
	lines, err := h.ledger(c.UserContext(), v.Session.ID)
	if err != nil {
		return err
	}
	page["Transfers"], page["TransferForm"], page["Currencies"] = lines, forms.transfer, signin.Currencies
	page["TransfersEventsURL"], page["TransfersURL"] = "/transfers/events", "/transfers/status"
	page["Authenticator"], page["ClosingProblem"] = forms.authenticator, forms.closing
	if forms.notice != nil {
		page["Notice"] = forms.notice
	}
	return c.Status(status).Render("protected", page)
}

// authenticator shows the code that adds a generic authenticator app. It is
// asked for by a form and shown once: whoever sees it can make codes.
func (h *Handlers) authenticator(c *fiber.Ctx) error {
	added, err := h.Flow.AddAuthenticator(c.UserContext(), visitorOf(c).User)
	if err != nil {
		h.Logger.Warn("no authenticator could be added", "error", err)
		return h.showProtected(c, fiber.StatusServiceUnavailable, inside{authenticator: fiber.Map{
			"Problem": "The phone service gave no code to show. Please try again in a minute. An authenticator that you added before may count no more.",
		}})
	}
	c.Set(fiber.HeaderContentSecurityPolicy, h.policy(originOf(added.QR)))
	return h.showProtected(c, fiber.StatusOK, inside{authenticator: fiber.Map{"QR": added.QR, "Label": added.Label, "Issuer": added.Issuer}})
}

// originOf is the origin of a picture that the provider keeps, for the policy
// of the one page that shows it. The URL was read from a reply of the
// provider; only its scheme and host get into the header.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || !plainHost.MatchString(u.Host) {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

var plainHost = regexp.MustCompile(`^[a-zA-Z0-9.-]+(:\d+)?$`)

var eventTexts = map[store.EventKind]string{
	"user_created":       "Account created",
	"session_started":    "Password accepted, second step begun",
	"approval_begun":     "Approval asked for",
	"approval_approved":  "Approved on the phone",
	"approval_denied":    "Denied on the phone",
	"approval_expired":   "Request expired unanswered",
	"approval_cancelled": "Request cancelled",
	"signed_in":          "Signed in",
	"code_sent":          "Code sent to your phone",
	"transfer_executed":  "Transfer sent",
	"transfer_refused":   "Transfer refused: it was changed",
}

// endTexts are the ends of sessions worth a line. A session that ends because
// the next step begins is none.
var endTexts = map[store.Reason]string{
	"signed_out":     "Signed out",
	"cancelled":      "Sign-in cancelled",
	"too_many_codes": "Sign-in ended after too many wrong codes",
}

// recentLines is how much of the audit trail the page shows.
const recentLines = 8

func (h *Handlers) recent(c *fiber.Ctx, user store.User) ([]fiber.Map, error) {
	events, err := h.Flow.Activity(c.UserContext(), user.ID, recentLines)
	if err != nil {
		return nil, err
	}
	var lines []fiber.Map
	for _, e := range events {
		text := eventTexts[e.Kind]
		if e.Kind == store.EventSessionEnded {
			text = endTexts[store.Reason(e.Detail)]
		}
		if text == "" {
			continue
		}
		lines = append(lines, fiber.Map{"Text": text, "At": clockText(e.At)})
	}
	return lines, nil
}

// signInFacts says how and when this session was let in.
func signInFacts(s store.Session) fiber.Map {
	latency := int64(-1)
	if s.Method == store.MethodPush {
		latency = s.Latency.Milliseconds()
	}
	return fiber.Map{
		"Method": s.Method, "MethodText": methodTexts[s.Method],
		"At": wireTime(s.CreatedAt), "AtText": s.CreatedAt.UTC().Format("2 January 2006, 15:04:05 UTC"),
		"LatencyMS": latency, "Browser": signin.BrowserName(s.UserAgent), "IP": s.IP,
	}
}
