package handlers

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/gofiber/fiber/v2"

	"nod/authy"
	"nod/store"
	"nod/views"
)

// Codes are the ways in without the tap: from the authenticator app, by SMS,
// by voice. They end in the same consume-and-promote step as a tap.

// requireOpenAttempt lets in who may still use a code in this attempt: after
// a Deny on the phone nobody may.
func (h *Handlers) requireOpenAttempt(c *fiber.Ctx) error {
	a, err := h.latest(c)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return c.Next()
	case err != nil:
		return err
	case over(a):
		return seeOther(c, "/login/approval")
	}
	return c.Next()
}

func (h *Handlers) tokenForm(c *fiber.Ctx) error {
	return h.showToken(c, fiber.StatusOK, "")
}

func (h *Handlers) showToken(c *fiber.Ctx, status int, problem string) error {
	v := visitorOf(c)
	next, err := h.Store.NextCodeSend(c.UserContext(), v.User.ID)
	if err != nil {
		return err
	}
	page := views.Token{
		Layout:      h.page(c, "token", "token.title"),
		MaskedPhone: maskPhone(v.User.PhoneNumber),
		TriesLeft:   max(0, store.CodeTriesPerAttempt-v.Session.CodeTries),
	}
	if wait := next.Sub(h.Now()); wait > 0 {
		page.NextSendSeconds = seconds(wait)
	}
	latest, err := h.latest(c)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	page.NoApp = latest.Reason == reasonNoDevice
	switch v.Session.CodeState {
	case store.CodeFailed:
		page.Notice = h.shown(notice{"warning", "notice.code_failed"})
	case store.CodeIgnored:
		page.Notice = h.shown(notice{"warning", "notice.code_ignored"})
	case store.CodeSent:
		page.SentBy = v.Session.CodeVia
	}
	if problem != "" {
		page.Errors = views.FieldErrors{"token": problem}
		page.Notice = nil
	}
	return c.Status(status).Render("token", page)
}

// sendToken sends a code by SMS or voice to the number on file.
func (h *Handlers) sendToken(c *fiber.Ctx) error {
	via := c.FormValue("via")
	if via != "sms" && via != "call" {
		return h.showToken(c, fiber.StatusUnprocessableEntity, "Please choose how the code should come: by SMS or by a call.")
	}
	v := visitorOf(c)
	problem, err := h.sendCode(c.UserContext(), v.Session, v.User, via)
	if err != nil {
		return err
	}
	if problem != "" {
		return h.showToken(c, fiber.StatusTooManyRequests, problem)
	}
	return seeOther(c, "/verify-token")
}

// sendCode has the provider send a code, within the limits that the store
// keeps, and notes what became of it. The sentence says why none is on its
// way, "" when one is.
func (h *Handlers) sendCode(ctx context.Context, sess store.Session, user store.User, via string) (sentence string, err error) {
	became, sentence, err := h.trySendCode(ctx, sess, user, via)
	if err != nil {
		return "", err
	}
	return sentence, h.Store.NoteCode(ctx, sess.ID, became)
}

func (h *Handlers) trySendCode(ctx context.Context, sess store.Session, user store.User, via string) (became store.CodeState, sentence string, err error) {
	_, err = h.Store.AllowCodeSend(ctx, user.ID, sess.ID, via)
	var limit *store.RateError
	if errors.As(err, &limit) {
		// One sent before may still be on its way.
		return cmp.Or(sess.CodeState, store.CodeFailed), fmt.Sprintf("No further code can be sent now. The next one can be sent in %s.", inWords(limit.RetryAt.Sub(h.Now()))), nil
	}
	if err != nil {
		return "", "", err
	}
	send := h.Authy.SendSMS
	if via == "call" {
		send = h.Authy.StartCall
	}
	ctx, cancel := context.WithTimeout(ctx, providerTimeout)
	defer cancel()
	sent, err := send(ctx, user.AuthyID, authy.SendOptions{Force: true, Action: codeAction(sess.ID), ActionMessage: "Sign in to Nod."})
	switch {
	case errors.Is(err, authy.ErrRateLimited):
		return store.CodeFailed, "The phone service has sent too many codes to this number. Please try again later or use the app.", nil
	case err != nil:
		h.Logger.Warn("a code could not be sent", "via", via, "error", err)
		return store.CodeFailed, "The code could not be sent just now. Please try again in half a minute, or use the app.", nil
	case sent.Ignored:
		return store.CodeIgnored, "The phone service sent nothing, because this phone has the app. Open the app and type the code it shows.", nil
	}
	return store.CodeSent, "", nil
}

// codeAction binds a sent code to one attempt: it is worthless in another.
func codeAction(sessionID string) string { return "sign-in " + sessionID }

