package handlers

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/text/currency"

	"nod/authy"
	"nod/store"
	"nod/views"
)

// A transfer is the second thing one can approve. It goes through the same
// mechanism as a login: a row, a request to the phone, one conditional
// decision, and one use of it. The request is bound to payee, amount and
// currency: what is carried out is what the phone has shown, or nothing.

var currencies = []string{"EUR", "USD", "GBP", "CHF", "JPY"}

const (
	maxPayee    = 80
	maxAmount   = 1_000_000 // in major units
	ledgerLines = 10
)

// transferForm is what the page sends, as typed.
type transferForm struct {
	Payee    string
	Amount   string
	Currency string

	minor  int64
	Errors map[string]string
}

// page is the form as its page shows it again.
func (f transferForm) page() views.TransferForm {
	return views.TransferForm{Payee: f.Payee, Amount: f.Amount, Currency: f.Currency, Errors: f.Errors}
}

func readTransfer(c *fiber.Ctx) transferForm {
	f := transferForm{
		Payee:    strings.TrimSpace(c.FormValue("payee")),
		Amount:   strings.TrimSpace(c.FormValue("amount")),
		Currency: strings.ToUpper(strings.TrimSpace(c.FormValue("currency"))),
		Errors:   map[string]string{},
	}
	f.validate()
	return f
}

func (f *transferForm) validate() {
	if n := utf8.RuneCountInString(f.Payee); n == 0 || n > maxPayee || !utf8.ValidString(f.Payee) {
		f.Errors["payee"] = "Please name who gets the money, in at most 80 characters."
	}
	if !slices.Contains(currencies, f.Currency) {
		f.Errors["currency"] = "Please choose one of the currencies offered."
		return
	}
	minor, ok := parseAmount(f.Amount, decimals(f.Currency))
	if !ok {
		f.Errors["amount"] = "Please give an amount such as 12.50, at most 1 000 000."
	}
	f.minor = minor
}

// decimals is how many digits a currency has after the point.
func decimals(code string) int {
	unit, err := currency.ParseISO(code)
	if err != nil {
		return 2
	}
	scale, _ := currency.Standard.Rounding(unit)
	return scale
}

// parseAmount reads "12", "12.5" or "12,50" as minor units. More decimals
// than the currency has are refused, not rounded.
func parseAmount(text string, scale int) (minor int64, ok bool) {
	whole, part, _ := strings.Cut(strings.ReplaceAll(text, ",", "."), ".")
	if whole == "" || len(whole) > 7 || len(part) > scale {
		return 0, false
	}
	minor, err := strconv.ParseInt(whole+part+strings.Repeat("0", scale-len(part)), 10, 64)
	limit := int64(maxAmount)
	for range scale {
		limit *= 10
	}
	return minor, err == nil && minor > 0 && minor <= limit && !strings.ContainsAny(text, "+-")
}

// amountText is how an amount reads everywhere: on the page and on the phone.
func amountText(minor int64, code string) string {
	scale := decimals(code)
	digits := strconv.FormatInt(minor, 10)
	if scale > 0 {
		for len(digits) <= scale {
			digits = "0" + digits
		}
		digits = digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
	}
	return digits + " " + code
}

// transfer asks the phone to approve a transfer.
func (h *Handlers) transfer(c *fiber.Ctx) error {
	form := readTransfer(c)
	if len(form.Errors) > 0 {
		return h.showProtected(c, fiber.StatusUnprocessableEntity, inside{transfer: form})
	}
	ctx, v := c.UserContext(), visitorOf(c)
	t, a, err := h.Store.BeginTransfer(ctx, v.Session.ID, store.Transfer{
		Payee: form.Payee, AmountMinor: form.minor, Currency: form.Currency,
	}, h.ApprovalTTL)
	if errors.Is(err, store.ErrTransferPending) {
		form.Errors["form"] = "One transfer is waiting for your phone already. Answer that one first, or wait until its time is over."
		return h.showProtected(c, fiber.StatusConflict, inside{transfer: form})
	}
	if err != nil {
		return err
	}
	if _, err := h.ring(ctx, a, h.transferRequest(t, a, v.User)); err != nil {
		return err
	}
	return seeOther(c, "/protected#transfers")
}

func (h *Handlers) transferRequest(t store.Transfer, a store.Approval, user store.User) authy.ApprovalRequest {
	amount := amountText(t.AmountMinor, t.Currency)
	return h.question(a, cut("Send "+amount+" to "+t.Payee+"?", 144),
		authy.Detail{Label: "Payee", Value: t.Payee},
		authy.Detail{Label: "Amount", Value: amount},
		authy.Detail{Label: "Account", Value: cut(user.Email, 200)},
	)
}

