package handlers

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"nod/phone"
	"nod/signin"
	"nod/store"
	"nod/views"
)

// ownPhonesSection lists the phones of one's own, with the receipts of what they have
// approved.
func (h *Handlers) ownPhonesSection(c *fiber.Ctx, page *views.Protected) error {
	_, nowhere := phone.PasskeyHost(h.PublicURL)
	page.Own.Possible, page.Own.Nowhere = h.Phone != nil, nowhere != nil
	phones, err := h.ownPhones(c, true)
	if err != nil {
		return err
	}
	page.Own.Phones = phones
	if v := visitorOf(c); len(phones) > 0 && h.Flow.HasNumber(v.User) {
		page.Own.Number = wholePhone(v.User.PhoneNumber)
		if page.Own.Beside, err = h.Flow.Beside(c.UserContext(), v); err != nil {
			return err
		}
	}
	receipts, err := h.Flow.OwnReceipts(c.UserContext(), visitorOf(c), phoneRequests)
	for _, r := range receipts {
		page.Own.Receipts = append(page.Own.Receipts, views.Receipt{ID: r.ID, Phone: r.Phone, Kind: string(r.Kind), At: h.timeOf(c, r.CreatedAt)})
	}
	return err
}

// ownPhones are the visitor's phones that count, or those that wait to be confirmed.
func (h *Handlers) ownPhones(c *fiber.Ctx, counting bool) (list []views.OwnPhone, err error) {
	phones, err := h.Flow.OwnPhones(c.UserContext(), visitorOf(c))
	if err != nil {
		return nil, err
	}
	woken, err := h.woken(c)
	for _, p := range phones {
		if p.Counts() != counting {
			continue
		}
		line := views.OwnPhone{ID: p.ID, Name: p.Name, Added: h.timeOf(c, p.CreatedAt), Synced: p.Synced}
		if !p.UsedAt.IsZero() {
			line.Used = h.timeOf(c, p.UsedAt)
		}
		if woken != nil {
			line.Pushes = pushesOf(woken, p.ID)
		}
		list = append(list, line)
	}
	return list, err
}

// woken is what became of the last push to each phone of the visitor; nil where no phone
// is woken.
func (h *Handlers) woken(c *fiber.Ctx) (map[string]store.PushOutcome, error) {
	if h.Phone == nil {
		return nil, nil
	}
	return h.Phone.Woken(c.UserContext(), visitorOf(c).User.ID)
}

// pushesOf is what is wrong with the pushes to a phone, as views.OwnPhone has it.
func pushesOf(woken map[string]store.PushOutcome, phoneID string) string {
	switch outcome, ok := woken[phoneID]; {
	case !ok:
		return "closed"
	case outcome == store.PushKeyRefused || outcome == store.PushRefused:
		return "refused"
	}
	return ""
}

func (h *Handlers) addOwnPhone(c *fiber.Ctx) error {
	return h.newPhoneCode(c, visitorOf(c), "/account/phones/code")
}

// newPhoneCode makes the code that adds a phone, and leads to its page.
func (h *Handlers) newPhoneCode(c *fiber.Ctx, v signin.Visitor, page string) error {
	err := h.Flow.NewPhoneCode(c.UserContext(), v)
	if errors.Is(err, store.ErrTooManyFactors) {
		return h.showTooManyPhones(c)
	}
	if err != nil {
		return err
	}
	return seeOther(c, page)
}

// ownPhoneCode shows the code to the session that has asked for it, until it is used.
func (h *Handlers) ownPhoneCode(c *fiber.Ctx) error {
	code, err := h.Flow.ShownPhoneCode(c.UserContext(), visitorOf(c))
	if errors.Is(err, store.ErrNotFound) {
		return seeOther(c, "/account/phones")
	}
	if err != nil {
		return err
	}
	return h.showPhoneCode(c, code)
}

