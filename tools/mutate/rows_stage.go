package main

// The stage, and what only a demonstration may do.
var stageRows = []row{
	{what: "whoever likes holds a demonstration in a frame", file: "handlers/headers.go", find: "return h.Demo.Stage", put: "return \"*\"", test: "command.TestOnlyTheStageHoldsAPageInAFrame"},
	{what: "the phones may be framed without a demonstration", file: "simulator/web.go", find: "if s.config.Framed {", put: "if s.config.Stage != nil {", test: "server.TestAnswersOfTheOtherListenersHaveTheHeaders"},
	{what: "people of a demonstration are filled in anywhere", file: "handlers/demo.go", find: "if h.Demo == nil {\n\t\treturn nil", put: "if false {\n\t\treturn nil", test: "command.TestOnlyTheStageHoldsAPageInAFrame"},
	{what: "a demonstration uses the real database", file: "config/config.go", find: "c.Database, c.Demo = demoDatabase, true", put: "c.Demo = true", test: "command.TestADemonstrationHasPeopleWhoAreReady"},
	{what: "a demonstration uses the real key", file: "config/config.go", find: "without(getenv, notForDemo...)", put: "without(getenv, \"DATABASE_URL\")", test: "command.TestADemonstrationHasPeopleWhoAreReady"},
	{what: "a demonstration takes a file of others", file: "store/migrate.go", find: "case demo && marks == 0:", put: "case false:", test: "TestADemonstrationHasAFileOfItsOwn"},
	{what: "a demonstration marks a file of others", file: "store/migrate.go", find: "if demo && tx.store.empty {", put: "if demo {", test: "TestADemonstrationHasAFileOfItsOwn"},
	{what: "others take the file of a demonstration", file: "store/migrate.go", find: "case !demo && marks > 0:", put: "case false:", test: "TestADemonstrationHasAFileOfItsOwn"},
	{what: "a demonstration does not say that it is one", file: "server/wiring.go", find: "Demo: s.Demo, OneSource", put: "OneSource", test: "command.TestADemonstrationTakesNoFileOfOthers"},
	{what: "a demonstration removes the phones of others", file: "server/demo.go", find: "if s.Demo && isEmpty(s.Database)", put: "if false && isEmpty(s.Database)", test: "command.TestADemonstrationTakesNoFileOfOthers"},
	{what: "others reach a demonstration", file: "config/config.go", find: "if !listensOnLoopback(at[1]) {", put: "if c.PublicURL == \"\" && !listensOnLoopback(at[1]) {", test: "command.TestADemonstrationWithWrongSettings"},
	{what: "others reach the stage", file: "config/config.go", find: `, {"SIMULATOR_ADDR", c.SimulatorAddr}} {`, put: "} {", test: "command.TestADemonstrationWithWrongSettings"},
	{what: "a reset leaves whoever waits", file: "stage/stage.go", find: "if err := h.Flow.StartOver(ctx); err != nil {\n\t\treturn err\n\t}\n", put: "", test: "command.TestResetGivesTheOpeningStateBack"},
	{what: "a tap ends at any browser", file: "stage/story.go", find: "h.Browser == told.Browser", put: "true", test: "TestATapIsMeasuredToTheBrowsersAcknowledgement"},
	{what: "a phone shows a request twice", file: "stage/story.go", find: "shown[h.UUID] = true", put: "shown[h.UUID] = false", test: "TestTheWireTellsTheLastSignIn"},
	{what: "what is to go unsigned is signed", file: "stage/callback.go", find: "\"unsigned\": func(c *simulator.SentCallback) { c.Signature = \"\" },", put: "\"unsigned\": func(*simulator.SentCallback) {},", test: "command.TestTheStageSendsCallbacksAgain"},
	{what: "the byte that is changed is none", file: "stage/callback.go", find: "c.Body[at] = '1' +", put: "_ = '1' +", test: "command.TestTheStageSendsCallbacksAgain"},
	{what: "the stage answers under another name", file: "stage/web.go", find: "if \"http://\"+r.Host != h.Origin {", put: "if false {", test: "command.TestTheStageIsRedirectedToTheHostOfThePublicURL"},
}
