package handlers

import (
	"cmp"
	"errors"
	"net/url"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/utils"
	"github.com/valyala/fasthttp"

	"nod/signin"
	"nod/store"
	"nod/views"
)

// A change of the account asks for a sign-in, a tap or a code that is not older
// than store.FreshFor. Whoever comes later is led to a page that takes one, and
// from there back to the change, with what its form had sent.

// change is a change of the account.
type change struct {
	what   string   // key of its words, on the page and on the phone
	form   string   // where its form is, if it takes a secret; "" for one that can be sent again as it was
	fields []string // what such a form sends; they come to stand in an address, so never a secret
}

// changes are the changes by the path of their form. Each is behind requireFresh.
var changes = map[string]change{
	"/account/phone":                 {what: "change.phone", form: "/account/phone"},
	"/forgot/password":               {what: "change.password", form: "/forgot/password"},
	"/account/browsers/remove":       {what: "change.browser", fields: []string{"browser"}},
	"/account/browsers/remove-all":   {what: "change.browsers"},
	"/account/sessions/end":          {what: "change.end_session", fields: []string{"session"}},
	"/account/sessions/end-others":   {what: "change.end_others"},
	"/account/password":              {what: "change.password", form: "/protected?open=password#password-section"},
	"/account/close":                 {what: "change.close", form: "/protected?open=close#close-account"},
	"/account/authenticators":        {what: "change.authenticator"},
	"/account/authenticators/remove": {what: "change.authenticator_remove", fields: []string{"id"}},
	"/account/recovery-codes":        {what: "change.recovery"},
	"/account/recovery-codes/remove": {what: "change.recovery_remove"},
	"/notices/answer":                {what: "change.notice", fields: []string{"id", "answer"}},
}

// requireFresh admits a change only soon after a sign-in, a tap or a code.
func (h *Handlers) requireFresh(c *fiber.Ctx) error {
	if h.Flow.Fresh(visitorOf(c)) {
		return c.Next()
	}
	return seeOther(c, changeAt(c.Path(), c.FormValue).url())
}

// unlessFresh admits only whoever has something to confirm: no phone rings in vain.
func (h *Handlers) unlessFresh(c *fiber.Ctx) error {
	if h.Flow.Fresh(visitorOf(c)) {
		return seeOther(c, askedChange(c).url())
	}
	return c.Next()
}

// changeRef is a change with what its form sends.
type changeRef struct {
	change
	path   string
	fields []views.HiddenField
}

// changeAt reads the change at a path, and its fields; the zero value for a path
// without one.
func changeAt(path string, get func(string, ...string) string) changeRef {
	const maxField = 200
	known, ok := changes[path]
	if !ok {
		return changeRef{}
	}
	ref := changeRef{change: known, path: utils.CopyString(path)}
	for _, name := range known.fields {
		if value := get(name); value != "" && len(value) <= maxField {
			ref.fields = append(ref.fields, views.HiddenField{Name: name, Value: utils.CopyString(value)})
		}
	}
	return ref
}

// url is the page that confirms the change.
func (r changeRef) url(more ...string) string {
	query := url.Values{}
	if r.path != "" {
		query.Set("to", r.path)
	}
	for _, f := range r.fields {
		query.Set(f.Name, f.Value)
	}
	for i := 0; i+1 < len(more); i += 2 {
		query.Set(more[i], more[i+1])
	}
	if len(query) == 0 {
		return "/account/confirm"
	}
	return "/account/confirm?" + query.Encode()
}

// askedChange is the change that a page or form of /account/confirm is about.
func askedChange(c *fiber.Ctx) changeRef {
	if c.Method() == fiber.MethodPost {
		return changeAt(c.FormValue("to"), c.FormValue)
	}
	return changeAt(c.Query("to"), c.Query)
}

// confirmChangeForm asks whether it is the person, or leads on once it is known.
func (h *Handlers) confirmChangeForm(c *fiber.Ctx) error {
	ref := askedChange(c)
	if h.Flow.Fresh(visitorOf(c)) {
		switch {
		case ref.path == "":
			return seeOther(c, "/protected")
		case ref.form != "":
			return seeOther(c, ref.form)
		}
	}
	return h.showChange(c, fiber.StatusOK, ref, c.Query("by") == "code", "")
}

func (h *Handlers) showChange(c *fiber.Ctx, status int, ref changeRef, byCode bool, problem string) error {
	page, err := h.changePage(c, ref, byCode)
	if err != nil {
		return err
	}
	if problem != "" {
		page.Errors, page.Notice = views.FieldErrors{"token": problem}, nil
	}
	return c.Status(status).Render("change", page)
}

// showNotAsked takes a code where the phone is not to be asked, and says why.
func (h *Handlers) showNotAsked(c *fiber.Ctx, ref changeRef, why string) error {
	page, err := h.changePage(c, ref, true)
	if err != nil {
		return err
	}
	page.Notice = &views.Notice{Kind: "warning", Text: why}
	return c.Status(fiber.StatusTooManyRequests).Render("change", page)
}

func (h *Handlers) changePage(c *fiber.Ctx, ref changeRef, byCode bool) (views.Change, error) {
	v := visitorOf(c)
	page := views.Change{
		Layout: h.layout(c, "change", "change.title"), What: h.words(ref), Path: ref.path, Fields: ref.fields,
		SelfURL: ref.url(), CodeURL: ref.url("by", "code"), MaskedPhone: h.maskPhone(v.User.PhoneNumber),
	}
	switch {
	case h.Flow.Fresh(v):
		page.Status = "fresh"
	case byCode:
		page.Status = "code"
		return page, h.fillChangeCode(c, &page)
	default:
		return page, h.fillChangeRequest(c, &page, ref)
	}
	return page, nil
}

