package handlers

import (
	"cmp"
	"errors"
	"net/url"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/utils"

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
	byCode bool     // only a code confirms it, and one after the pause that it ends
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
	"/account/phones":                {what: "change.own_phone"},
	"/account/phones/confirm":        {what: "change.own_phone", fields: []string{"id"}},
	"/account/phones/remove":         {what: "change.own_phone_remove", fields: []string{"id"}},
	"/account/phones/beside":         {what: "change.beside", fields: []string{"on"}},
	"/account/authenticators":        {what: "change.authenticator"},
	"/account/authenticators/prove":  {what: "change.authenticator", form: "/account/authenticators/prove", fields: []string{"id", "name"}},
	"/account/authenticators/remove": {what: "change.authenticator_remove", fields: []string{"id"}},
	"/account/recovery-codes":        {what: "change.recovery"},
	"/account/recovery-codes/remove": {what: "change.recovery_remove"},
	"/account/not-me":                {what: "change.password", form: "/account/not-me", fields: []string{"disputed"}},
	"/account/pause/end":             {what: "change.pause", byCode: true},
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
	ref := askedChange(c)
	done, err := h.confirmed(c, ref)
	if err != nil {
		return err
	}
	if done {
		return seeOther(c, ref.url())
	}
	return c.Next()
}

// confirmed says whether the visitor has nothing to confirm for a change.
func (h *Handlers) confirmed(c *fiber.Ctx, ref changeRef) (bool, error) {
	if !ref.byCode {
		return h.Flow.Fresh(visitorOf(c)), nil
	}
	p, err := h.Flow.Pause(c.UserContext(), visitorOf(c))
	return p.CanEnd || p.Until.IsZero(), err
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
	if ref.what == "change.notice" && get("answer") == string(store.AnswerNotMe) {
		ref.what = "change.not_me" // which does more than answer
	}
	return ref
}

// query is what the form of the change sends, for an address.
func (r changeRef) query() url.Values {
	query := url.Values{}
	for _, f := range r.fields {
		query.Set(f.Name, f.Value)
	}
	return query
}

// back is where the form of the change is, with what it has sent.
func (r changeRef) back() string {
	if len(r.fields) == 0 {
		return r.form
	}
	return r.form + "?" + r.query().Encode()
}

// url is the page that confirms the change.
func (r changeRef) url(more ...string) string {
	query := r.query()
	if r.path != "" {
		query.Set("to", r.path)
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
	done, err := h.confirmed(c, ref)
	switch {
	case err != nil:
		return err
	case done && ref.path == "":
		return seeOther(c, "/protected")
	case done && ref.form != "":
		return seeOther(c, ref.back())
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
		Layout: h.layout(c, "change", "change.title"), What: h.text(c, ref.words()), Path: ref.path, Fields: ref.fields,
		SelfURL: ref.url(), CodeURL: ref.url("by", "code"), MaskedPhone: h.maskPhone(c, v.User.PhoneNumber),
	}
	asked, err := h.Flow.HasPhone(c.UserContext(), v)
	if err != nil {
		return page, err
	}
	page.CodeOnly = ref.byCode || !asked
	page.Here = cmp.Or(page.Here, page.SelfURL)
	if byCode {
		page.Here = page.CodeURL
	}
	done, err := h.confirmed(c, ref)
	switch {
	case err != nil:
		return page, err
	case done:
		page.Status = "fresh"
	case byCode, page.CodeOnly:
		page.Status = "code"
		return page, h.fillChangeCode(c, &page)
	default:
		return page, h.fillChangeRequest(c, &page, ref)
	}
	return page, nil
}

// words is the key of what the change is, on the page and on the phone.
func (ref changeRef) words() string { return cmp.Or(ref.what, "change.account") }

func (h *Handlers) fillChangeRequest(c *fiber.Ctx, page *views.Change, ref changeRef) error {
	v := visitorOf(c)
	a, err := h.Flow.ChangeRequest(c.UserContext(), v.Session.ID)
	page.RequestID = cmp.Or(a.ID, store.NoRequest)
	about := a.Subject == ref.what || a.Status == store.Denied // a Deny holds for every change
	if errors.Is(err, store.ErrNotFound) || (err == nil && !about) {
		page.Status = "ask"
		return nil
	}
	page.Status, page.Reason, page.RetryAt = string(a.Status), string(a.Reason), h.retryOf(c, a.RetryAt)
	page.Asked = h.viewAsked(c, v, a.Number, a.CreatedAt, a.ExpiresAt)
	if a.Status != store.Pending {
		page.Notice = nil
	}
	return err
}

// viewAsked is what a phone shows that a visitor has asked.
func (h *Handlers) viewAsked(c *fiber.Ctx, v signin.Visitor, number string, at, until time.Time) views.Asked {
	return views.Asked{
		Typed: signin.TypedNumber(number), Number: number, Email: v.User.Email, Browser: h.browser(c, v.Session.UserAgent), IP: v.Session.IP,
		Place: v.Session.Place, ExpiresAt: wireTime(until), ServerNow: wireTime(h.Now()),
		TTLSeconds: int(until.Sub(at).Seconds()), SecondsLeft: max(0, ceilSeconds(until.Sub(h.Now()))),
	}
}

func (h *Handlers) fillChangeCode(c *fiber.Ctx, page *views.Change) error {
	v := visitorOf(c)
	wait, err := h.Flow.NextCodeIn(c.UserContext(), v)
	if wait > 0 {
		page.NextSendSeconds = ceilSeconds(wait)
	}
	page.Sends = h.sendsTo(v.User)
	page.TriesLeft = max(0, store.CodeTriesPerAttempt-v.Session.CodeTries)
	if n, ok := codeNotices[v.Session.CodeState]; ok {
		page.Notice = h.viewNotice(c, n)
	}
	if v.Session.CodeState == store.CodeSent {
		page.SentBy = string(v.Session.CodeVia)
	}
	if err != nil {
		return err
	}
	a, err := h.Flow.ChangeRequest(c.UserContext(), v.Session.ID)
	page.RequestID = cmp.Or(a.ID, store.NoRequest)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// askChange asks the phone. If it could not be asked, the page says why.
func (h *Handlers) askChange(c *fiber.Ctx) error {
	ref := askedChange(c)
	v := visitorOf(c)
	_, err := h.Flow.AskChange(c.UserContext(), v, ref.what, h.owner(v.User).Text(ref.words()), c.FormValue("request"))
	if sentence := h.sayLimit(c, err); sentence != "" {
		return h.showNotAsked(c, ref, sentence)
	}
	if err != nil && !errors.Is(err, store.ErrNotApproved) && !errors.Is(err, store.ErrReplaced) {
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
	switch {
	case ref.byCode: // which was given for this
		return h.endPause(c)
	case ref.form != "":
		return seeOther(c, ref.back())
	}
	return seeOther(c, ref.url())
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
