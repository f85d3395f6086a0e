package main

import (
	"net/http"
	"net/url"
	"strings"
)

// Whose tap lets whom in.
var bindingAttacks = []attack{
	{"A-01", "sign in with the victim's password at the same moment, and go through by the victim's tap", oneTapOneBrowser},
	{"A-02", "open many sign-ins at once, so that the victim taps for one of them", manyAtOnce},
	{"A-03", "keep an older request of the same browser, and have it approved", anOlderRequest},
	{"A-04", "name somebody else's request in one's own confirmation, page and socket", somebodyElsesRequest},
	{"A-05", "have a request approved whose account was closed meanwhile", aClosedAccount},
	{"A-06", "have the request approved after the person came in by a code", aTapAfterACode},
	{"A-13", "confirm one approval 50 times at once", oneApprovalManyConfirms},
	{"A-14", "confirm again with the cookie from before", anOldCookie},
	{"A-16", "approve what was denied, and deny what was approved", changedMinds},
	{"A-17", "answer before the provider's reply is there", aFastThumb},
}

// oneTapOneBrowser: the victim compares the number and taps for their own request.
func oneTapOneBrowser(a *attempt) {
	const rounds = 3
	for range rounds {
		p := a.account()
		thief, victim := a.elsewhere().browser(), a.elsewhere().browser()
		parallel(2, func(i int) page { return p.gives([]*browser{thief, victim}[i]) })
		events := victim.events()
		first := events.next()
		events.close()
		if first.Status != "pending" { // the thief was later, and the victim tries again
			p.gives(victim)
			events = victim.events()
			first = events.next()
			events.close()
		}
		need(first.Status == "pending", "the victim's page is told %q (%s)", first.Status, first.Reason)
		for _, r := range p.phone.open() {
			if r.Details["Number"] == first.Number {
				p.phone.taps(r)
			}
		}
		if thief.post("/confirm-login"); thief.inside() {
			a.through("the thief's browser went through by the victim's tap")
		}
		victim.through()
	}
	a.tried("%d rounds of both at once", rounds)
	a.refusedBy("an approval belongs to the session that asked")
}

// manyAtOnce: even if every request on the phone is approved, one browser is in.
func manyAtOnce(a *attempt) {
	const browsers = 8
	p := a.account()
	all := parallel(browsers, func(int) *browser {
		b := a.elsewhere().browser()
		p.gives(b)
		return b
	})
	open := p.phone.open()
	for _, r := range open {
		p.phone.taps(r)
	}
	in := 0
	for _, b := range all {
		if b.post("/confirm-login"); b.inside() {
			in++
		}
	}
	if in > 1 {
		a.through("%d of %d browsers are in", in, browsers)
	}
	a.tried("%d sign-ins at once, and a tap on each of %d requests", browsers, len(open))
	a.refusedBy("one request of a person is pending at a time: %d in", in)
}

func anOlderRequest(a *attempt) {
	p := a.account()
	b := a.elsewhere().browser()
	p.gives(b)
	old, tab := p.phone.pending(), b.twin()
	p.gives(b)
	p.phone.taps(old)
	for _, who := range []*browser{tab, b} {
		if who.post("/confirm-login"); who.inside() {
			a.through("the replaced request let a browser in")
		}
	}
	if got := tab.get("/login/approval"); got.status == http.StatusOK {
		a.through("the tab before goes on waiting")
	}
	p.comesIn(b)
	if tab.inside() {
		a.through("the old tab's cookie is signed in too")
	}
	a.tried("a tap on the request before")
	a.refusedBy("it is cancelled, and a simulated phone no longer takes it: only the newest counts")
}

