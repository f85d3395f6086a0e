package main

import "time"

// What a request may do.
var handlersRows = []row{
	{what: "a body of a gigabyte is read", file: "handlers/app.go", find: "64 << 10", put: "1 << 30", test: "TestALargeBodyIsRefusedUnread"},
	{what: "a slow sender is never cut", file: "handlers/app.go", find: " 5 * time.Second", put: " 0", test: "TestASlowSenderIsCut", hang: 15 * time.Second},
	{what: "X-Forwarded-For is believed of anybody", file: "handlers/app.go", find: "EnableTrustedProxyCheck: true", put: "EnableTrustedProxyCheck: false", test: "TestOnlyATrustedProxyNamesTheVisitor"},
	{what: "X-Forwarded-For is believed of nobody", file: "handlers/app.go", find: "return fiber.HeaderXForwardedFor", put: `return ""`, test: "TestOnlyATrustedProxyNamesTheVisitor"},
	{what: "other sites may not show the logo", file: "handlers/static.go", find: `"cross-origin")`, put: `"same-origin")`, test: "TestOtherOriginsMayShowTheLogoAlone"},
	{what: "other sites may show every file", file: "handlers/static.go", find: "c.Path() == logoPath", put: "c.Path() != \"\"", test: "TestOtherOriginsMayShowTheLogoAlone"},
	{what: "a packed body is unpacked", file: "handlers/app.go", find: "len(c.Request().Header.Peek(fiber.HeaderContentEncoding)) > 0", put: "false", test: "TestCallbacksThatAreRefused"},
	{what: "a callback needs no content type", file: "handlers/callback.go", find: "!isJSON(c.Get(fiber.HeaderContentType))", put: "false", test: "TestCallbacksThatAreRefused"},
	{what: "a page stays under another name", file: "handlers/app.go", find: "strings.EqualFold(string(c.Request().Header.Host()), h.public.Host)", put: "true", test: "TestAPageUnderAnotherNameIsRedirected"},
	{what: "a form without its token is taken", file: "handlers/csrf.go", find: "!hmac.Equal([]byte(want), []byte(c.FormValue(\"_csrf\")))", put: `want == "x"`, test: "TestFormsOfOtherSitesAreRefused"},
	{what: "a form token outlives its session", file: "handlers/csrf.go", find: `secret + "|" + sessionID`, put: `secret + "|"`, test: "TestTheTokenDiesWithTheSessionID"},
	{what: "the origin of a form is not checked", file: "handlers/csrf.go", find: `origin != "" && origin != h.origin()`, put: `origin == "x"`, test: "TestFormsOfOtherSitesAreRefused"},
	{what: "Sec-Fetch-Site is not checked", file: "handlers/csrf.go", find: `site == "" || site == "same-origin" || site == "none"`, put: `site == site`, test: "TestFormsOfOtherSitesAreRefused"},
	{what: "the origin of a socket is not checked", file: "handlers/events.go", find: "[]string{h.origin()}", put: `[]string{"*"}`, test: "TestSocketsOfOtherSitesAreRefused"},
	{what: "the origin of a stream is not checked", file: "handlers/app.go", find: `"/login/stream", noStore, h.requireOwnOrigin,`, put: `"/login/stream", noStore,`, test: "TestStreamsOfOtherSitesAreRefused"},
	{what: "the session id stays when the level rises", file: "handlers/session.go", find: "c.Request().Header.DelCookie(name)", put: "_ = name", test: "TestSignInWithATap"},
	{what: "a session is not ended where no cookie refers to it", file: "handlers/session.go", find: "h.Flow.End(c.UserContext(), s.ID, store.ReasonNotKept)", put: "nil", test: "TestASessionThatNobodyHoldsIsEnded"},
	{what: "the session file holds the cookies themselves", file: "handlers/storage.go", find: "return hex.EncodeToString(sum[:])", put: "_ = hex.EncodeToString(sum[:]); return key", test: "TestTheSessionFileHoldsNoSessionID"},
	{what: "scripts may read the session cookie", file: "handlers/handlers.go", find: "CookieHTTPOnly: true", put: "CookieHTTPOnly: false", test: "TestTheSessionCookieIsForThisSiteAlone"},
	{what: "other sites send the session cookie", file: "handlers/handlers.go", find: `CookieSameSite: "Lax"`, put: `CookieSameSite: "None"`, test: "TestTheSessionCookieIsForThisSiteAlone"},
	{what: "/protected opens after the password", file: "handlers/app.go", find: `app.Get("/protected", h.requireSignedIn,`, put: `app.Get("/protected", h.requirePassword,`, test: "TestSignInWithATap"},
	{what: "a code is sent after a Deny", file: "handlers/app.go", find: `app.Post("/send-token", h.requirePassword, h.requireOpenAttempt,`, put: `app.Post("/send-token", h.requirePassword,`, test: "TestDenyLeadsToNoCode"},
	{what: "pages may be cached", file: "handlers/app.go", find: `"no-store"`, put: `"no-cache"`, test: "TestHeadersOfEveryPageAtEveryLevel"},
	{what: "pages may be framed", file: "handlers/app.go", find: `"DENY"`, put: `"SAMEORIGIN"`, test: "TestHeadersOfEveryPageAtEveryLevel"},
	{what: "no Retry-After", file: "handlers/errors.go", find: "fiber.HeaderRetryAfter", put: `"X-Retry-After"`, test: "TestGuessingIsSlowedDown"},
	{what: "an error shows its cause", file: "handlers/errors.go", find: `Text: "error.internal.text"`, put: "Text: err.Error()", test: "TestErrorsTellNoSecrets"},
	{what: "what happens while a socket opens is lost", file: "handlers/events.go", find: "r.slot.Early()", put: "false", test: "TestATapBetweenReadingAndJoining"},
	{what: "a slot stays taken where nobody joins", file: "handlers/events.go", find: "slot.Release()", put: "_ = slot", test: "TestARefusedWaitFreesItsSlot"},
	{what: "a sign-out leaves the session", file: "handlers/login.go", find: "h.Flow.End(c.UserContext(), v.Session.ID, store.ReasonSignedOut)", put: "error(nil)", test: "TestSignOutIsForEver"},
	{what: "the page's policy allows any picture", file: "handlers/protected.go", find: "!plainHost.MatchString(u.Host)", put: "false", test: "TestAPictureCannotChangeThePolicy"},
	{what: "a link says that an account was closed", file: "handlers/notices.go", find: `|| c.Cookies(h.cookieName("notice")) != name`, put: "", test: "TestALinkClaimsNothing"},
	{what: "opening the waiting page asks the phone", file: "handlers/approval.go", find: "return h.showAsk(c)", put: "return h.resend(c)", test: "TestOpeningTheWaitingPageAsksNoPhone"},
}