func (h *Handlers) showPhoneCode(c *fiber.Ctx, code string) error {
	address := h.PublicURL + phonePath
	qr, err := qrCode(address + "#" + code)
	if err != nil {
		return err
	}
	return h.showOwnPhones(c, fiber.StatusOK, views.OwnPhones{
		Code: phone.Grouped(code), QR: qr, Address: address, Here: isLoopback(h.public.Hostname()),
	})
}

// ownPhonesForm shows the phones that wait to be confirmed.
func (h *Handlers) ownPhonesForm(c *fiber.Ctx) error {
	return h.showOwnPhones(c, fiber.StatusOK, views.OwnPhones{})
}

func (h *Handlers) showOwnPhones(c *fiber.Ctx, status int, page views.OwnPhones) (err error) {
	problem := page.Errors
	page.Layout = h.layout(c, "ownphones", "ownphones.title")
	page.Errors = problem
	page.Path = "/account/phones"
	if v := visitorOf(c); v.Level() == store.PasswordPassed {
		page.Path, page.First = firstPhonePage, true
	}
	if page.Waiting, err = h.ownPhones(c, false); err != nil {
		return err
	}
	return c.Status(status).Render("ownphones", page)
}

// ownPhonesStatus says to the page with the code whether it is still of use, and how many
// phones wait.
func (h *Handlers) ownPhonesStatus(c *fiber.Ctx) error {
	waiting, err := h.ownPhones(c, false)
	if err != nil {
		return err
	}
	_, err = h.Flow.ShownPhoneCode(c.UserContext(), visitorOf(c))
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return c.JSON(fiber.Map{"waiting": len(waiting), "code": err == nil})
}

func (h *Handlers) confirmOwnPhone(c *fiber.Ctx) error {
	err := h.Flow.ConfirmPhone(c.UserContext(), visitorOf(c), c.FormValue("id"), h.clientOf(c))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return h.seeNotice(c, "/protected", "own-phone-gone")
	case errors.Is(err, store.ErrTooManyFactors):
		return h.showTooManyPhones(c)
	case err != nil:
		return err
	}
	phones, err := h.ownPhones(c, true)
	if err != nil {
		return err
	}
	if len(phones) == 1 {
		return h.seeChanged(c, "own-phone-first")
	}
	return h.seeChanged(c, "own-phone-added")
}

func (h *Handlers) showTooManyPhones(c *fiber.Ctx) error {
	page := views.OwnPhones{}
	page.Errors = views.FieldErrors{"form": h.text(c, "ownphones.too_many")}
	return h.showOwnPhones(c, fiber.StatusConflict, page)
}

func (h *Handlers) removeOwnPhone(c *fiber.Ctx) error {
	err := h.Flow.RemovePhone(c.UserContext(), visitorOf(c), c.FormValue("id"), h.clientOf(c))
	return h.seeRemoved(c, err, "own-phone-removed")
}

// askBeside has the phone with the number asked, too, or no more.
func (h *Handlers) askBeside(c *fiber.Ctx) error {
	on := c.FormValue("on") != ""
	err := h.Flow.AskBeside(c.UserContext(), visitorOf(c), on, h.clientOf(c))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return seeOther(c, "/protected#own-phones")
	case err != nil:
		return err
	case on:
		return h.seeChanged(c, "beside-on")
	}
	return h.seeChanged(c, "beside-off")
}

// receipt is what a phone has signed, as a file.
func (h *Handlers) receipt(c *fiber.Ctx) error {
	receipt, err := h.Flow.OwnReceipt(c.UserContext(), visitorOf(c), c.Params("id"))
	if errors.Is(err, store.ErrNotFound) {
		return fiber.ErrNotFound
	}
	if err != nil {
		return err
	}
	c.Attachment("nod-receipt-" + c.Params("id") + ".json")
	return c.Type("json").SendString(receipt)
}

// requirePhones says so where no phone can be added.
func (h *Handlers) requirePhones(c *fiber.Ctx) error {
	if h.Phone == nil {
		return seeOther(c, "/protected#own-phones")
	}
	return c.Next()
}