// words are those of the change, on the page and on the phone.
func (h *Handlers) words(ref changeRef) string {
	return h.Pages.Text(cmp.Or(ref.what, "change.account"))
}

func (h *Handlers) fillChangeRequest(c *fiber.Ctx, page *views.Change, ref changeRef) error {
	sess := visitorOf(c).Session
	a, err := h.Flow.ChangeRequest(c.UserContext(), sess.ID)
	about := a.Subject == ref.what || a.Status == store.Denied // a Deny holds for every change
	if errors.Is(err, store.ErrNotFound) || (err == nil && !about) {
		page.Status = "ask"
		return nil
	}
	page.Status, page.Reason, page.Number = string(a.Status), string(a.Reason), a.Number
	page.Asked = h.viewAsked(sess, a.CreatedAt, a.ExpiresAt)
	return err
}

// viewAsked is what a phone shows that a session has asked.
func (h *Handlers) viewAsked(sess store.Session, at, until time.Time) views.Asked {
	return views.Asked{
		Browser: signin.BrowserName(sess.UserAgent), IP: sess.IP, Place: sess.Place, At: signin.Moment(at),
		ExpiresAt: wireTime(until), ServerNow: wireTime(h.Now()), SecondsLeft: max(0, ceilSeconds(until.Sub(h.Now()))),
	}
}

func (h *Handlers) fillChangeCode(c *fiber.Ctx, page *views.Change) error {
	v := visitorOf(c)
	wait, err := h.Flow.NextCodeIn(c.UserContext(), v)
	if wait > 0 {
		page.NextSendSeconds = ceilSeconds(wait)
	}
	page.Sends = sendsTo(v.User)
	page.TriesLeft = max(0, store.CodeTriesPerAttempt-v.Session.CodeTries)
	if n, ok := codeNotices[v.Session.CodeState]; ok {
		page.Notice = h.viewNotice(n)
	}
	if v.Session.CodeState == store.CodeSent {
		page.SentBy = string(v.Session.CodeVia)
	}
	return err
}

// askChange asks the phone. If it could not be asked, the page says why.
func (h *Handlers) askChange(c *fiber.Ctx) error {
	ref := askedChange(c)
	_, err := h.Flow.AskChange(c.UserContext(), visitorOf(c), ref.what, h.words(ref))
	if sentence := h.sayLimit(c, err); sentence != "" {
		return h.showNotAsked(c, ref, sentence)
	}
	if err != nil && !errors.Is(err, store.ErrNotApproved) {
		return err
	}
	return seeOther(c, ref.url())
}

// confirmChange uses the phone's yes.
func (h *Handlers) confirmChange(c *fiber.Ctx) error {
	ref := askedChange(c)
	sess, err := h.Flow.ConfirmChange(c.UserContext(), visitorOf(c), ref.what, h.lastStepOf(c))
	var not *signin.NotApproved
	switch {
	case errors.As(err, &not) && not.Request.Status == store.Pending:
		return h.seeNotice(c, ref.url(), "not-yet")
	case errors.As(err, &not), errors.Is(err, store.ErrNotFound):
		return seeOther(c, ref.url())
	case err != nil:
		return err
	}
	return h.goOn(c, sess, ref)
}

// goOn moves the browser to the session that is fresh, and back to the change.
func (h *Handlers) goOn(c *fiber.Ctx, sess store.Session, ref changeRef) error {
	if err := h.moveTo(c, sess); err != nil {
		return err
	}
	if ref.form != "" {
		return seeOther(c, ref.form)
	}
	return seeOther(c, ref.url())
}

// moveTo gives the browser the session under which it goes on. Its other tabs
// connect again, with the new cookie.
func (h *Handlers) moveTo(c *fiber.Ctx, sess store.Session) error {
	before := visitorOf(c).Session.ID
	if err := h.setSession(c, sess); err != nil {
		return err
	}
	h.Flow.Renewed(c.UserContext(), before)
	h.Hub.CloseKey(before, closeRestart, "this session goes on under another id")
	return nil
}

// renewSession gives the browser a new session id after a change of what signs in:
// a cookie from before is worth nothing from then on.
func (h *Handlers) renewSession(c *fiber.Ctx) error {
	v := visitorOf(c)
	sess, err := h.Flow.Renew(c.UserContext(), v, h.lastStepOf(c))
	if err != nil {
		return err
	}
	if err := h.moveTo(c, sess); err != nil {
		return err
	}
	v.Session = sess
	c.Locals(visitorKey, v)
	// The forms of a page that follows in this answer belong to the new id.
	var kept fasthttp.Cookie
	kept.SetKey(h.cookieName("session"))
	if c.Response().Header.Cookie(&kept) {
		c.Request().Header.SetCookieBytesKV(kept.Key(), kept.Value())
	}
	return nil
}

// changeStatus tells a page that polls how its request stands.
func (h *Handlers) changeStatus(c *fiber.Ctx) error {
	a, err := h.Flow.ChangeRequest(c.UserContext(), visitorOf(c).Session.ID)
	if errors.Is(err, store.ErrNotFound) {
		return c.Status(fiber.StatusNotFound).JSON(fiber.Map{"error": "no request was made for a change"})
	}
	if err != nil {
		return err
	}
	return c.Type("json").Send(h.browsers.encodeState(signin.ChangeState(a)))
}
