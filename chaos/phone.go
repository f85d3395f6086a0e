package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// patience is how often a phone is looked at before its owner thinks that it was
// not asked.
const (
	patience = 16
	glance   = 250 * time.Millisecond
)

// past is how a request ends by a tap.
var past = map[string]string{"approve": "approved", "deny": "denied"}

// errNotShown: the phone does not show the request.
var errNotShown = errors.New("the phone was not asked")

// phone is a simulated phone, used through the simulator's JSON.
type phone struct {
	w     *world
	email string
	id    int // at the provider, 0 until it was asked
}

// shown is a request as the phone shows it.
type shown struct {
	UUID, Status string
	Details      map[string]string
}

// about says whether the phone shows a value, such as the number of the page.
func (r shown) about(label, value string) bool { return r.Details[label] == value }

// answer waits until the request is shown, and taps. wait is told when the tap is
// acknowledged. errNotShown; otherwise the error is only ctx's.
func (ph *phone) answer(ctx context.Context, label, value, verb string, wait *waiting) error {
	uuid, err := ph.find(ctx, label, value)
	if err != nil {
		return err
	}
	ph.w.book.tapSent(uuid, verb)
	for tries := 0; ; tries++ {
		status, err := ph.call(ctx, http.MethodPost, fmt.Sprintf("/phones/%d/requests/%s/%s", ph.id, uuid, verb), nil)
		switch {
		case err == nil && status == http.StatusOK:
			wait.tapped(uuid)
			ph.w.book.tapTaken(uuid, verb)
			return nil
		case err == nil && status == http.StatusConflict:
			return ph.settle(ctx, uuid, verb, wait)
		}
		if err := pause(ctx, backOff(tries)); err != nil {
			return err
		}
	}
}

// settle finds out what a refused tap means: that one before it was taken, though
// its reply was lost, or that the time is up.
func (ph *phone) settle(ctx context.Context, uuid, verb string, wait *waiting) error {
	list, err := ph.requests(ctx)
	for _, r := range list {
		if r.UUID == uuid && r.Status == past[verb] {
			wait.tapped(uuid)
			ph.w.book.tapTaken(uuid, verb)
		}
	}
	return err
}

// find waits for a pending request with this detail.
func (ph *phone) find(ctx context.Context, label, value string) (uuid string, err error) {
	for range patience {
		list, err := ph.requests(ctx)
		if err != nil {
			return "", err
		}
		for _, r := range list {
			if r.Status == "pending" && r.about(label, value) {
				return r.UUID, nil
			}
		}
		if err := pause(ctx, glance); err != nil {
			return "", err
		}
	}
	return "", errNotShown
}

// requests reads what the phone shows, as soon as it can be asked.
func (ph *phone) requests(ctx context.Context) (list []shown, err error) {
	for tries := 0; ; tries++ {
		if err = ph.findID(ctx); err == nil {
			_, err = ph.call(ctx, http.MethodGet, fmt.Sprintf("/phones/%d/requests", ph.id), &list)
		}
		if err == nil || errors.Is(err, errNotShown) {
			return list, err
		}
		if err := pause(ctx, backOff(tries)); err != nil {
			return nil, err
		}
	}
}

func (ph *phone) findID(ctx context.Context) error {
	if ph.id != 0 {
		return nil
	}
	var all []struct {
		Email string
		ID    int `json:"authy_id"`
	}
	if _, err := ph.call(ctx, http.MethodGet, "/phones", &all); err != nil {
		return err
	}
	for _, one := range all {
		if one.Email == ph.email {
			ph.id = one.ID
			return nil
		}
	}
	return errNotShown
}

var phoneClient = &http.Client{Timeout: replyTimeout}

// call calls the simulator once.
func (ph *phone) call(ctx context.Context, method, path string, into any) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+ph.w.site.phones+path, strings.NewReader("{}"))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := phoneClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && into != nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", res.Status, body)
	}
	if err == nil && into != nil {
		err = json.Unmarshal(body, into)
	}
	return res.StatusCode, err
}
