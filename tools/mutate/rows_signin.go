package main

// The flow, and what a provider is asked and believed.
var signinRows = []row{
	{what: "the list of what was asked is never emptied", file: "signin/reconcile.go", find: "at.Before(before)", put: "at.IsZero()", test: "TestWhatWasAskedIsForgotten"},
	{what: "every poll asks the provider", file: "signin/reconcile.go", find: "now.Sub(last) < interval", put: "now.Sub(last) < 0", test: "TestPollingAsksTheProviderNowAndThen"},
	{what: "a young request is asked about", file: "signin/reconcile.go", find: "now.Sub(a.CreatedAt) < minPollAge", put: "false", test: "TestPollingAsksTheProviderNowAndThen"},
	{what: "the phone rings without limit", file: "signin/ask.go", find: "if !allowed {", put: "if !allowed && f == nil {", test: "TestThePhoneIsLeftInPeace"},
	{what: "a Deny does not end the attempt", file: "signin/ask.go", find: "case store.Denied:\n\t\treturn true", put: "case store.Denied:\n\t\treturn false", test: "handlers.TestDenyEndsTheAttempt"},
	{what: "a cancelled attempt can be resumed", file: "signin/ask.go", find: "a.Reason == store.ReasonByUser ||", put: "", test: "TestAnAttemptIsOverOnceItsEndIsChosen"},
	{what: "passwords are tried without limit", file: "signin/begin.go", find: "err == nil && wait > 0", put: "false", test: "handlers.TestGuessingIsSlowedDown"},
	{what: "asking who has an account is free", file: "signin/account.go", find: "f.spendTry(ctx, n.Email, c)", put: "error(nil)", test: "handlers.TestAskingWhoHasAnAccountIsSlowedDown"},
	{what: "browsers are not told of an answer", file: "signin/decide.go", find: "if applied {\n\t\tf.ended(ctx, decided)", put: "if false {\n\t\tf.ended(ctx, decided)", test: "handlers.TestSignInWithATap"},
	{what: "other tabs are not told of a sign-in", file: "signin/confirm.go", find: "f.notify(ctx, before)", put: "_ = before", test: "TestOtherTabsHearOfTheSignIn"},
	{what: "an attempt is counted twice", file: "signin/count.go", find: `f.counted.due("attempt "+sessionID, f.Now(), countFor)`, put: "true", test: "TestEachAttemptIsCountedOnce"},
	{what: "a lost callback is not made up for", file: "signin/confirm.go", find: "a = f.reconcile(ctx, a, userAsked)", put: "", test: "handlers.TestALostCallbackIsMadeUpFor"},
	{what: "a code of another attempt is taken", file: "signin/codes.go", find: `return "sign-in " + sessionID`, put: `return "sign-in "`, test: "handlers.TestACodeIsForOneAttempt"},
	{what: "a code used up by our own check costs a second try", file: "signin/codes.go", find: "if returned {", put: "if returned && f == nil {", test: "handlers.TestFaultsWhenCheckingACode"},
	{what: "a code that may arrive is on its way", file: "signin/codes.go", find: "return store.CodeUnconfirmed, nil, nil", put: "return store.CodeSent, nil, nil", test: "handlers.TestFaultsWhenSendingACode"},
	{what: "a request that may arrive is on its way", file: "signin/ask.go", find: "return reason, nil", put: `return "", nil`, test: "handlers.TestFaultsOfTheReplyWhenAskingAgain"},
	{what: "the account of another password is closed", file: "signin/account.go", find: "err == nil && user.ID != v.User.ID", put: "false", test: "TestOnlyTheOwnPasswordClosesAnAccount"},
	{what: "closing takes a shared phone off", file: "signin/account.go", find: "err != nil || shared", put: "err != nil || shared && f == nil", test: "handlers.TestClosingOneAccountLeavesThePhoneToTheOther"},

	{what: "what the provider may have done counts as refused", file: "providers/authy.go", find: "errors.Is(err, authy.ErrNoReply)", put: "false", test: "TestAFaultOfTheProviderIsANeutralErrorOfEveryCall"},
	{what: "a callback counts for 55 minutes", file: "providers/authy_callback.go", find: "15 * time.Minute", put: "55 * time.Minute", test: "TestACallbackCountsForFifteenMinutes"},
	{what: "a callback may come from the future", file: "providers/authy_callback.go", find: "|| age < -nonceAge.Seconds()", put: "", test: "TestACallbackCountsForFifteenMinutes"},
	{what: "a doubled signature is taken", file: "providers/authy_callback.go", find: "len(values) != 1", put: "len(values) == 0", test: "handlers.TestCallbacksThatAreRefused"},
	{what: "the e-mail on the phone is not cut", file: "providers/authy_question.go", find: `{Label: "E-mail", Value: signin.Shorten(q.Email, maxDetail)}`, put: `{Label: "E-mail", Value: q.Email}`, test: "TestTheLongestEmailRings"},
	{what: "the account of a transfer is not cut", file: "providers/authy_question.go", find: `{Label: "Account", Value: signin.Shorten(q.Email, maxDetail)}`, put: `{Label: "Account", Value: q.Email}`, test: "TestTheLongestEmailRings"},
	{what: "a phone without the app is asked", file: "providers/authy.go", find: "!status.CanApprove()", put: "!status.CanApprove() && id < 0", test: "TestAPhoneWithoutTheAppIsNotAsked"},
	{what: "a code that was not sent is on its way", file: "providers/authy.go", find: "!became.Ignored", put: "(!became.Ignored || true)", test: "TestACodeThatIsNotSentIsNotOnItsWay"},
	{what: "a payee has a line of its own", file: "signin/typed.go", find: "strings.ContainsFunc(typed, broken)", put: "false", test: "TestPayeesShowNothingElseThanTheirName"},
	{what: "a payee turns the amount round", file: "providers/authy_question.go", find: "return isolate[0] + text + isolate[1]", put: "return text", test: "TestAPayeeCannotTurnTheAmountRound"},
}