// verifyToken checks a code with the provider and signs in.
func (h *Handlers) verifyToken(c *fiber.Ctx) error {
	token, ok := digits(c.FormValue("token"))
	if !ok || len(token) < 6 || len(token) > 10 {
		return h.showToken(c, fiber.StatusUnprocessableEntity, "Please type the code: 6 or 7 digits.")
	}
	ctx, v := c.UserContext(), visitorOf(c)
	left, err := h.Store.SpendCodeTry(ctx, v.Session.ID)
	if errors.Is(err, store.ErrNoTriesLeft) {
		return h.outOfTries(c)
	}
	if err != nil {
		return err
	}
	method, err := h.checkCode(ctx, v, token)
	var sess store.Session
	if err == nil {
		sess, err = h.Store.ConfirmByCode(ctx, v.Session.ID, method, h.codeHash(v.User.ID, token), clientOf(c))
	}
	if err != nil {
		return h.wrongCode(c, left, err)
	}
	return h.enter(c, v.Session.ID, sess)
}

// checkCode asks the provider. A code sent in this attempt is bound to it;
// one from the app is not, so it is asked for second.
func (h *Handlers) checkCode(ctx context.Context, v visitor, token string) (method string, err error) {
	ctx, cancel := context.WithTimeout(ctx, providerTimeout)
	defer cancel()
	if v.Session.CodeVia != "" {
		err := h.Authy.VerifyToken(ctx, v.User.AuthyID, token, codeAction(v.Session.ID))
		if !errors.Is(err, authy.ErrInvalidToken) {
			return v.Session.CodeVia, err
		}
	}
	return "app", h.Authy.VerifyToken(ctx, v.User.AuthyID, token, "")
}

func (h *Handlers) wrongCode(c *fiber.Ctx, left int, err error) error {
	switch {
	case errors.Is(err, store.ErrNotApproved):
		// The phone said no, or the attempt ended, while the code was checked.
		return seeOther(c, "/login/approval")
	case errors.Is(err, store.ErrCodeUsed), errors.Is(err, authy.ErrTokenReused):
		return h.badToken(c, left, "This code was used already. Please wait for the next one.")
	case errors.Is(err, authy.ErrInvalidToken):
		return h.badToken(c, left, "This code is wrong or too old.")
	case errors.Is(err, authy.ErrRateLimited):
		return h.unchecked(c, fiber.StatusTooManyRequests, left, "The phone service asks for patience. Please try again in a few minutes.")
	case errors.Is(err, authy.ErrUnavailable):
		h.Logger.Warn("a code could not be checked", "error", err)
		return h.unchecked(c, fiber.StatusServiceUnavailable, left, "The code cannot be checked just now. Please try again in a moment.")
	default:
		return err
	}
}

func (h *Handlers) badToken(c *fiber.Ctx, left int, sentence string) error {
	if left == 0 {
		return h.outOfTries(c)
	}
	return h.showTriesLeft(c, fiber.StatusUnprocessableEntity, left, sentence)
}

// unchecked costs a try like a wrong code, for the provider may have looked.
// It ends nothing: the phone may still say yes.
func (h *Handlers) unchecked(c *fiber.Ctx, status, left int, sentence string) error {
	if left == 0 {
		sentence = "The code could not be checked, and it was the last one for this sign-in. Tap Approve on your phone, or sign in again."
	}
	return h.showTriesLeft(c, status, left, sentence)
}

func (h *Handlers) showTriesLeft(c *fiber.Ctx, status, left int, sentence string) error {
	v := visitorOf(c)
	v.Session.CodeTries = store.CodeTriesPerAttempt - left
	c.Locals(visitorKey, v)
	return h.showToken(c, status, fmt.Sprintf("%s Tries left: %d.", sentence, left))
}

// outOfTries ends the attempt: guessing on needs the password again.
func (h *Handlers) outOfTries(c *fiber.Ctx) error {
	if err := h.forget(c, "too_many_codes"); err != nil {
		return err
	}
	return seeOther(c, "/login?notice=too-many-codes")
}

// codeHash stands for a used code in the database.
func (h *Handlers) codeHash(userID int64, token string) string {
	mac := hmac.New(sha256.New, h.csrfKey)
	fmt.Fprintf(mac, "code|%d|%s", userID, token)
	return hex.EncodeToString(mac.Sum(nil))
}

// digits tolerates what people paste around a code: blanks and dashes.
func digits(s string) (code string, ok bool) {
	code = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '-' || r == '–' {
			return -1
		}
		return r
	}, s)
	return code, code != "" && strings.Trim(code, "0123456789") == ""
}
