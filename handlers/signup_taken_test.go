package handlers_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"nod/providers"
)

const evesPassword = "a horse of another colour"

// signUpAs asks for an e-mail, whoever has it, with Eve's phone.
func (b *browser) signUpAs(email string) *phone {
	b.t.Helper()
	wantRedirect(b.t, b.post("/signup", "name", "Eve", "email", email, "password", evesPassword,
		"country_code", "1", "phone_number", "2015550150"), "/login/approval")
	return b.site.phoneWith("2015550150")
}

// approves waits in b until a tap on the phone has arrived.
func (b *browser) approves(p *phone) {
	b.t.Helper()
	events := b.events()
	events.want("pending")
	p.approve(p.pending())
	events.want("approved")
}

// phoneWith is the phone with a national number.
func (s *site) phoneWith(number string) *phone {
	s.t.Helper()
	var list []struct {
		AuthyID     int64  `json:"authy_id"`
		PhoneNumber string `json:"phone_number"`
	}
	getJSON(s.t, s.simURL+"/phones", &list)
	for _, p := range list {
		if p.PhoneNumber == number {
			return &phone{s.t, fmt.Sprintf("%s/phones/%d", s.simURL, p.AuthyID)}
		}
	}
	s.t.Fatalf("no phone has the number %s", number)
	return nil
}

// alike is an answer without what differs from one browser to the next: tokens,
// ids, times, the number to compare, and who it is about.
func (b *browser) alike(p page, who string) string {
	var headers []string
	for name, values := range p.Header {
		if !slices.Contains([]string{"Date", "X-Request-Id", "Content-Length"}, name) {
			headers = append(headers, fmt.Sprint(name, values))
		}
	}
	slices.Sort(headers)
	u, err := url.Parse(b.site.url)
	must(b.t, err)
	text := strings.NewReplacer(who, "WHO", softened.Replace(who), "WHO", u.Port(), "PORT", b.site.simURL, "PHONES").Replace(fmt.Sprintln(p.Status, headers, p.Body))
	return varying.ReplaceAllString(text, "…")
}

// softened is an e-mail as the waiting page lets it break.
var softened = strings.NewReplacer("@", "@<wbr>", ".", "<wbr>.")

var varying = regexp.MustCompile(`/phones/\d+#[0-9a-f-]{36}|[A-Z2-7]{26}|[0-9A-Za-z_-]{43}|[0-9a-f]{32,}|\d{4}-\d\d-\d\dT[\d:.]+Z|"number":"\d\d|id="number[a-z-]*">\d\d`)

// Until the phone is proved, whoever signs up is answered alike, in every step,
// whether or not the e-mail has an account.
func TestATakenEmailAndAFreeOneAnswerAlike(t *testing.T) {
	now := newClock().Now()
	taken, free := answersToASignUp(t, now, "ada@example.com"), answersToASignUp(t, now, "eve@example.com")
	for i := range taken {
		if taken[i] != free[i] {
			a, b := strings.Split(taken[i], "\n"), strings.Split(free[i], "\n")
			for line := range min(len(a), len(b)) {
				if a[line] != b[line] {
					t.Errorf("answer %d, a taken e-mail:\n%s\na free one:\n%s", i, a[line], b[line])
				}
			}
			if len(a) != len(b) {
				t.Errorf("answer %d: %d lines for a taken e-mail, %d for a free one", i, len(a), len(b))
			}
		}
	}
}

// answersToASignUp are all that a person sees who has signed up with an e-mail
// and does not prove the phone. One e-mail has an account.
func answersToASignUp(t *testing.T, now time.Time, email string) (answers []string) {
	s := newSiteIn(t, t.TempDir(), &clock{now: now})
	s.browser().signIn(s.account("ada@example.com"))
	b := s.browser()
	see := func(p page) page {
		answers = append(answers, b.alike(p, email))
		return p
	}
	signUp := func(changed ...string) page {
		fields := []string{"name", "Eve", "email", email, "password", evesPassword, "country_code", "1", "phone_number", "2015550150"}
		return see(b.post("/signup", append(fields, changed...)...))
	}
	login := func(password string) page { return see(b.post("/login", "email", email, "password", password)) }

	signUp("name", "")
	signUp("password", "password1")
	wantRedirect(t, signUp(), "/login/approval")
	phone := s.phoneWith("2015550150")
	for _, path := range []string{"/login/approval", "/authy/status", "/login/number", "/verify-token", "/protected", "/signup", "/login"} {
		see(b.get(path))
	}
	see(b.post("/confirm-login"))
	see(b.post("/send-token", "via", "sms"))
	see(b.post("/send-token", "via", "sms"))
	wantStatus(t, see(b.post("/verify-token", "token", wrong(phone.code("sms")))), http.StatusUnprocessableEntity)
	wantRedirect(t, signUp(), "/login/approval") // the same once more
	see(b.post("/login/cancel"))
	wantStatus(t, login("not the password"), http.StatusUnprocessableEntity)
	wantRedirect(t, login(evesPassword), "/login/approval")
	events := b.events()
	events.want("pending")
	phone.deny(phone.pending())
	events.want("denied")
	see(b.get("/login/approval"))
	for range 6 {
		login("not the password")
	}
	shown := phone.requests()
	if len(shown) != 3 || phone.codes() != 1 {
		t.Errorf("%s: the phone was asked %d times, and sent %d codes", email, len(shown), phone.codes())
	}
	for _, r := range shown {
		answers = append(answers, strings.ReplaceAll(fmt.Sprint(r.Message, len(r.Details), r.Details["Email"], r.Status), email, "WHO"))
	}
	return answers
}

