package handlers

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"nod/hub"
	"nod/signin"
	"nod/store"
)

// problem is an error with the words a person reads. Status is the HTTP
// status; everything the log needs is in the error it wraps.
type problem struct {
	Status     int
	Heading    string
	Text       string
	Action     link
	RetryAfter time.Duration
	cause      error
}

type link struct{ Href, Text string }

func (p *problem) Error() string {
	if p.cause != nil {
		return fmt.Sprintf("%s: %v", p.Heading, p.cause)
	}
	return p.Heading
}

func (p *problem) Unwrap() error { return p.cause }

var (
	startAgain = link{"/login", "Go to sign-in"}

	errForeignForm = &problem{Status: fiber.StatusForbidden, Heading: "This request came from another site",
		Text: "Nothing was changed. Open the page here and send the form again.", Action: startAgain}
	errStaleForm = &problem{Status: fiber.StatusForbidden, Heading: "This page is out of date",
		Text: "Nothing was changed. You may have signed in or out in another tab. Open the page again and send the form once more.", Action: startAgain}
	errNobodyWaits = &problem{Status: fiber.StatusUnauthorized, Heading: "No sign-in is waiting in this browser",
		Text: "It may have ended, or begun in another browser.", Action: startAgain}
	errWrongHost = &problem{Status: fiber.StatusMisdirectedRequest, Heading: "This site has another address",
		Text: "Requests for this host name are not answered here."}
)

// ErrorHandler renders every error of the application: known ones with their
// status and a sentence, unknown ones with a request id, and the whole chain
// in the log alone.
func (h *Handlers) ErrorHandler(c *fiber.Ctx, err error) error {
	p := describe(err)
	id, _ := c.Locals("requestid").(string)
	if p.Status >= 500 {
		h.Logger.Error("request failed", "request_id", id, "method", c.Method(), "path", c.Path(), "status", p.Status, "error", err)
	} else {
		h.Logger.Debug("request refused", "request_id", id, "method", c.Method(), "path", c.Path(), "status", p.Status, "error", err)
	}
	if p.RetryAfter > 0 {
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(seconds(p.RetryAfter)))
	}
	c.Status(p.Status)
	if !wantsPage(c) {
		return c.JSON(fiber.Map{"error": p.Heading, "request_id": id})
	}
	page := h.page(c, "error", p.Heading)
	page["Status"], page["Heading"], page["Text"], page["Action"], page["RequestID"] = p.Status, p.Heading, p.Text, p.Action, id
	if rerr := c.Render("error", page); rerr != nil {
		h.Logger.Error("the error page failed", "request_id", id, "error", rerr)
		return c.SendString(p.Heading)
	}
	return nil
}

// describe finds the words for an error.
func describe(err error) *problem {
	var p *problem
	if errors.As(err, &p) {
		return p
	}
	var fe *fiber.Error
	var tries *signin.TooManyTries
	switch {
	case errors.As(err, &fe):
		return describeHTTP(fe)
	case errors.As(err, &tries):
		return &problem{Status: fiber.StatusTooManyRequests, Heading: "Too many tries",
			Text:   fmt.Sprintf("Too many tries have failed. Please wait %s before the next one.", inWords(tries.Wait)),
			Action: startAgain, RetryAfter: tries.Wait, cause: err}
	case errors.Is(err, store.ErrBusy), errors.Is(err, store.ErrUnavailable), errors.Is(err, hub.ErrFull), errors.Is(err, hub.ErrClosed):
		return &problem{Status: fiber.StatusServiceUnavailable, Heading: "A little too busy",
			Text: "Too many people are at the door this second. Please try again in a moment.", RetryAfter: 2 * time.Second, cause: err}
	case errors.Is(err, hub.ErrTooManyForKey), errors.Is(err, hub.ErrTooManyForAddr):
		return &problem{Status: fiber.StatusTooManyRequests, Heading: "Too many open pages",
			Text: "This browser already waits in several tabs. Close some of them.", RetryAfter: 5 * time.Second, cause: err}
	case errors.Is(err, signin.ErrRateLimited):
		return &problem{Status: fiber.StatusTooManyRequests, Heading: "The phone service asks for patience",
			Text: "Too many requests were made for this phone. Please try again in a few minutes.", RetryAfter: time.Minute, cause: err}
	default:
		return &problem{Status: fiber.StatusInternalServerError, Heading: "Something went wrong on our side",
			Text: "Nothing was changed. Please try again; if it stays, tell us the number below.", Action: link{"/", "Go to the start"}, cause: err}
	}
}

func describeHTTP(e *fiber.Error) *problem {
	p := &problem{Status: e.Code, Action: link{"/", "Go to the start"}, cause: e}
	switch e.Code {
	case fiber.StatusNotFound:
		p.Heading, p.Text = "There is nothing here", "The address may be mistyped, or the page has moved."
	case fiber.StatusMethodNotAllowed:
		p.Heading, p.Text = "That cannot be done here", "This address does not answer to that method."
	case fiber.StatusRequestEntityTooLarge:
		p.Heading, p.Text = "That is too much", "What was sent is larger than this page takes."
	case fiber.StatusUpgradeRequired:
		p.Heading, p.Text = "This address speaks WebSocket", "Open the waiting page instead; it connects by itself."
	default:
		p.Heading, p.Text = "The request was not understood", "Please go back and try again."
		if e.Code >= 500 {
			p.Heading, p.Text = "Something went wrong on our side", "Please try again in a moment."
		}
	}
	return p
}

// wantsPage tells a person's browser from a script.
func wantsPage(c *fiber.Ctx) bool {
	path := c.Path()
	if strings.HasPrefix(path, "/authy/") || path == "/login/events" || path == "/login/stream" {
		return false
	}
	return true
}

// seconds rounds up, so that nobody is told to come back too early.
func seconds(d time.Duration) int { return max(1, int(math.Ceil(d.Seconds()))) }
