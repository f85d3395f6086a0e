package main

// Web Push: whom this machine asks, and what it makes of the answer.
var pushRows = []row{
	{what: "a name of the list leads to an address inside", file: "phone/push/dial.go", find: "case !public(to.Addr()):", put: "case false:", test: "TestANameThatLeadsInsideIsNotReached"},
	{what: "addresses are judged before the name is looked up", file: "phone/push/dial.go", find: "case !public(to.Addr()):", put: "case !public(to.Addr()) && to.Addr().IsPrivate():", test: "TestANameThatChangesItsAnswer"},
	{what: "another port of a push service is asked", file: "phone/push/dial.go", find: "case to.Port() != 443:", put: "case false:", test: "TestOnlyPublicAddressesAreReached"},
	{what: "what maps IPv4 into IPv6 is reached", file: "phone/push/dial.go", find: "|| a.Is6() && !unicast.Contains(a)", put: "", test: "TestOnlyPublicAddressesAreReached"},
	{what: "a push service sends us elsewhere", file: "phone/push/dial.go", find: "return http.ErrUseLastResponse", put: "return nil", test: "TestWhatAPushServiceRefuses"},
	{what: "any host is a push service", file: "phone/push/subscription.go", find: "case !listed(u.Hostname(), s.hosts):", put: "case false:", test: "TestOnlyEndpointsOfPushServicesAreTaken"},
	{what: "an endpoint carries a password", file: "phone/push/subscription.go", find: "|| u.User != nil", put: "", test: "TestOnlyEndpointsOfPushServicesAreTaken"},
	{what: "an endpoint goes out in clear", file: "phone/push/subscription.go", find: `case u.Scheme != "https" ||`, put: "case false ||", test: "TestOnlyEndpointsOfPushServicesAreTaken"},
	{what: "the log tells how to reach a phone", file: "phone/push/answer.go", find: "return with.Err", put: "return err", test: "TestTheLogHasNoEndpoint"},
	{what: "an outage fills the log", file: "phone/push/answer.go", find: "now.Sub(h.logged) < logEvery", put: "now.Sub(h.logged) < 0", test: "TestTheLogHasNoEndpoint"},
	{what: "a subscription that is gone is kept", file: "phone/push/answer.go", find: "a.status == http.StatusNotFound, a.status == http.StatusGone", put: "a.status == http.StatusNotFound", test: "TestWhatAPushServiceRefuses"},
	{what: "a push service that asks for time is pressed", file: "phone/push/push.go", find: "wait := max(a.wait, backoff(j.tries))", put: "wait := backoff(j.tries)", test: "TestWhatMayPassIsTriedAgainInTime"},
	{what: "a message waits past its end", file: "phone/push/push.go", find: "wait >= j.m.Expires.Sub(s.Now())", put: "wait < 0", test: "TestWhatMayPassIsTriedAgainInTime"},
	{what: "a push service keeps what is over", file: "phone/push/push.go", find: `strconv.Itoa(int(left.Seconds()))`, put: `strconv.Itoa(int(left.Seconds()) + 60)`, test: "TestWhatMayPassIsTriedAgainInTime"},
	{what: "a push service that is silent holds a message", file: "phone/push/push.go", find: "min(patience, left)", put: "left", test: "TestWhatMayPassIsTriedAgainInTime"},
	{what: "the length of a message tells what it says", file: "phone/push/encrypt.go", find: "seal(message, to, own, salt, padded)", put: "seal(message, to, own, salt, len(message)+1)", test: "TestAMessageArrives"},
	{what: "a proof is good for days", file: "phone/push/vapid.go", find: "proofLife = 12 * time.Hour", put: "proofLife = 48 * time.Hour", test: "TestAMessageArrives"},

	{what: "it is kept where a phone was woken that is gone", file: "store/push_subscriptions.go", find: "WHERE user_id = ? AND revoked_at IS NOT NULL)", put: "WHERE user_id = ? AND revoked_at = 0)", test: "TestAPhoneThatWasRemovedIsNotWoken"},
	{what: "a phone is woken that nobody has confirmed", file: "store/push_subscriptions.go", find: "AND own_phones.confirmed_at IS NOT NULL AND", put: "AND", test: "TestAPhoneThatWasRemovedIsNotWoken"},
	{what: "late news ends a new subscription", file: "store/push_subscriptions.go", find: "DELETE FROM push_subscriptions WHERE phone_id = ? AND endpoint = ?", put: "DELETE FROM push_subscriptions WHERE phone_id = ? AND ? <> ''", test: "TestWhereAPhoneIsWoken"},
	{what: "what was said of another subscription stands", file: "store/push_subscriptions.go", find: "THEN push_subscriptions.outcome ELSE '' END", put: "THEN '' ELSE push_subscriptions.outcome END", test: "TestWhereAPhoneIsWoken"},
	{what: "a request wakes no phone", file: "phone/phone.go", find: "r.wake(ctx, a, q)", put: "", test: "TestARequestWakesAllPhones"},
	{what: "a phone says where this machine is to go", file: "phone/wake.go", find: "if err := r.Push.Check(to); err != nil {", put: "if err := error(nil); err != nil {", test: "TestWhereAPhoneMayNotBeWoken"},
	{what: "each request waits at the push service", file: "phone/wake.go", find: "Topic: n.Tag, Expires", put: "Expires", test: "TestARequestWakesAllPhones"},

	{what: "a signed-in browser says where phones are woken", file: "handlers/ownphone_push.go", find: "h.requirePhone, h.keepPhonePushes)", put: "h.keepPhonePushes)", test: "TestWhoSaysWhereAPhoneIsWoken"},
	{what: "another site says where phones are woken", file: "handlers/ownphone_push.go", find: "h.requireOwnJSON, h.loadPhone, h.requirePhone, h.keepPhonePushes)", put: "h.loadPhone, h.requirePhone, h.keepPhonePushes)", test: "TestWhoSaysWhereAPhoneIsWoken"},
	{what: "the worker has no say over the phone's page", file: "handlers/ownphone_push.go", find: `c.Set("Service-Worker-Allowed", phonePath)`, put: "", test: "TestThePageOfAPhoneIsAnApp"},
	{what: "nobody is told that a push service refuses us", file: "handlers/account_ownphones.go", find: "outcome == store.PushKeyRefused ||", put: "", test: "TestAnOwnPhoneIsWoken"},
	{what: "phones of one's own are asked for where they cannot be", file: "server/ownphones.go", find: "&& (s.OwnNamed() || s.OwnOnly()):", put: "&& false:", test: "TestWherePhonesOfOnesOwnAreServed"},
	{what: "who has a phone of their own is locked out", file: "server/provider.go", find: "provider == store.Own && !s.Own()", put: "false", test: "TestAccountsWithPhonesOfTheirOwnNeedThem"},
	{what: "a site starts on which nobody can sign up", file: "config/phones.go", find: "case !key && c.OwnOnly() && !c.makesPasskeys():", put: "case false:", test: "TestWhosePhonesAreAsked"},

	{what: "simulated phones answer for a real site", file: "config/phones.go", find: `case c.isOwnMachine():`, put: "case true:", test: "TestWhosePhonesAreAsked"},
	{what: "https on this machine is taken for a demonstration", file: "config/phones.go", find: `strings.HasPrefix(c.PublicURL, "http://") && (`, put: "(", test: "TestWhosePhonesAreAsked"},
}
