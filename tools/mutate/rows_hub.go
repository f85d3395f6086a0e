package main

import "time"

// Who is told, and who is closed.
var hubRows = []row{
	{what: "every key hears an event", file: "hub/hub.go", find: "for w := s.byKey[key]; w != nil; w = w.next {\n\t\tlist = append(list, w)\n\t}", put: "for _, head := range s.byKey {\n\t\tlist = append(list, head)\n\t}", test: "TestKeysThatShareALockAreApart"},
	{what: "the last event leaves the connection open", file: "hub/waiter.go", find: "if last {", put: "if last && false {", test: "TestPublishReachesOnlyItsKey"},
	{what: "no limit for one key", file: "hub/hub.go", find: "n >= w.hub.opts.PerKey", put: "n < 0", test: "TestLimitsAreCheckedBeforeTheUpgrade"},
	{what: "no limit for one address", file: "hub/limits.go", find: "l.byAddr[addr] >= l.perAddr", put: "false", test: "TestLimitsAreCheckedBeforeTheUpgrade"},
	{what: "no limit in all", file: "hub/limits.go", find: "l.total >= l.max", put: "false", test: "TestLimitsAreCheckedBeforeTheUpgrade"},
	{what: "a slot is never freed", file: "hub/limits.go", find: "l.total--", put: "", test: "TestLimitsAreCheckedBeforeTheUpgrade"},
	{what: "an event before the join is not noted", file: "hub/waiter.go", find: "w.early || w.state == reserved", put: "w.early", test: "TestEarlyReportsAnEventBeforeJoin"},
	{what: "a slot is joined twice", file: "hub/waiter.go", find: "case w.state != reserved:", put: "case false:", test: "TestSlotIsUsedOnce", hang: 10 * time.Second},
	{what: "a dead socket is kept", file: "hub/pinger.go", find: "missed > w.hub.opts.MissedPongs", put: "false", test: "TestPongsKeepABrowserWaiting", hang: 10 * time.Second},
	{what: "an unused slot is kept", file: "hub/pinger.go", find: "if missed > 1 {", put: "if false {", test: "TestUnusedSlotExpires"},
	{what: "a wrapper that is reused is kept", file: "hub/conn.go", find: "conn = wrapper.UnsafeConn()", put: "_ = wrapper; return conn", test: "TestJoinRemovesWrappers"},
	{what: "a slot of a closed hub is joined", file: "hub/waiter.go", find: "case w.hub.closed.Load():", put: "case false:", test: "TestAClosedHubTakesNobody"},
	{what: "a closed hub takes browsers", file: "hub/hub.go", find: "if w.hub.closed.Load() {", put: "if false {", test: "TestAClosedHubTakesNobody"},
}
