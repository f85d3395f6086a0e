package handlers

import (
	"errors"
	"net/url"
	"slices"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"nod/signin"
	"nod/store"
	"nod/views"
)

// After "this was not me": what keeps everybody else out, in one step, and the way
// back if it was a mistake.

// notMe offers another password, the end of all other sign-ins, and the removal of
// what a stranger may have added.
func (h *Handlers) notMe(c *fiber.Ctx) error {
	return h.showNotMe(c, fiber.StatusOK, views.NotMe{Disputed: c.Query("disputed")}, nil)
}

// showNotMe fills in the page. keep says what was left unchecked where it was sent
// before; nil is nothing.
func (h *Handlers) showNotMe(c *fiber.Ctx, status int, page views.NotMe, keep func(views.Added) bool) (err error) {
	v, problems := visitorOf(c), page.Errors
	page.Layout = h.layout(c, "notme", "notme.title")
	page.Errors = problems
	page.Here = "/account/not-me?" + url.Values{"disputed": {page.Disputed}}.Encode()
	page.Account, page.Fresh = views.Account{Email: v.User.Email}, h.Flow.Fresh(v)
	page.ConfirmURL = changeAt("/account/not-me", func(string, ...string) string { return page.Disputed }).url()
	if page.Pause, err = h.viewPause(c); err != nil {
		return err
	}
	if page.Pause.Transfers { // which nobody has tapped by mistake here
		page.Pause = views.Pause{}
	}
	if page.Added, err = h.addedLately(c, page.Disputed); err != nil {
		return err
	}
	for i, added := range page.Added {
		page.Added[i].Keep = keep != nil && keep(added)
	}
	return c.Status(status).Render("notme", page)
}

func (h *Handlers) addedLately(c *fiber.Ctx, disputed string) (list []views.Added, err error) {
	v := visitorOf(c)
	id, _ := strconv.ParseInt(disputed, 10, 64) // 0 is none
	added, err := h.Flow.AddedLately(c.UserContext(), v, id)
	if err != nil {
		return nil, err
	}
	if added.Codes.Of > 0 {
		list = append(list, views.Added{Kind: "codes", Value: "1", At: h.timeOf(c, added.Codes.MadeAt)})
	}
	for _, app := range added.Apps {
		list = append(list, views.Added{Kind: "app", Value: app.ID, Name: app.Name, At: h.timeOf(c, app.CreatedAt)})
	}
	for _, p := range added.Own {
		list = append(list, views.Added{Kind: "own", Value: p.ID, Name: p.Name, At: h.timeOf(c, p.CreatedAt)})
	}
	if added.Phone.ID != 0 {
		list = append(list, views.Added{Kind: "phone", Value: "1", Name: wholePhone(v.User.PhoneNumber), At: h.timeOf(c, added.Phone.CreatedAt)})
	}
	return list, nil
}

// keepOthersOut changes the password and, in the same step, what is checked.
func (h *Handlers) keepOthersOut(c *fiber.Ctx) error {
	typed := signin.NewPassword{
		Current: c.FormValue("current"), New: c.FormValue("password"), Everywhere: c.FormValue("everywhere") != "",
		RemoveApps: formValues(c, "app"), RemovePhones: formValues(c, "own"), NewCodes: c.FormValue("codes") != "",
	}
	sess, err := h.Flow.ChangePassword(c.UserContext(), visitorOf(c), typed, h.lastStepOf(c))
	var problems signin.Problems
	if errors.As(err, &problems) {
		keep := func(a views.Added) bool { return !slices.Contains(formValues(c, a.Kind), a.Value) }
		page := views.NotMe{Disputed: c.FormValue("disputed"), Password: views.PasswordForm{Stay: !typed.Everywhere}}
		page.Errors = h.sentences(c, problems)
		return h.showNotMe(c, fiber.StatusUnprocessableEntity, page, keep)
	}
	if err != nil {
		return err
	}
	if err := h.moveTo(c, sess); err != nil {
		return err
	}
	phone := c.FormValue("phone") != ""
	switch {
	case typed.NewCodes && phone:
		return h.seeNotice(c, codesPage+"?then="+thenPhone, "password-changed")
	case typed.NewCodes:
		return h.seeNotice(c, codesPage, "password-changed")
	case phone:
		return h.seeNotice(c, "/account/phone", "password-changed")
	}
	return h.seeNotice(c, "/protected", "password-changed")
}

// formValues are all values that a form has sent under a name.
func formValues(c *fiber.Ctx, name string) (values []string) {
	for _, value := range c.Context().PostArgs().PeekMulti(name) {
		values = append(values, string(value))
	}
	return values
}

func (h *Handlers) viewPause(c *fiber.Ctx) (views.Pause, error) {
	p, err := h.Flow.Pause(c.UserContext(), visitorOf(c))
	if err != nil || p.Until.IsZero() {
		return views.Pause{}, err
	}
	return views.Pause{Until: h.timeOf(c, p.Until), Transfers: p.Kind == store.KindTransfer, CanEnd: p.CanEnd, ByCode: p.ByCode}, nil
}

// endPause has the phone asked again, in a browser that was known before, after a code.
func (h *Handlers) endPause(c *fiber.Ctx) error {
	err := h.Flow.EndPause(c.UserContext(), visitorOf(c))
	if err == nil {
		return h.seeNotice(c, "/protected", "pause-ended")
	}
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	p, err := h.Flow.Pause(c.UserContext(), visitorOf(c))
	if err == nil && p.ByCode {
		return seeOther(c, changeAt("/account/pause/end", c.FormValue).url())
	}
	if err != nil {
		return err
	}
	return seeOther(c, "/protected") // which says whether there is a pause, and who may end it
}
