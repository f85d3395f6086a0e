package main

import "time"

// What holds on both databases, and among several processes.
var postgresRows = []row{
	{what: "a transaction that met another one is lost", file: "store/tx.go", find: "try < maxTries && isConflict(err)", put: "try < 1 && isConflict(err)", test: "TestATransactionThatMetAnotherIsRunAgain"},
	{what: "a crowd of transactions is run again at once", file: "store/store.go", find: "turn: make(chan struct{}, 1)", put: "turn: make(chan struct{}, 100)", test: "TestACrowdIsRunAgainOneAtATime"},
	{what: "a transaction that has no time left is a fault", file: "store/tx.go", find: "return cmp.Or(ctx.Err(), err)", put: "return cmp.Or(err, ctx.Err())", test: "TestTheTimeOfATransactionRunsOut"},
	{what: "a transaction is run for ever", file: "store/tx.go", find: "maxTries     = 40", put: "maxTries     = 400", test: "TestATransactionThatMetAnotherIsRunAgain"},
	{what: "what a limit refuses is not counted", file: "store/tx.go", find: "s.refused.addAll(t.limited)", put: "", test: "TestARefusalIsCountedOnce"},
	{what: "an error quotes the row", file: "store/postgres.go", find: "text := pg.Message + \" (\"", put: "text := pg.Message + pg.Detail + \" (\"", test: "TestATransactionThatMetAnotherIsRunAgain"},
	{what: "an error shows the URL", file: "store/postgres.go", find: "err = cause // the error itself repeats the URL", put: "_ = cause", test: "TestNoErrorShowsAPassword"},
	{what: "the name of a database has its password", file: "store/postgres.go", find: "return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()", put: "return u.String()", test: "TestNoErrorShowsAPassword"},
	{what: "a process on PostgreSQL makes a key of its own", file: "config/config.go", find: "r.checkPostgres(c)", put: "", test: "TestPostgresIsUsedWithAKeyThatIsSet"},
	{what: "who told does not hear others", file: "nudges/nudges.go", find: "words[0] == n.self", put: "words[0] != \"\"", test: "TestOthersHear", hang: 15 * time.Second},
	{what: "too many nudges are lost", file: "nudges/nudges.go", find: "n.waiting = map[string]bool{everything: true}", put: "clear(n.waiting)", test: "TestTooManyWordsAreEverything"},
	{what: "another process is not told", file: "signin/state.go", find: "\tf.Browsers.TellState(sessionID, stateOf(w))\n\tf.tellPeers(aboutSignIn, sessionID)\n", put: "\tf.Browsers.TellState(sessionID, stateOf(w))\n", test: "TestPeersAreToldOfAnAnswer"},
	{what: "what nobody has told is lost", file: "signin/peers.go", find: "\tfor _, id := range changes.Sessions {\n", put: "\tfor _, id := range changes.Sessions[:0] {\n", test: "TestWhatNobodyToldIsMadeGood"},
	{what: "lines are read before all are there", file: "store/changes.go", find: "settled = 5 * time.Second", put: "settled = 0 * time.Second", test: "TestWhomTheLinesConcern"},
	{what: "an instance goes by its own clock", file: "server/wiring.go", find: "\tif s.onPostgres() {\n\t\treturn nil\n\t}\n\treturn s.now", put: "\treturn s.now", test: "command.TestThreeInstancesAreOneNod"},
	{what: "an answer that comes again is told nobody", file: "signin/decide.go", find: "\t\tf.tellAgain(ctx, a)\n", put: "", test: "handlers.TestAnAnswerThatComesAgainIsTold"},
	{what: "ids begin anew after a move", file: "store/move_table.go", find: "return m.goOn(ctx, t)", put: "return nil", test: "command.TestAMoveToPostgres"},
	{what: "a file that was moved is used again", file: "store/migrate.go", find: "slices.Contains(ran, movedMark)", put: "slices.Contains(ran, \"\")", test: "command.TestAMoveToPostgres"},
	{what: "a move mixes with what a Nod has left", file: "store/move_table.go", find: "if used {", put: "if false && used {", test: "command.TestAMoveToPostgres"},
	{what: "what a browser calls itself is no text for PostgreSQL", file: "store/move_table.go", find: "values[i] = legible(text)", put: "values[i] = text", test: "command.TestAMoveToPostgres"},
	{what: "a move takes a file that is in use", file: "server/move.go", find: "lockFile(ctx, c.Database, 0, logger)", put: "io.NopCloser(nil), error(nil)", test: "command.TestAMoveToPostgres"},
	{what: "deadlines last longer where the clock of the database is set back", file: "store/clock.go", find: "case behind > maxSlip:", put: "case behind > 9999*maxSlip:", test: "TestTheClockOfTheDatabase"},
	{what: "a clock that is right again stays ahead", file: "store/clock.go", find: "case behind < -maxSlip:", put: "case behind < -9999*maxSlip:", test: "TestTheClockOfTheDatabase"},
	{what: "a slow answer sets the clock", file: "store/clock.go", find: "if took > maxSlip {", put: "if took > 9999*maxSlip {", test: "TestTheClockOfTheDatabase"},
	{what: "a server that refuses is a fault of ours", file: "store/postgres.go", find: "pg.Code == codeUnsupported, lostServer(err):", put: "false:", test: "TestAServerThatRefusesIsUnavailable"},
	{what: "a unit gives up before its database is there", file: "packaging/nod.service", find: "StartLimitIntervalSec=0", put: "StartLimitIntervalSec=10", test: "config.TestTheUnitStartsNodUntilItCanBe"},
	{what: "systemd starts a Nod again whose settings do not fit", file: "command/command.go", find: ", server.IsSettings(err):", put: ":", test: "command.TestAnotherSecretKey"},
	{what: "a process with another key joins the others", file: "server/wiring.go", find: "db.NoteKey(ctx)", put: "error(nil)", test: "command.TestThreeInstancesAreOneNod"},
	{what: "a file of another program is closed to others", file: "store/sqlite.go", find: "refuseOther(real)", put: "error(nil)", test: "TestOpenLeavesFilesOfOthersAlone"},
	{what: "two processes have one phone forgotten", file: "store/operator.go", find: "now+lease.Milliseconds()", put: "now", test: "TestTheOperatorClosesAnAccount"},
}
