package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

const goodPassword = "correct horse battery staple"

// person has an account and a simulated phone.
type person struct {
	s     *site
	email string
	phone *phone
}

// signsUp begins an account; the phone rings.
func (s *site) signsUp(b *browser) person {
	n := s.people.Add(1)
	p := person{s: s, email: fmt.Sprintf("attack-%s-%d@nod.example", s.run, n)}
	got := b.post("/signup", "name", "Ada", "email", p.email, "password", goodPassword,
		"country_code", "1", "phone_number", fmt.Sprintf("%s555%04d", areaCodes[n/10000%uint32(len(areaCodes))], n%10000))
	need(got.status == http.StatusSeeOther, "sign-up: status %d\n%s", got.status, got.body)
	p.phone = s.phoneOf(p.email)
	return p
}

// areaCodes are some where 555 numbers belong to nobody.
var areaCodes = []string{"201", "202", "203", "205", "206", "207", "208", "209", "210", "212", "213", "214", "215", "216", "217", "218", "219"}

// account is a new one whose phone is proved; nobody is signed in to it.
func (s *site) account() person {
	b := s.elsewhere().browser()
	p := s.signsUp(b)
	p.comesIn(b)
	b.post("/logout")
	return p
}

// gives the password in b. The phone rings if the answer leads to the waiting page.
func (p person) gives(b *browser) page {
	return b.post("/login", "email", p.email, "password", goodPassword)
}

// waits gives the password in b and opens the socket of its waiting page.
func (p person) waits(b *browser) *socket {
	got := p.gives(b)
	need(got.status == http.StatusSeeOther && got.to() == "/login/approval", "the password leads to %d %s\n%s", got.status, got.to(), got.body)
	events := b.events()
	first := events.next()
	need(first.Status == "pending", "the waiting page is told %q", first.Status)
	return events
}

// comesIn taps for b, which waits, and goes through.
func (p person) comesIn(b *browser) {
	p.phone.approve(p.phone.pending())
	b.through()
}

// through waits for the approval and confirms it.
func (b *browser) through() {
	events := b.events()
	defer events.close()
	for s := events.next(); s.Status != "approved"; s = events.next() {
		need(s.Status == "pending", "instead of an approval came %q (%s)", s.Status, s.Reason)
	}
	got := b.post("/confirm-login")
	need(got.status == http.StatusSeeOther && b.inside(), "the confirmation leads to %d %s\n%s", got.status, got.to(), got.body)
}

// signsIn goes the whole way.
func (p person) signsIn(b *browser) {
	events := p.waits(b)
	events.close()
	p.comesIn(b)
}

// phone is a simulated phone, used through the simulator's JSON.
type phone struct {
	s  *site
	id int64
}

// shown is a request as the phone shows it.
type shown struct {
	UUID, Message, Status string
	Details               map[string]string
}

var phoneClient = &http.Client{Timeout: patience}

// callPhones calls the simulator once.
func (s *site) callPhones(method, path string, body, into any) (status int, err error) {
	sent, err := json.Marshal(body)
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(s.ctx, method, s.phones+path, bytes.NewReader(sent))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := phoneClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err == nil && into != nil {
		err = json.Unmarshal(got, into)
	}
	return res.StatusCode, err
}

// phoneOf is the phone that is registered for an e-mail.
func (s *site) phoneOf(email string) *phone {
	var all []struct {
		Email string
		ID    int64 `json:"authy_id"`
	}
	_, err := s.callPhones(http.MethodGet, "/phones", nil, &all)
	must(err)
	for _, one := range all {
		if one.Email == email {
			return &phone{s, one.ID}
		}
	}
	need(false, "no phone is registered for %s", email)
	return nil
}

func (ph *phone) path(rest string) string { return fmt.Sprintf("/phones/%d%s", ph.id, rest) }

// requests are all that reached the phone, newest first.
func (ph *phone) requests() (list []shown) {
	_, err := ph.s.callPhones(http.MethodGet, ph.path("/requests"), nil, &list)
	must(err)
	return list
}

// open are the requests that the phone still shows as unanswered.
func (ph *phone) open() (list []shown) {
	for _, r := range ph.requests() {
		if r.Status == "pending" {
			list = append(list, r)
		}
	}
	return list
}

// pending is the newest request that is unanswered.
func (ph *phone) pending() shown {
	for range 50 {
		if open := ph.open(); len(open) > 0 {
			return open[0]
		}
		time.Sleep(50 * time.Millisecond)
	}
	need(false, "the phone shows no request")
	return shown{}
}

func (ph *phone) answer(r shown, verb string) int {
	status, err := ph.s.callPhones(http.MethodPost, ph.path("/requests/"+r.UUID+"/"+verb), struct{}{}, nil)
	must(err)
	return status
}

// taps approves a request that may have been withdrawn: a simulated phone then
// refuses the tap.
func (ph *phone) taps(r shown) {
	status := ph.answer(r, "approve")
	need(status == http.StatusOK || status == http.StatusConflict, "the tap was answered with %d", status)
}

func (ph *phone) approve(r shown) {
	status := ph.answer(r, "approve")
	need(status == http.StatusOK, "the tap was answered with %d", status)
}

// appCode is the code that the app shows.
func (ph *phone) appCode() string {
	var shown struct{ Token string }
	_, err := ph.s.callPhones(http.MethodGet, ph.path("/token"), nil, &shown)
	must(err)
	need(shown.Token != "", "the app shows no code")
	return shown.Token
}

// messages are the SMS and calls of the phone.
func (ph *phone) messages() (list []map[string]any) {
	_, err := ph.s.callPhones(http.MethodGet, ph.path("/messages"), nil, &list)
	must(err)
	return list
}

// change changes the phone, such as app_installed.
func (ph *phone) change(fields map[string]any) {
	status, err := ph.s.callPhones(http.MethodPost, ph.path(""), fields, nil)
	must(err)
	need(status == http.StatusOK, "changing the phone: status %d", status)
}

// fault makes this phone's provider fail in a way; an empty one ends that.
func (ph *phone) fault(fields map[string]any) {
	fields["authy_id"] = ph.id
	status, err := ph.s.callPhones(http.MethodPost, "/faults", fields, nil)
	must(err)
	need(status == http.StatusOK, "ordering a fault: status %d", status)
}
