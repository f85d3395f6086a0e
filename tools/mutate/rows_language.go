package main

// The languages of the pages and of the phones.
var languageRows = []row{
	{what: "the phone is asked in the language of the page", file: "signin/ask.go", find: "Language: user.Language, ", put: "", test: "handlers.TestWhatRingsFollowsTheAccount"},
	{what: "a password chooses how the owner's phone is asked", file: "handlers/language.go", find: "v.Level() == store.SignedIn", put: "v.Level() != store.Anonymous", test: "TestAStrangerDoesNotChooseTheLanguageOfThePhone"},
	{what: "the switch leads to another site", file: "handlers/language.go", find: "return page.String()", put: "_ = page\n\treturn typed", test: "TestTheSwitchLeadsToNoOtherSite"},
	{what: "a cache gives everybody the first reader's language", file: "handlers/headers.go", find: ", fiber.HeaderAcceptLanguage)", put: ")", test: "TestPagesAreInTheLanguageOfTheReader"},
	{what: "the first digits of an amount that reads two ways count", file: "signin/money.go", find: `return "", "", true`, put: `return text[:at], text[at+1:], false`, test: "signin.TestAnAmountThatReadsTwoWaysIsRefused"},
	{what: "a point is a thousand's for everybody", file: "signin/money.go", find: "case groups && strings.Contains(million, text[at:at+1]):", put: "case groups:", test: "signin.TestAnAmountThatReadsTwoWaysIsRefused"},
	{what: "half is five hundred", file: "signin/money.go", find: "group[0] == '0' ||", put: "", test: "signin.TestWhatIsWrongWithAnAmount"},
	{what: "groups of two count for everybody", file: "signin/money.go", find: "strings.HasPrefix(million, \"10\") &&", put: "", test: "signin.TestWhatIsWrongWithAnAmount"},
	{what: "an amount with its currency is told of its digits", file: "signin/money.go", find: "if named(text) {", put: "if false {", test: "signin.TestWhatIsWrongWithAnAmount"},
	{what: "yen are told to have decimals", file: "handlers/transfers.go", find: "problems, money.Decimals())", put: "problems, 2)", test: "TestTwoWaysToReadAnAmount"},
	{what: "a closed account keeps its language", file: "store/users.go", find: "\t\t\tlanguage = '',\n", put: "", test: "store.TestTheLanguageOfAnAccount"},
	{what: "the switch leads from a wrong code to the tap", file: "handlers/fresh.go", find: "page.Here = page.CodeURL", put: "page.Here = page.SelfURL", test: "TestEveryPageThatAnswersAFormHasTheSwitch"},
	{what: "the switch loses what was typed", file: "handlers/app.go", find: "h.unlessSwitched(h.typedSignup), ", put: "", test: "TestTheSwitchTakesAlongWhatWasTyped"},
	{what: "an error has no switch", file: "handlers/language.go", find: `fiber.MethodPost && page != "error"`, put: "fiber.MethodPost", test: "TestErrorsHaveTheSwitch"},
	{what: "a page hears of a limit and not until when", file: "handlers/browsers.go", find: "body.RetryAt = wireRetry(s.RetryAt, now)", put: "", test: "TestWhenToAskAgain"},
	{what: "a list of transfers hears of a limit and not until when", file: "handlers/browsers.go", find: "wireRetry(one.RetryAt, now)", put: `""`, test: "TestWhenToAskAgain"},
	{what: "what was said of a request stands above its end", file: "handlers/approval.go", find: "n != nil || a.Status != store.Pending", put: "n != nil", test: "TestWhatWasSaidOfARequestEndsWithIt"},
	{what: "a notice is shown on any page", file: "handlers/notices.go", find: "|| page != c.Path()", put: `|| page == ""`, test: "TestANoticeIsForItsPage"},
	{what: "a sentence is missing in a language", file: "locales/de.json", find: "  \"login.title\": \"Anmelden\",\n", put: "", test: "locales.TestEveryLanguageHasEverySentence"},
}
