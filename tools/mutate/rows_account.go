package main

// What the owner of an account does to it, and what it asks for first.
var accountRows = []row{
	{what: "an old sign-in is fresh", file: "signin/fresh.go", find: "f.Now().Before(v.Session.FreshUntil)", put: "!v.Session.FreshUntil.IsZero()", test: "handlers.TestEveryChangeAsksForAFreshSignIn"},
	{what: "an old session changes the account", file: "store/account.go", find: "err == nil && !sess.FreshUntil.After(at(tx.now))", put: "false", test: "TestAChangeNeedsAFreshSession"},
	{what: "any request confirms a change", file: "store/fresh.go", find: "tx.consume(ctx, sessionID, KindConfirm, subject)", put: `tx.consume(ctx, sessionID, KindTransfer, "")`, test: "TestConfirmChange"},
	{what: "a code confirms a change after a denial", file: "store/fresh.go", find: "if err == nil && denied {", put: "if false && denied {", test: "TestADeniedChangeHoldsForItsSession"},
	{what: "a code confirms two changes", file: "store/fresh.go", find: "tx.useCode(ctx, userID, codeHash)", put: "error(nil)", test: "TestConfirmChangeByCode"},
	{what: "the cookie from before a tap stays good", file: "store/fresh.go", find: "_, err = tx.endSession(ctx, sessionID, ReasonRekeyed, sess.ID)\n", put: "", test: "TestConfirmChange"},
	{what: "a renewed session lives anew", file: "store/fresh.go", find: "sess.CodeTries, sess.CodeVia, sess.CodeState = 0, \"\", \"\"", put: "sess.ExpiresAt = at(tx.now).Add(tx.store.opts.SessionMax)", test: "TestConfirmChange"},
	{what: "a transfer is lost with the id", file: "store/fresh.go", find: "`UPDATE transfers SET session_id = ? WHERE session_id = ?`,", put: "", test: "TestARenewedSessionTakesItsTransfersAlong"},
	{what: "a session of somebody else is ended", file: "store/account.go", find: "WHERE user_id = ? AND id <> ? AND ended_at IS NULL AND `", put: "WHERE user_id > ?-99 AND id <> ? AND ended_at IS NULL AND `", test: "TestEndOtherSessions"},
	{what: "a sign-in begun with the old password goes on", file: "store/account.go", find: "(level = 1 OR ? = 1)", put: "(? = 1)", test: "TestChangePassword"},
	{what: "a change of the password is told to nobody", file: "store/account.go", find: "tx.noticeFrom(ctx, sess.UserID, NoticePasswordChanged, c)", put: "nil", test: "TestChangePassword"},
	{what: "a page left open adds an authenticator", file: "handlers/fresh.go", find: "if h.Flow.Fresh(visitorOf(c)) {\n\t\treturn c.Next()", put: "if true {\n\t\treturn c.Next()", test: "TestEveryChangeAsksForAFreshSignIn"},
	{what: "the forms of an answer belong to the session before", file: "handlers/fresh.go", find: "c.Request().Header.SetCookieBytesKV(kept.Key(), kept.Value())", put: "_ = kept", test: "TestTheFormsOfAnAnswerBelongToTheNewSession"},
	{what: "a phone rings for who is known", file: "handlers/fresh.go", find: "if h.Flow.Fresh(visitorOf(c)) {\n\t\treturn seeOther(c, askedChange(c).url())", put: "if false {\n\t\treturn seeOther(c, askedChange(c).url())", test: "TestNothingIsConfirmedTwice"},
	{what: "any address goes on after a tap", file: "handlers/fresh.go", find: "\tif !ok {\n\t\treturn changeRef{}\n\t}\n", put: "\t_ = ok\n", test: "TestAConfirmedChangeLeadsNowhereElse"},
	{what: "the password is changed without the one before", file: "signin/password.go", find: "return store.Session{}, Problems{FieldCurrent: PasswordWrong}", put: "err = nil", test: "handlers.TestAPasswordIsChanged"},
}
