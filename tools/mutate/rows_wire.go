package main

import "time"

// The Authy wire: what a signature covers, and what is read of a message.
var wireRows = []row{
	{what: "a wrong signature is right", file: "authy/callback.go", find: "hmac.Equal(given, mac(apiKey, r.Nonce, r.Method, callbackURL, params)) || ok", put: "len(given) == len(mac(apiKey, r.Nonce, r.Method, callbackURL, params)) || ok", test: "TestChangedValuesAreRefused"},
	{what: "the signature leaves the URL out", file: "authy/callback.go", find: `"|" + callbackURL + "|"`, put: `"|" + "|"`, test: "TestSignerReproducesTheVectors"},
	{what: "a proxy that gives up refuses", file: "authy/reply.go", find: "status/100 == 5 || status == http.StatusRequestTimeout", put: "status/100 == 9", test: "TestTheOutcomeOfACallThatAProxyAnswers"},
	{what: "a proxy refuses in JSON of its own", file: "authy/reply.go", find: "&& (explained || e.Success != nil)", put: "", test: "TestTheOutcomeOfACallThatAProxyAnswers"},
	{what: "what was never sent may have been done", file: "authy/client.go", find: "connected.Load() || c.Transport != nil", put: "true", test: "TestACallThatWasNeverSentHasAnOutcome"},
	{what: "an empty key signs", file: "authy/callback.go", find: `if apiKey == "" || !isNonce(r.Nonce) ||`, put: "if !isNonce(r.Nonce) ||", test: "TestEmptyKeyVerifiesNothing"},
	{what: "a nonce may hold a separator", file: "authy/callback.go", find: "|| c == '|'", put: "", test: "TestInvalidNoncesAreRefused"},
	{what: "a loose spelling of base64 is read", file: "authy/callback.go", find: "base64.StdEncoding.Strict().DecodeString(r.Signature)", put: "base64.StdEncoding.DecodeString(r.Signature)", test: "TestInvalidSignatureHeadersAreRefused"},
	{what: "the last of two equal names counts", file: "authy/strictjson.go", find: "_, duplicate := v.get(name); duplicate", put: "false", test: "TestUnreadableBodies"},
	{what: "half a surrogate pair is read", file: "authy/strictjson.go", find: "case unpairedSurrogate(body):", put: "case false:", test: "TestUnreadableBodies"},
	{what: "a message nests without limit", file: "authy/strictjson.go", find: "depth == maxDepth", put: "depth == -1", test: "TestUnreadableBodies"},
	{what: "a status of another type is read", file: "authy/decode.go", find: "v.kind != text && v.kind != null", put: "false", test: "TestSignedButUnusableBodies"},
	{what: "an id may be a text", file: "authy/decode.go", find: "id.kind != number", put: "false", test: "TestSignedButUnusableBodies"},
	{what: "a hidden detail may be a number", file: "authy/decode.go", find: "m.value.kind != text", put: "false", test: "TestSignedButUnusableBodies"},
	{what: "a name that resembles another is passed over", file: "authy/decode.go", find: "if resemblesRead(m.name) {", put: "if false {", test: "TestSignedButUnusableBodies"},
	{what: "a withdrawn request can be answered", file: "simulator/withdraw.go", find: "SET status = 'expired', withdrawn", put: "SET withdrawn", test: "simulator.TestAWithdrawnRequest"},
	{what: "an answered request is withdrawn", file: "simulator/withdraw.go", find: "AND status = 'pending' AND", put: "AND", test: "simulator.TestWithdrawingChangesNothingThatHasEnded"},
	{what: "an answer that nobody took is called sent", file: "simulator/phones.go", find: "case a.notified:", put: "case true:", test: "simulator.TestAPhoneKnowsHowFarItsAnswerHasCome", hang: 15 * time.Second},
	{what: "a phone takes a word for a secret", file: "simulator/apps.go", find: "< minTyped {", put: "< 1 {", test: "simulator.TestAPhoneScansAnAppsQRCode"},
	{what: "a phone hides the faults for all", file: "simulator/live.go", find: "s.faults.effective(authyID).words(in)", put: "s.faults.own(authyID).words(in)", test: "simulator.TestFaultsInForceAreShown", hang: 15 * time.Second},
	{what: "a phone of two names one", file: "simulator/registration.go", find: "INSERT INTO owners (authy_id, email) VALUES (?, ?) ON CONFLICT DO NOTHING", put: "INSERT INTO owners (authy_id, email) SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM owners)", test: "simulator.TestAPhoneOfTwo"},
	{what: "another device is sent to its own localhost", file: "simulator/network.go", find: "isLoopback(u.Hostname()) && !isLoopback(hostOnly(r.Host))", put: "u.Host == \"\"", test: "simulator.TestPagesForOtherDevices"},
	{what: "the switch leads anywhere", file: "simulator/language.go", find: "ownPages.MatchString(from.Path)", put: "true", test: "simulator.TestALanguageIsChosen"},
	{what: "a call says its code before somebody answers", file: "simulator/messages.go", find: `secret := m.Via == "call" && !m.answered`, put: `secret := m.Via == "call" && !m.answered && !m.ringing`, test: "simulator.TestACallRings"},
	{what: "a missed call has its code", file: "simulator/messages.go", find: `m.Text, m.Code = "", ""`, put: "_ = m.Text", test: "simulator.TestACallRings"},
	{what: "a phone does not know when the next code may come", file: "simulator/messages.go", find: "return fromMillis(at).Add(time.Hour), err", put: "return fromMillis(at), err", test: "simulator.TestCodesPerHour"},
	{what: "the list forgets who rings", file: "simulator/list.go", find: "AND r.status = 'pending' AND r.pushed = 1", put: "AND false", test: "simulator.TestTheListSaysWhichPhoneRings"},
	{what: "any status is an answer", file: "authy/decode.go", find: "c.Status != StatusApproved && c.Status != StatusDenied", put: "false", test: "TestSignedButUnusableBodies"},
}
