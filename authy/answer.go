package authy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// action is the only callback there is.
const action = "approval_request_status"

// pingUser is the user of the dashboard's test callback.
const pingUser = 1234

// fields are the decisive ones as text, whichever way they came.
type fields struct {
	id, uuid, status, action string
	hidden                   map[string]string
}

// answer turns the fields into an answer, or says why they are none.
func (f fields) answer() (Callback, error) {
	authyID, err := strconv.ParseInt(f.id, 10, 64)
	if err != nil || authyID <= 0 || !isDigits(f.id) {
		return Callback{}, fmt.Errorf("%w: authy_id %q", ErrBadCallback, short(f.id))
	}
	c := Callback{AuthyID: authyID, UUID: f.uuid, Status: Status(f.status), Action: f.action, HiddenDetails: f.hidden}
	switch {
	case authyID == pingUser && !isID(f.uuid):
		return Callback{AuthyID: authyID, Action: f.action, Ping: true}, nil
	case f.action != action:
		return Callback{}, fmt.Errorf("%w: callback_action %q", ErrBadCallback, short(f.action))
	case !isID(f.uuid):
		return Callback{}, fmt.Errorf("%w: uuid %q", ErrBadCallback, short(f.uuid))
	case c.Status != StatusApproved && c.Status != StatusDenied:
		return Callback{}, fmt.Errorf("%w: status %q", ErrBadCallback, short(f.status))
	}
	return c, nil
}

// answerOf reads the answer from the message of a POST. The canonical string
// is the same for 1, "1" and a "[…]" in a name, so types and names are
// checked: who alters a message without breaking its signature must not alter
// what it says.
func answerOf(message value) (Callback, error) {
	request, err := below(message, "approval_request")
	if err != nil {
		return Callback{}, err
	}
	transaction, err := below(request, "transaction")
	if err != nil {
		return Callback{}, err
	}
	hidden, err := below(transaction, "hidden_details")
	if err != nil {
		return Callback{}, err
	}
	details, err := texts(hidden)
	if err != nil {
		return Callback{}, err
	}
	id, _ := message.get("authy_id")
	if id.kind != number {
		return Callback{}, fmt.Errorf("%w: authy_id must be a number", ErrBadCallback)
	}
	f := fields{id: id.text, hidden: details}
	for name, to := range map[string]*string{"uuid": &f.uuid, "status": &f.status, "callback_action": &f.action} {
		v, _ := message.get(name)
		if v.kind != text && v.kind != null {
			return Callback{}, fmt.Errorf("%w: %s must be a string", ErrBadCallback, name)
		}
		*to = v.text
	}
	return f.answer()
}

// below goes one level down. The level it leaves is one whose names are read,
// so no name there may look like one of ours.
func below(v value, name string) (value, error) {
	for _, m := range v.members {
		if looksRead(m.name) {
			return value{}, fmt.Errorf("%w: member %q", ErrBadCallback, short(m.name))
		}
	}
	next, _ := v.get(name)
	if next.kind != object && next.kind != null {
		return value{}, fmt.Errorf("%w: %s must be an object", ErrBadCallback, name)
	}
	return next, nil
}

// isRead lists the names that are read.
func isRead(name string) bool {
	return slices.Contains([]string{"authy_id", "uuid", "status", "callback_action",
		"approval_request", "transaction", "hidden_details"}, name)
}

// looksRead says whether a name is none that is read but may pass for one:
// STATUS or ſtatus for status, "approval_request[transaction]" for a member
// of a member.
func looksRead(name string) bool {
	folded := fold(name)
	stem, _, bracket := strings.Cut(strings.ReplaceAll(folded, "]", "["), "[")
	return isRead(stem) && (bracket || folded != name)
}

func texts(v value) (map[string]string, error) {
	all := map[string]string{}
	for _, m := range v.members {
		if m.value.kind != text {
			return nil, fmt.Errorf("%w: hidden detail %q must be a string", ErrBadCallback, short(m.name))
		}
		all[m.name] = m.value.text
	}
	return all, nil
}
