package handlers

import (
	"errors"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"nod/store"
	"nod/views"
)

// noticesSection shows what the visitor has not read yet, and whether the phone is
// left in peace.
func (h *Handlers) noticesSection(c *fiber.Ctx, page *views.Protected) error {
	v := visitorOf(c)
	newest, all, err := h.Flow.Notices(c.UserContext(), v)
	if err != nil {
		return err
	}
	by, err := h.Flow.Answerer(c.UserContext(), v)
	if err != nil {
		return err
	}
	if page.Pause, err = h.viewPause(c); err != nil {
		return err
	}
	for _, n := range newest {
		if saysPause(n.Kind, page.Pause) {
			continue
		}
		told := h.viewTold(c, n)
		told.Answers, told.Disputes = by.May(n, store.AnswerMe), by.May(n, store.AnswerNotMe)
		page.Told = append(page.Told, told)
		if !n.Kind.Asks() {
			page.ToldUpTo = max(page.ToldUpTo, n.ID)
		}
	}
	page.ToldMore = all - len(newest)
	return nil
}

// saysPause is true for a notice of a pause that the page shows already.
func saysPause(k store.NoticeKind, p views.Pause) bool {
	switch {
	case p.Until.Text == "":
		return false
	case p.Transfers:
		return k == store.NoticeTransfersPaused
	}
	return k == store.NoticePaused
}

// toldKey is the key of the sentence of a notice.
func toldKey(n store.Notice) string {
	if n.Kind == store.NoticeDenied && n.Detail == string(store.KindTransfer) {
		return "told.denied_transfer"
	}
	return "told." + string(n.Kind)
}

func (h *Handlers) viewTold(c *fiber.Ctx, n store.Notice) views.Told {
	told := views.Told{
		ID: n.ID, Kind: string(n.Kind), Text: h.text(c, toldKey(n), "detail", h.detail(c, n)),
		At: h.timeOf(c, n.At), IP: n.IP, Place: n.Place, Asks: n.Kind.Asks(),
	}
	if n.UserAgent != "" {
		told.Browser = h.browser(c, n.UserAgent)
	}
	return told
}

// storedMinute is how the store writes a time into what a notice says.
const storedMinute = "2 Jan 2006, 15:04 UTC"

// detail is what a notice says, as the reader writes browsers and times.
func (h *Handlers) detail(c *fiber.Ctx, n store.Notice) string {
	switch n.Kind {
	case store.NoticeBrowserRemoved:
		return h.reader(c).Browser(n.Detail)
	case store.NoticePhoneChangeBegun:
		if at, err := time.Parse(storedMinute, n.Detail); err == nil {
			return h.reader(c).Minute(at)
		}
	}
	return n.Detail
}

// readNotices takes "got it" for what the page has shown.
func (h *Handlers) readNotices(c *fiber.Ctx) error {
	upTo, _ := strconv.ParseInt(c.FormValue("up_to"), 10, 64) // 0 marks nothing
	if err := h.Flow.ReadNotices(c.UserContext(), visitorOf(c), upTo); err != nil {
		return err
	}
	return seeOther(c, "/protected")
}

// answerNotice takes the answer to "was this you?". After a no, also one given
// before in another tab or not for this one to give, the next page offers what else
// there is to do.
func (h *Handlers) answerNotice(c *fiber.Ctx) error {
	answer := store.NoticeAnswer(c.FormValue("answer"))
	id, err := strconv.ParseInt(c.FormValue("id"), 10, 64)
	if err != nil || answer != store.AnswerMe && answer != store.AnswerNotMe {
		return fiber.ErrNotFound
	}
	err = h.Flow.AnswerNotice(c.UserContext(), visitorOf(c), id, answer)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if answer == store.AnswerNotMe {
		return seeOther(c, "/account/not-me?disputed="+strconv.FormatInt(id, 10))
	}
	return seeOther(c, "/protected")
}
