package stage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"nod/authy"
	"nod/simulator"
	"nod/store"
	"nod/wire"
)

// apart is a callback taken apart: what is signed, in its parts, and the two
// signatures that have to meet.
type apart struct {
	simulator.SentCallback
	Params string `json:"params"` // canonical
	Right  string `json:"right"`  // the signature of these parts
	Trick  *trick `json:"trick"`  // nil: it was sent by the phone's answer
}

// trick is what became of one that was sent again.
type trick struct {
	How    string `json:"how"`
	Status int    `json:"status"` // all that the sender learns
	Rule   string `json:"rule"`   // what the recorder knows besides: the rule, or the verdict
	Before row    `json:"before"`
	After  row    `json:"after"`
}

// row is the request in the application's database.
type row struct {
	Status    string    `json:"status"`
	Reason    string    `json:"reason"`
	DecidedAt time.Time `json:"decided_at"`
	Consumed  bool      `json:"consumed"`
}

func (h *House) apart(c simulator.SentCallback) (a apart, err error) {
	a.SentCallback = c
	if a.Params, err = authy.CallbackQuery(c.Body); err != nil {
		return a, err
	}
	a.Right, err = h.Phones.Signature(c)
	return a, err
}

// serveCallback is GET /stage/callback: the last one, null before the first.
func serveCallback(w http.ResponseWriter, _ *http.Request, h *House) error {
	last, ok := h.Phones.LastCallback()
	if !ok {
		return writeJSON(w, nil)
	}
	a, err := h.apart(last)
	if err != nil {
		return err
	}
	return writeJSON(w, a)
}

// tricks change a callback before it is sent again.
var tricks = map[string]func(h *House, c *simulator.SentCallback) error{
	"replay":   func(*House, *simulator.SentCallback) error { return nil },
	"change":   changeOneByte,
	"old":      age,
	"unsigned": func(_ *House, c *simulator.SentCallback) error { c.Signature = ""; return nil },
}

// age signs it anew, rightly, with the nonce of an hour ago.
func age(h *House, c *simulator.SentCallback) (err error) {
	c.Nonce = strconv.FormatInt(h.Now().Add(-time.Hour).Unix(), 10)
	c.Signature, err = h.Phones.Signature(*c)
	return err
}

// changeOneByte makes another person of the one that the callback is about.
func changeOneByte(_ *House, c *simulator.SentCallback) error {
	const member = `"authy_id":`
	at := bytes.Index(c.Body, []byte(member)) + len(member)
	if at < len(c.Body) {
		c.Body[at] = '1' + (c.Body[at]-'0')%9
	}
	return nil
}

// serveTrick is POST /stage/callback: it sends a callback for whoever presents, and
// answers what became of it.
func serveTrick(w http.ResponseWriter, r *http.Request, h *House) error {
	c, problem, err := h.prepare(r.Context(), r.FormValue("how"), r.FormValue("phone"))
	if err != nil {
		return err
	}
	if problem != "" {
		http.Error(w, problem, http.StatusConflict)
		return nil
	}
	a, err := h.apart(c)
	if err != nil {
		return err
	}
	if a.Trick, err = h.send(r.Context(), r.FormValue("how"), c); err != nil {
		return err
	}
	return writeJSON(w, a)
}

// prepare makes the callback to send; problem says why there is none.
func (h *House) prepare(ctx context.Context, how, phone string) (c simulator.SentCallback, problem string, err error) {
	if how == "late" {
		id, _ := strconv.ParseInt(phone, 10, 64) // 0 is nobody's
		c, err = h.Phones.LateCallback(ctx, id)
		if errors.Is(err, simulator.ErrNoRequest) || errors.Is(err, simulator.ErrNoPhone) {
			return c, "Nothing can be late: cancel a sign-in first.", nil
		}
		return c, "", err
	}
	change := tricks[how]
	if change == nil {
		return c, "how must be replay, change, late, old or unsigned", nil
	}
	c, ok := h.Phones.LastCallback()
	if !ok {
		return c, "No phone has answered yet.", nil
	}
	err = change(h, &c)
	return c, "", err
}

// send sends it, and looks at the row before and after.
func (h *House) send(ctx context.Context, how string, c simulator.SentCallback) (*trick, error) {
	t := &trick{How: how}
	var last int64
	if hops := h.Wire.After(0); len(hops) > 0 {
		last = hops[len(hops)-1].ID
	}
	var err error
	if t.Before, err = h.row(ctx, c.Body); err != nil {
		return nil, err
	}
	if t.Status, err = h.Phones.Send(ctx, c); err != nil {
		return nil, err
	}
	if t.After, err = h.row(ctx, c.Body); err != nil {
		return nil, err
	}
	for _, hop := range h.Wire.After(last) {
		if hop.Kind == wire.Answer && hop.Route == "/authy/callback" {
			t.Rule = t.Before.rule(hop)
		}
	}
	return t, nil
}

// rule is what became of a callback, by what was known of its request before.
func (r row) rule(answer wire.Hop) string {
	if answer.Note == "repeated" && r.Status != string(store.Approved) && r.Status != string(store.Denied) {
		return "Nod: too late, nothing changes"
	}
	text, _ := callbackAnswer(answer)
	return text
}

// row finds the request that the body of a callback names.
func (h *House) row(ctx context.Context, body []byte) (row, error) {
	var message struct {
		Request struct {
			Transaction struct {
				Hidden struct {
					ID string `json:"approval_id"`
				} `json:"hidden_details"`
			} `json:"transaction"`
		} `json:"approval_request"`
	}
	if err := json.Unmarshal(body, &message); err != nil {
		return row{}, err
	}
	a, err := h.Flow.Store.Approval(ctx, message.Request.Transaction.Hidden.ID)
	if err != nil {
		return row{}, err
	}
	return row{string(a.Status), string(a.Reason), a.DecidedAt, !a.ConsumedAt.IsZero()}, nil
}
