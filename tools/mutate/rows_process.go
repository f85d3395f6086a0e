package main

import "time"

// Settings, and the order of stopping.
var processRows = []row{
	{what: "two servers share a file", file: "server/lock.go", find: "syscall.LOCK_EX|", put: "syscall.LOCK_SH|", test: "TestASecondServerIsRefused"},
	{what: "a key is printed", file: "config/key.go", find: `in.problem("a key has no blanks and only plain characters")`, put: `in.problem("not a key: %s", value)`, test: "TestNoMessageShowsAKey"},
	{what: "the key goes out in clear", file: "config/urls.go", find: `u.Scheme == "http" && !loopback(u.Hostname())`, put: "false", test: "TestAKeyExcludesTheSimulator"},
	{what: "a URL may carry a password", file: "config/urls.go", find: "case u.User != nil:", put: "case false:", test: "TestABadSettingIsNamed"},
	{what: "a public URL may have a path", file: "config/urls.go", find: `(u.Path != "" && u.Path != "/")`, put: "false", test: "TestABadSettingIsNamed"},
	{what: "what was started first is stopped first", file: "server/stop.go", find: "slices.Backward(s.list)", put: "slices.All(s.list)", test: "TestWhatHangsIsLeftBehind"},
	{what: "a step that fails ends the stop", file: "server/stop.go", find: "problems = append(problems, fmt.Errorf(\"stopping %s: %w\", step.name, err))", put: "return fmt.Errorf(\"stopping %s: %w\", step.name, err)", test: "TestWhatHangsIsLeftBehind"},
	{what: "a shortage of descriptors ends the process", file: "server/listener.go", find: "|| !outOfDescriptors(err)", put: "|| outOfDescriptors(err) || true", test: "TestTheServerOutlivesAShortageOfDescriptors", hang: 15 * time.Second},
	{what: "a stop tells nobody", file: "server/site.go", find: "r.hub.Shutdown(ctx, websocket.CloseServiceRestart)", put: "r.hub.Shutdown(ctx, websocket.CloseGoingAway)", test: "command.TestAStopTellsWhoWaits"},
	{what: "an early ping is taken for a silence that lasted", file: "check/waiting.go", find: "pings == 2", put: "pings == 1", test: "TestWhatAProxyBreaksIsReported"},
	{what: "an early comment is taken for a silence that lasted", file: "check/waiting.go", find: "for range 2 {", put: "for range 1 {", test: "TestWhatAProxyBreaksIsReported"},
	{what: "heads are not checked", file: "server/site.go", find: "door.strict = true", put: "door.strict = false", test: "TestWhatCouldBeTwoRequestsIsRefused"},
	{what: "a length beside chunks is taken", file: "server/heads.go", find: "case h.head.chunked && h.head.length >= 0:", put: "case false:", test: "TestWhatCouldBeTwoRequestsIsRefused"},
	{what: "two lengths are taken", file: "server/heads.go", find: "!ok || h.head.length >= 0", put: "!ok", test: "TestWhatCouldBeTwoRequestsIsRefused"},
	{what: "two Hosts are taken", file: "server/heads.go", find: "h.head.hosts > 1 ||", put: "", test: "TestWhatCouldBeTwoRequestsIsRefused"},
	{what: "no Host is taken", file: "server/heads.go", find: "h.head.hosts == 0 && !h.head.old", put: "false", test: "TestWhatCouldBeTwoRequestsIsRefused"},
	{what: "a bare line feed ends a line", file: "server/heads.go", find: "!ok || bytes.IndexByte(text, '\\r') >= 0", put: "!ok && bytes.IndexByte(text, '\\r') >= 0", test: "TestWhatCouldBeTwoRequestsIsRefused"},
	{what: "a bare carriage return is taken", file: "server/heads.go", find: "bytes.IndexByte(text, '\\r') >= 0", put: "false", test: "TestWhatCouldBeTwoRequestsIsRefused"},
	{what: "a path may name a host", file: "server/heads.go", find: "(target[0] != '/' && string(target) != \"*\")", put: "false", test: "TestWhatCouldBeTwoRequestsIsRefused"},
	{what: "a chunk may have a trailer", file: "server/heads.go", find: "if len(text) > 0 {\n\t\t\treturn errChunk", put: "if false {\n\t\t\treturn errChunk", test: "TestWhatCouldBeTwoRequestsIsRefused"},
	{what: "what follows a bad head is read", file: "server/heads.go", find: "n < len(b) && h.err == nil", put: "n < len(b)", test: "TestTheVerdictDoesNotDependOnThePieces"},
	{what: "who sends nothing is never cut", file: "server/door.go", find: "SetReadDeadline(time.Now().Add(d.patience.first))", put: "SetReadDeadline(time.Time{})", test: "TestSilentAndSlowClientsAreCut", hang: 30 * time.Second},
	{what: "a slow sender is never cut", file: "server/site.go", find: "s.patience.request, s.patience.idle", put: "0, s.patience.idle", test: "TestSilentAndSlowClientsAreCut", hang: 30 * time.Second},
	{what: "a slow sender to the phones is never cut", file: "server/http.go", find: "ReadTimeout: s.patience.request", put: "ReadTimeout: 0", test: "TestSilentAndSlowClientsAreCut", hang: 30 * time.Second},
	{what: "who never reads is never cut", file: "server/door.go", find: "c.writeBy.Load() <= now.UnixNano()", put: "c.writeBy.Load() < 0 && now.IsZero()", test: "TestWhoNeverReadsIsCut", hang: 30 * time.Second},
	{what: "one source may have all connections", file: "server/crowd.go", find: "len(all) >= w.perSource", put: "false", test: "TestASourceHasOnlySoManyConnections", hang: 30 * time.Second},
	{what: "the newest of a source is refused", file: "server/crowd.go", find: "idlest = longestIdle(all); idlest == nil", put: "idlest = nil; idlest == nil", test: "TestASourceHasOnlySoManyConnections", hang: 30 * time.Second},
	{what: "work is cut for the next", file: "server/crowd.go", find: "c.idleSince = 0\n", put: "c.idleSince = 1\n", test: "TestWorkIsNotCutForTheNext"},
	{what: "a proxy's connections are counted", file: "server/door.go", find: "err == nil && proxies.Has(peer.Addr())", put: "err != nil && proxies.Has(peer.Addr())", test: "TestAProxyHasAsManyConnectionsAsItNeeds"},
	{what: "who waits is counted", file: "server/door.go", find: "c.crowd.leave(c)\n\treturn c.Conn\n", put: "return c.Conn\n", test: "TestWhoWaitsIsNotCounted"},
	{what: "who has left is counted", file: "server/door.go", find: "c.crowd.leave(c)\n\treturn c.Conn.Close()", put: "return c.Conn.Close()", test: "TestWorkIsNotCutForTheNext"},
	{what: "refusals of net/http lack the headers", file: "server/http.go", find: "range bareHeaders {\n\t\twhole", put: "range bareHeaders[:0] {\n\t\twhole", test: "TestAnswersOfTheOtherListenersHaveTheHeaders"},
}
