package handlers_test

import (
	"fmt"
	"net/http"
	"testing"
)

// phone is a simulated phone, used through the simulator's JSON.
type phone struct {
	t    testing.TB
	base string
}

type phoneRequest struct {
	UUID    string            `json:"uuid"`
	Message string            `json:"message"`
	Details map[string]string `json:"details"`
	Status  string            `json:"status"`
}

// allPhones are the phones by the e-mail they are registered for.
func (s *site) allPhones() map[string]*phone {
	s.t.Helper()
	var list []struct {
		AuthyID int64  `json:"authy_id"`
		Email   string `json:"email"`
	}
	getJSON(s.t, s.simURL+"/phones", &list)
	phones := map[string]*phone{}
	for _, p := range list {
		phones[p.Email] = s.phoneWithID(p.AuthyID)
	}
	return phones
}

func (s *site) phoneWithID(id int64) *phone {
	return &phone{s.t, fmt.Sprintf("%s/phones/%d", s.simURL, id)}
}

func (s *site) phoneOf(email string) *phone {
	s.t.Helper()
	p := s.allPhones()[email]
	if p == nil {
		s.t.Fatalf("no phone is registered for %s", email)
	}
	return p
}

func (p *phone) requests() []phoneRequest {
	p.t.Helper()
	var all []phoneRequest
	getJSON(p.t, p.base+"/requests", &all)
	return all
}

// pending is the newest request the phone shows as unanswered.
func (p *phone) pending() string {
	p.t.Helper()
	for _, r := range p.requests() {
		if r.Status == "pending" {
			return r.UUID
		}
	}
	p.t.Fatal("the phone shows no request")
	return ""
}

func (p *phone) answer(uuid, how string) int {
	p.t.Helper()
	return postJSON(p.t, p.base+"/requests/"+uuid+"/"+how, "")
}

func (p *phone) approve(uuid string) {
	p.t.Helper()
	if got := p.answer(uuid, "approve"); got != http.StatusOK {
		p.t.Fatalf("approve: got status %d, want 200", got)
	}
}

func (p *phone) deny(uuid string) {
	p.t.Helper()
	if got := p.answer(uuid, "deny"); got != http.StatusOK {
		p.t.Fatalf("deny: got status %d, want 200", got)
	}
}

func (p *phone) set(t testing.TB, json string) {
	t.Helper()
	if got := postJSON(t, p.base, json); got != http.StatusOK {
		t.Fatalf("changing the phone: got status %d, want 200", got)
	}
}
