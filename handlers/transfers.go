package handlers

import (
	"errors"
	"strings"

	"github.com/gofiber/fiber/v2"

	"nod/signin"
	"nod/store"
	"nod/views"
)

// transferForm is what the page sends, as typed.
type transferForm struct {
	Payee    string
	Amount   string
	Currency string

	Errors map[string]string
}

// page is the form as its page shows it again.
func (f transferForm) page() views.TransferForm {
	return views.TransferForm{Payee: f.Payee, Amount: f.Amount, Currency: f.Currency, Errors: f.Errors}
}

func readTransfer(c *fiber.Ctx, million string) (transferForm, signin.Money, error) {
	f := transferForm{
		Payee:    strings.TrimSpace(c.FormValue("payee")),
		Amount:   strings.TrimSpace(c.FormValue("amount")),
		Currency: strings.ToUpper(strings.TrimSpace(c.FormValue("currency"))),
	}
	money, err := signin.ParseMoney(f.Payee, f.Amount, f.Currency, million)
	return f, money, err
}

// transfer asks the phone to approve a transfer.
func (h *Handlers) transfer(c *fiber.Ctx) error {
	form, money, err := readTransfer(c, h.reader(c).Amount(1_000_000, 0))
	status := fiber.StatusUnprocessableEntity
	if err == nil {
		status = fiber.StatusConflict
		err = h.Flow.Transfer(c.UserContext(), visitorOf(c), money)
	}
	var problems signin.Problems
	if errors.As(err, &problems) {
		form.Errors = h.amountSentences(c, problems, money.Decimals())
		return h.showProtected(c, status, func(page *views.Protected) { page.TransferForm, page.Refused = form.page(), true })
	}
	if errors.Is(err, store.ErrNotFound) {
		form.Errors = map[string]string{string(signin.FieldForm): h.text(c, "transfers.no_phone")}
		return h.showProtected(c, fiber.StatusConflict, func(page *views.Protected) { page.TransferForm, page.Refused = form.page(), true })
	}
	if sentence := h.sayPaused(c, err, "transfers.paused"); sentence != "" {
		form.Errors = map[string]string{string(signin.FieldForm): sentence}
		return h.showProtected(c, fiber.StatusTooManyRequests, func(page *views.Protected) { page.TransferForm, page.Refused = form.page(), true })
	}
	if err != nil {
		return err
	}
	return seeOther(c, "/protected#transfers")
}

// executeTransfer carries out an approved transfer: once, and only if what the
// browser sends is what the phone has shown. A form that cannot be read counts
// as changed.
func (h *Handlers) executeTransfer(c *fiber.Ctx) error {
	_, shown, _ := readTransfer(c, "")
	err := h.Flow.Execute(c.UserContext(), visitorOf(c), c.Params("id"), shown)
	var notApproved *signin.NotApproved
	switch {
	case errors.As(err, &notApproved):
		return h.showProtected(c, fiber.StatusConflict, func(page *views.Protected) { page.Notice = h.viewNotice(c, notYet) })
	case errors.Is(err, store.ErrExecuted):
		return &pageError{Status: fiber.StatusConflict, Heading: "error.transfer_executed.title", Text: "error.transfer_executed.text",
			Action: link{"/protected", "action.to_transfers"}, cause: err}
	case errors.Is(err, store.ErrChanged):
		return &pageError{Status: fiber.StatusConflict, Heading: "error.transfer_changed.title",
			Text:   "error.transfer_changed.text",
			Action: link{"/protected", "action.to_transfers"}, cause: err}
	case errors.Is(err, store.ErrNotApproved):
		return &pageError{Status: fiber.StatusConflict, Heading: "error.transfer_not_approved.title",
			Text:   "error.transfer_not_approved.text",
			Action: link{"/protected", "action.to_transfers"}, cause: err}
	case errors.Is(err, store.ErrNotFound):
		return fiber.ErrNotFound
	case err != nil:
		return err
	}
	return seeOther(c, "/protected#transfers")
}

// withdrawTransfer takes a transfer back that waits for the phone.
func (h *Handlers) withdrawTransfer(c *fiber.Ctx) error {
	err := h.Flow.WithdrawTransfer(c.UserContext(), visitorOf(c), c.Params("id"))
	if errors.Is(err, store.ErrNotFound) {
		return fiber.ErrNotFound
	}
	if err != nil {
		return err
	}
	return seeOther(c, "/protected#transfers")
}

// transfersSection shows the newest transfers of the session's user.
func (h *Handlers) transfersSection(c *fiber.Ctx, page *views.Protected) error {
	page.Currencies, page.TransfersEventsURL, page.TransfersURL = signin.Currencies, "/transfers/events", "/transfers/status"
	sessionID := visitorOf(c).Session.ID
	transfers, err := h.Flow.Transfers(c.UserContext(), sessionID)
	for _, t := range transfers.List {
		money := signin.Money{Payee: t.Payee, Minor: t.AmountMinor, Currency: t.Currency}
		number := ""
		if signin.TypedNumber(t.Number) {
			number = t.Number
		}
		page.Transfers = append(page.Transfers, views.Transfer{
			ID: t.ID, Mine: t.SessionID == sessionID, Status: string(t.Status), Reason: string(t.Reason), Payee: t.Payee, Currency: t.Currency, AmountText: h.reader(c).Amount(money.Minor, money.Decimals()) + " " + money.Currency,
			Amount: money.Amount(), Number: number, At: h.timeOf(c, t.CreatedAt), RetryAt: h.retryOf(c, t.RetryAt),
		})
	}
	return err
}

func (h *Handlers) transfersStatus(c *fiber.Ctx) error {
	transfers, err := h.Flow.ReconciledTransfers(c.UserContext(), visitorOf(c))
	if err != nil {
		return err
	}
	return c.Type("json").Send(h.browsers.encodeTransfers(transfers))
}
