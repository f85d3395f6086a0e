package main

import "time"

// Settings, and the order of stopping.
var processRows = []row{
	{what: "two servers share a file", file: "server/lock.go", find: "syscall.LOCK_EX|", put: "syscall.LOCK_SH|", test: "TestASecondServerIsRefused"},
	{what: "a link leads to a lock of its own", file: "server/lock.go", find: "path = filepath.Join(dir, target)", put: "return path, nil", test: "TestASecondServerIsRefusedBeforeThereIsAFile"},
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
	{what: "an interrupted check blames the proxy", file: "check/check.go", find: "if r.ctx.Err() == nil {", put: "if true {", test: "TestAnInterruptedCheckBlamesNobody"},
}
