package handlers_test

import "testing"

// A refused password reads the same whoever has the e-mail, also when there were
// too many, and rings nobody.
func TestEveryRefusedPasswordReadsTheSame(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	s.browser().signIn(ada)
	closed := s.account("bob@example.com")
	owner := s.browser()
	owner.signIn(closed)
	wantRedirect(t, owner.post("/account/close", "password", goodPassword), "/", "account-closed")
	eves := s.browser().signUpAs("eve@example.com")
	var first []string
	for _, email := range []string{"ada@example.com", "bob@example.com", "eve@example.com", "nobody@example.com"} {
		b := s.browser()
		b.get("/login")
		var answers []string
		for range 7 {
			password := "not the password"
			if email == closed.Email {
				password = goodPassword // as it was
			}
			got := b.post("/login", "email", email, "password", password)
			answers = append(answers, b.alike(got, email))
		}
		if first == nil {
			first = answers
		}
		for i := range answers {
			if answers[i] != first[i] {
				t.Errorf("%s, try %d:\n%s\nwant\n%s", email, i+1, answers[i], first[i])
			}
		}
	}
	if got := len(eves.requests()) + len(ada.phone.requests()); got != 1+2 {
		t.Errorf("the phones were asked %d times, want 3", got)
	}
}