func somebodyElsesRequest(a *attempt) {
	ada, bob := a.account(), a.account()
	victim, thief := a.elsewhere().browser(), a.elsewhere().browser()
	bob.gives(thief)
	ada.gives(victim)
	r := ada.phone.pending()
	id := r.UUID
	if _, after, found := strings.Cut(victim.get("/login/approval").body, `name="request" value="`); found {
		id, _, _ = strings.Cut(after, `"`)
	}
	ada.phone.approve(r)
	tried := 0
	for _, name := range []string{"id", "request", "request_id", "uuid", "approval_id", "session"} {
		for _, value := range []string{id, r.UUID} {
			tried++
			form := thief.form(name, value)
			thief.send("/confirm-login?"+url.Values{name: {value}}.Encode(), form)
			thief.send("/login/resend?"+name+"="+value, form)
			if state := thief.get("/authy/status?" + name + "=" + value).body; strings.Contains(state, "approved") {
				a.through("%s=%s shows the state of another's request: %s", name, value, state)
			}
		}
	}
	if thief.inside() {
		a.through("somebody else's approval let the thief in")
	}
	need(victim.post("/confirm-login").status == http.StatusSeeOther && victim.inside(), "the victim did not get in")
	a.tried("%d names and ids in forms, queries and polls", tried)
	a.refusedBy("the session alone says which request is meant")
}

func aClosedAccount(a *attempt) {
	p := a.account()
	owner, thief := a.elsewhere().browser(), a.elsewhere().browser()
	p.signsIn(owner)
	p.gives(thief)
	r := p.phone.pending()
	got := owner.post("/account/close", "password", goodPassword)
	need(got.status == http.StatusSeeOther && !owner.inside(), "the account was not closed: status %d", got.status)
	tap := p.phone.answer(r, "approve")
	if thief.post("/confirm-login"); thief.inside() {
		a.through("a request from before let the thief in")
	}
	a.tried("a tap (%d) on the request of somebody who knows the password", tap)
	a.refusedBy("the requests of a closed account are withdrawn")
}

func aTapAfterACode(a *attempt) {
	p := a.account()
	b := a.elsewhere().browser()
	p.gives(b)
	waiting := b.twin()
	r := p.phone.pending()
	got := b.post("/verify-token", "token", p.phone.appCode())
	need(b.inside(), "the code leads to %d %s", got.status, got.to())
	p.phone.answer(r, "approve")
	if waiting.post("/confirm-login"); waiting.inside() {
		a.through("the request let a second browser in")
	}
	a.tried("a tap on the request that the code made needless")
	a.refusedBy("it was cancelled when the code was taken")
}

func oneApprovalManyConfirms(a *attempt) {
	const racers = 50
	p := a.account()
	b := a.elsewhere().browser()
	p.gives(b)
	p.phone.approve(p.phone.pending())
	sessions := map[string]bool{}
	for _, got := range b.atOnce(racers, "/confirm-login") {
		for _, c := range (&http.Response{Header: got.header}).Cookies() {
			holder := a.browser()
			holder.http.Jar.SetCookies(a.origin, []*http.Cookie{{Name: c.Name, Value: c.Value, Path: "/"}})
			if holder.inside() {
				sessions[c.Value] = true
			}
		}
	}
	if len(sessions) != 1 {
		a.through("%d sessions came of one approval", len(sessions))
	}
	a.tried("%d confirmations at once", racers)
	a.refusedBy("one conditional update: one session")
}

func anOldCookie(a *attempt) {
	p := a.account()
	b := a.elsewhere().browser()
	p.gives(b)
	thief := b.twin()
	form := thief.form()
	p.comesIn(b)
	got := thief.send("/confirm-login", form)
	if thief.inside() {
		a.through("the cookie from before the confirmation opened a session")
	}
	a.tried("the cookie of the waiting page, after it went through")
	a.refusedBy("its session has ended: %d to %s", got.status, got.to())
}

func changedMinds(a *attempt) {
	p := a.account()
	b := a.elsewhere().browser()
	p.gives(b)
	r := p.phone.pending()
	p.phone.answer(r, "deny")
	again := p.phone.answer(r, "approve")
	if b.post("/confirm-login"); b.inside() {
		a.through("a denied request was approved")
	}
	a.tried("Approve after Deny")
	a.refusedBy("the first answer stands (the phone's own answer: %d)", again)
}

func aFastThumb(a *attempt) {
	p := a.account()
	thief, b := a.elsewhere().browser(), a.elsewhere().browser()
	p.gives(thief)
	p.phone.fault(map[string]any{"callback": "before_reply"})
	defer p.phone.fault(map[string]any{"callback": ""})
	p.gives(b)
	b.through()
	if thief.post("/confirm-login"); thief.inside() {
		a.through("the request that was replaced got through as well")
	}
	a.tried("an answer that overtakes the reply to its request, beside another request")
	a.refusedBy("it finds its own row by the id that travels with it")
}