// executeTransfer carries out an approved transfer: once, and only if what
// the browser sends is what the phone has shown.
func (h *Handlers) executeTransfer(c *fiber.Ctx) error {
	form := readTransfer(c)
	ctx, v := c.UserContext(), visitorOf(c)
	execute := func() error {
		_, err := h.Store.ExecuteTransfer(ctx, v.Session.ID, c.Params("id"), store.Transfer{
			Payee: form.Payee, AmountMinor: form.minor, Currency: form.Currency,
		})
		return err
	}
	err := execute()
	if errors.Is(err, store.ErrNotApproved) {
		// The callback may have been lost.
		a, aerr := h.Store.TransferApproval(ctx, v.Session.ID, c.Params("id"))
		if aerr != nil {
			return aerr
		}
		switch h.reconcile(ctx, a, now).Status {
		case store.Approved:
			err = execute()
		case store.Pending:
			notYet := notices["not-yet"]
			return h.showProtected(c, fiber.StatusConflict, inside{notice: &notYet})
		}
	}
	switch {
	case errors.Is(err, store.ErrChanged):
		h.tellTransfers(ctx, v.Session.ID, v.User.ID)
		return &problem{Status: fiber.StatusConflict, Heading: "The transfer was changed",
			Text:   "What this page sent is not what your phone has shown. Nothing was sent. Please start the transfer again.",
			Action: link{"/protected", "Back to your transfers"}, cause: err}
	case errors.Is(err, store.ErrNotApproved):
		return &problem{Status: fiber.StatusConflict, Heading: "This transfer is not approved",
			Text:   "Only a transfer that was just approved on your phone can be sent, and only once. Nothing was sent.",
			Action: link{"/protected", "Back to your transfers"}, cause: err}
	case errors.Is(err, store.ErrNotFound):
		return fiber.ErrNotFound
	case err != nil:
		return err
	}
	h.tellTransfers(ctx, v.Session.ID, v.User.ID)
	return seeOther(c, "/protected#transfers")
}

// ledgerLine is one transfer on the page; its JSON is what the page's script
// needs to keep the line true.
type ledgerLine struct {
	ID         string `json:"id"`
	Status     string `json:"status"`
	Payee      string `json:"-"`
	Amount     string `json:"-"` // as the execute form sends it back
	Currency   string `json:"-"`
	AmountText string `json:"-"`
	AtText     string `json:"-"`
}

func (h *Handlers) ledger(ctx context.Context, userID int64) ([]ledgerLine, error) {
	transfers, err := h.Store.Transfers(ctx, userID, ledgerLines)
	lines := make([]ledgerLine, 0, len(transfers))
	for _, t := range transfers {
		text := amountText(t.AmountMinor, t.Currency)
		lines = append(lines, ledgerLine{
			ID: t.ID, Status: t.Status, Payee: t.Payee, Currency: t.Currency, AmountText: text,
			Amount: strings.TrimSuffix(text, " "+t.Currency), AtText: t.CreatedAt.UTC().Format("2 Jan 2006, 15:04 UTC"),
		})
	}
	return lines, err
}

// pageLines are the lines of the ledger as the page shows them.
func pageLines(lines []ledgerLine) []views.Transfer {
	rows := make([]views.Transfer, 0, len(lines))
	for _, line := range lines {
		rows = append(rows, views.Transfer(line))
	}
	return rows
}

// transferState is what the protected page is told, whole each time: an event
// that got lost is made good by the next.
type transferState struct {
	Transfers []ledgerLine `json:"transfers"`
}

func (h *Handlers) transfersStatus(c *fiber.Ctx) error {
	lines, err := h.ledger(c.UserContext(), visitorOf(c).User.ID)
	if err != nil {
		return err
	}
	return c.JSON(transferState{lines})
}

// transferNews is the snapshot of the protected page.
func (h *Handlers) transferNews(ctx context.Context, sessionID string) (news, error) {
	sess, err := h.Store.AnySession(ctx, sessionID)
	if err != nil {
		return news{}, err
	}
	lines, err := h.ledger(ctx, sess.UserID)
	return news{encode(transferState{lines}), !sess.EndedAt.IsZero()}, err
}

func (h *Handlers) tellTransfers(ctx context.Context, sessionID string, userID int64) {
	lines, err := h.ledger(ctx, userID)
	if err != nil {
		h.Logger.Error("a page could not be told of its transfers", "error", err)
		return
	}
	h.Hub.Publish(sessionID, encode(transferState{lines}), false)
}
