package main

// Phones of one's own.
var ownRows = []row{
	{what: "a phone counts that no browser has confirmed", file: "store/own_requests.go", find: "own_phones.id = ? AND confirmed_at IS NOT NULL AND revoked_at IS NULL)", put: "own_phones.id = ? AND revoked_at IS NULL)", test: "TestOnlyTheOwnPhonesOfTheAccountAnswer"},
	{what: "a revoked phone answers", file: "store/own_requests.go", find: "own_phones.id = ? AND confirmed_at IS NOT NULL AND revoked_at IS NULL)", put: "own_phones.id = ? AND confirmed_at IS NOT NULL)", test: "TestOnlyTheOwnPhonesOfTheAccountAnswer"},
	{what: "any number approves", file: "store/own_requests.go", find: "subtle.ConstantTimeCompare([]byte(a.Number), []byte(typed)) == 1", put: "len(typed) == len(a.Number)", test: "TestThreeWrongNumbersEndTheRequest"},
	{what: "numbers are guessed without end", file: "store/own_requests.go", find: "if wrong < OwnNumberTries {", put: "if wrong < 99 {", test: "TestThreeWrongNumbersEndTheRequest"},
	{what: "a wrong number is not counted", file: "store/own_requests.go", find: "refused := &kept{&WrongNumber{max(0, OwnNumberTries-wrong)}}", put: "refused := &WrongNumber{max(0, OwnNumberTries-wrong)}", test: "TestThreeWrongNumbersEndTheRequest"},
	{what: "a copied passkey approves", file: "store/own_requests.go", find: "AND (sign_count < ?1 OR sign_count = 0 AND ?1 = 0)", put: "", test: "TestACounterNeverGoesBack"},
	{what: "another account adds a phone", file: "store/own_phones.go", find: "WHERE id = ?2\n\t\t\t\tAND user_id = ?3", put: "WHERE id = ?2\n\t\t\t\tAND user_id <> -?3", test: "TestANewPhoneIsConfirmed"},
	{what: "a phone waits to be confirmed for ever", file: "store/own_phones.go", find: "AND created_at > ?4\n\t\t\tRETURNING name`", put: "AND created_at > 0*?4\n\t\t\tRETURNING name`", test: "TestANewPhoneIsConfirmed"},
	{what: "another account removes a phone", file: "store/own_phones.go", find: "WHERE id = ? AND user_id = ? AND revoked_at IS NULL\n\t\tRETURNING name, confirmed_at", put: "WHERE id = ? AND user_id <> -? AND revoked_at IS NULL\n\t\tRETURNING name, confirmed_at", test: "TestARevokedOwnPhone"},
	{what: "a phone signs one challenge twice", file: "store/own_phones.go", find: "WHERE id = ?3 AND challenge = ?4 AND revoked_at IS NULL", put: "WHERE id = ?3 AND ?4 = ?4 AND revoked_at IS NULL", test: "TestTheChallengeOfAPhoneIsSignedOnce"},
	{what: "a revoked phone renews its cookie", file: "store/own_phones.go", find: "AND challenge = ?4 AND revoked_at IS NULL", put: "AND challenge = ?4", test: "TestARevokedOwnPhone"},
	{what: "a code adds two phones", file: "store/own_codes.go", find: "AND challenge <> '' AND phone_id = ''\n\t\t\tRETURNING user_id`", put: "AND challenge <> ''\n\t\t\tRETURNING user_id`", test: "TestTheCodeOfAPhone"},
	{what: "an enrolment ends another one", file: "store/own_codes.go", find: "AND challenge = ?4 AND challenge <> ''", put: "AND ?4 = ?4 AND challenge <> ''", test: "TestTheCodeOfAPhone"},
	{what: "a code is good for ever", file: "store/own_codes.go", find: "WHERE hash = ?3 AND created_at > ?4 AND tries < ?5", put: "WHERE hash = ?3 AND created_at > 0*?4 AND tries < ?5", test: "TestTheCodeOfAPhone"},
	{what: "a code is tried without end", file: "store/own_codes.go", find: "AND tries < ?5", put: "AND ?5 > 0", test: "TestTheCodeOfAPhone"},
	{what: "codes of phones are guessed without end", file: "store/own_codes.go", find: "return tx.count(ctx, guess)", put: "return nil", test: "TestGuessingTheCodeOfAPhone"},
	{what: "a closed account keeps its phones", file: "store/users.go", find: "`DELETE FROM own_phones WHERE user_id = ?`,", put: "", test: "TestOwnPhonesGo"},
	{what: "a stranger's phone outlives a not me", file: "store/account.go", find: "range p.RemovePhones {", put: "range p.RemovePhones[:0] {", test: "TestOwnPhonesGo"},
	{what: "a stranger's phone outlives a reset", file: "store/operator.go", find: "if err := tx.revokeOwnPhones(ctx, userID); err != nil {", put: "if err := error(nil); err != nil {", test: "TestOwnPhonesGo"},
	{what: "Authy is asked beside a phone of one's own", file: "store/approvals.go", find: "AND NOT EXISTS (\n\t\t\t\t\tSELECT 1\n\t\t\t\t\tFROM factors AS own", put: "AND EXISTS (\n\t\t\t\t\tSELECT 1\n\t\t\t\t\tFROM factors AS own", test: "TestBeginApproval"},

	{what: "an approval takes no passkey", file: "phone/answer.go", find: "if a.Decision == store.Denied {", put: "if true {", test: "TestAnAnswerIsRefused"},
	{what: "an approval takes no device key", file: "phone/answer.go", find: "if err := signedByDevice(p.DeviceKey, m.Digest(), a.Signature); err != nil {", put: "if err := error(nil); err != nil {", test: "TestAnAnswerIsRefused"},
	{what: "the user is not verified", file: "phone/keys.go", find: "UserVerification: protocol.VerificationRequired,", put: "", test: "TestAnAnswerIsRefused"},
	{what: "the counter of a passkey goes back", file: "phone/keys.go", find: "if used.Authenticator.CloneWarning {", put: "if false {", test: "TestAnAnswerIsRefused"},
	{what: "an amount is not signed", file: "phone/signed.go", find: "s.Change, s.Payee, s.Amount,", put: "s.Change, s.Payee, s.Payee,", test: "TestASignatureIsForOneMessage"},
	{what: "a name is not signed", file: "phone/enrol.go", find: `digest("nod phone 1", r.Origin, challenge, name, string(passkey))`, put: `digest("nod phone 1", r.Origin, challenge, "Pixel", string(passkey))`, test: "TestAPhoneIsAddedByItsKeys"},
	{what: "a passkey goes with any device key", file: "phone/enrol.go", find: `digest("nod passkey 1", r.Origin, challenge, base64url.EncodeToString(deviceKey))`, put: `digest("nod passkey 1", r.Origin, challenge, base64url.EncodeToString(deviceKey[:9]))`, test: "TestAPhoneIsAddedByItsKeys"},
	{what: "a receipt of another message counts", file: "phone/receipt.go", find: "_, err = r.signedByPasskey(p, t.Message.Digest(), t.Approval)", put: "", test: "TestAReceipt"},
}
