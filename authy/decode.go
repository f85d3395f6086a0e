package authy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// approvalAction is the only callback_action that is documented.
const approvalAction = "approval_request_status"

// pingUser is the user id in the dashboard's test callback.
const pingUser = 1234

// fields are the fields that are read, as text, from a POST or a GET.
type fields struct {
	id, uuid, status, action string
	hidden                   map[string]string
}

// callback builds the Callback, or reports which field is missing or invalid.
func (f fields) callback() (Callback, error) {
	authyID, err := strconv.ParseInt(f.id, 10, 64)
	if err != nil || authyID <= 0 || !isDigits(f.id) {
		return Callback{}, fmt.Errorf("%w: authy_id %q", ErrBadCallback, short(f.id))
	}
	c := Callback{AuthyID: authyID, UUID: f.uuid, Status: Status(f.status), Action: f.action, HiddenDetails: f.hidden}
	switch {
	case authyID == pingUser && !isID(f.uuid):
		return Callback{AuthyID: authyID, Action: f.action, Ping: true}, nil
	case f.action != approvalAction:
		return Callback{}, fmt.Errorf("%w: callback_action %q", ErrBadCallback, short(f.action))
	case !isID(f.uuid):
		return Callback{}, fmt.Errorf("%w: uuid %q", ErrBadCallback, short(f.uuid))
	case c.Status != StatusApproved && c.Status != StatusDenied:
		return Callback{}, fmt.Errorf("%w: status %q", ErrBadCallback, short(f.status))
	}
	return c, nil
}

// callbackFromJSON reads the callback from the message of a POST. The canonical
// string does not distinguish 1 from "1", or a nested member from a name with
// brackets, so types and names are checked: a change that leaves the signature
// valid must not change the meaning.
func callbackFromJSON(message value) (Callback, error) {
	request, err := descend(message, "approval_request")
	if err != nil {
		return Callback{}, err
	}
	transaction, err := descend(request, "transaction")
	if err != nil {
		return Callback{}, err
	}
	hidden, err := descend(transaction, "hidden_details")
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
	return f.callback()
}

// descend returns the object member of this name. It refuses a level that has a
// name resembling one that is read.
func descend(v value, name string) (value, error) {
	for _, m := range v.members {
		if resemblesRead(m.name) {
			return value{}, fmt.Errorf("%w: member %q", ErrBadCallback, short(m.name))
		}
	}
	next, _ := v.get(name)
	if next.kind != object && next.kind != null {
		return value{}, fmt.Errorf("%w: %s must be an object", ErrBadCallback, name)
	}
	return next, nil
}

// isRead reports whether name is one that is read.
func isRead(name string) bool {
	return slices.Contains([]string{"authy_id", "uuid", "status", "callback_action",
		"approval_request", "transaction", "hidden_details"}, name)
}

// resemblesRead reports whether a name that is not read could be taken for one that
// is: STATUS or ſtatus for status, "approval_request[transaction]" for a nested
// member.
func resemblesRead(name string) bool {
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