// Once the phone is proved, who has signed up is told; the owner too, and
// nothing else has changed.
func TestAnEmailThatHasAnAccount(t *testing.T) {
	for name, prove := range map[string]func(b *browser, p *phone) (path string, form url.Values){
		"by a tap": func(b *browser, p *phone) (string, url.Values) {
			b.approves(p)
			return "/confirm-login", url.Values{}
		},
		"by a code": func(b *browser, p *phone) (string, url.Values) {
			return "/verify-token", url.Values{"token": {p.token()}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			ada := s.account("ada@example.com")
			owner := s.browser()
			owner.signIn(ada)
			eve, tab := s.browser(), s.browser()
			eves := eve.signUpAs("ADA@example.com")
			tab.withSession(eve.cookie("nod_session"))
			path, form := prove(eve, eves)
			form.Set("_csrf", eve.formToken())
			for _, reply := range []page{eve.lost(path, form), eve.postForm(path, form)} {
				wantRedirect(t, reply, "/login", "email-taken")
			}
			wantBody(t, eve.get("/login"), words("notice.email_taken"))
			wantBody(t, tab.get("/authy/status"), `"status":"signed_out"`, `"reason":"email_taken"`)
			wantRedirect(t, eve.get("/protected"), "/login", "start")
			wantStatus(t, eve.post("/login", "email", "ada@example.com", "password", evesPassword), http.StatusUnprocessableEntity)
			if s.registered("2015550150") {
				t.Error("the provider still knows the phone of the sign-up")
			}
			wantBody(t, owner.get("/protected"), words("event.sign_up_taken"))
			s.browser().signIn(ada)
		})
	}
}

// All tabs of a browser go on at once when the tap comes; each hears the same.
func TestAllTabsHearThatAnEmailHasAnAccount(t *testing.T) {
	s := newSite(t)
	s.browser().signIn(s.account("ada@example.com"))
	eve := s.browser()
	eve.approves(eve.signUpAs("ada@example.com"))
	eve.atOnce(16, "/confirm-login", url.Values{}, func(res *http.Response) {
		if got := res.Header.Get("Location"); got != "/login" {
			t.Errorf("got status %d to %q", res.StatusCode, got)
		}
	})
}

// An e-mail without an account is the first one's who proves a phone.
func TestTheFirstToProveAPhoneHasTheEmail(t *testing.T) {
	s := newSite(t)
	eve, ada := s.browser(), s.browser()
	eves := eve.signUpAs("ada@example.com")
	s.register(ada, "ada@example.com")
	adas := s.phoneWith("2015550001")
	ada.approves(adas)
	wantRedirect(t, ada.post("/confirm-login"), "/protected")
	eve.approves(eves)
	wantRedirect(t, eve.post("/confirm-login"), "/login", "email-taken")
}

// A sign-up that nobody proves does not keep the e-mail, nor the phone.
func TestASignUpIsForgottenAfterADay(t *testing.T) {
	removed := make(chan error, 1)
	s := newSite(t, func(c *config) { c.Authy = removals{c.Authy, removed} })
	b := s.browser()
	b.signUpAs("ada@example.com")
	s.clock.Advance(24 * time.Hour)
	must(t, s.flow.Sweep(t.Context()))
	wantStatus(t, b.post("/login", "email", "ada@example.com", "password", evesPassword), http.StatusUnprocessableEntity)
	must(t, <-removed)
	if s.registered("2015550150") {
		t.Error("the provider still knows its phone")
	}
}

// removals tells of each phone that is taken off the provider.
type removals struct {
	providers.AuthyAPI
	done chan error
}

func (r removals) RemoveUser(ctx context.Context, id int64) error {
	err := r.AuthyAPI.RemoveUser(ctx, id)
	r.done <- err
	return err
}

// By signing in to a sign-up of one's own, one gets no more tries at the password of
// the account.
func TestASignUpGivesBackNoTries(t *testing.T) {
	s := newSite(t)
	s.browser().signIn(s.account("ada@example.com"))
	b := s.browser()
	b.signUpAs("ada@example.com")
	tries := 0
	for status := 0; status != http.StatusTooManyRequests; tries++ {
		if tries > 20 {
			t.Fatal("a stranger tries for ever")
		}
		status = b.post("/login", "email", "ada@example.com", "password", "not the password").Status
		if again := b.post("/login", "email", "ada@example.com", "password", evesPassword); status != http.StatusTooManyRequests && again.Status != http.StatusSeeOther {
			status = again.Status
		}
	}
	if tries > 6 {
		t.Errorf("a stranger had %d tries, want at most 5", tries-1)
	}
}
