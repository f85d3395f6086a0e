package main

import "time"

// Who is told, and who is closed.
var hubRows = []row{
	{what: "every key hears an event", file: "hub/hub.go", find: "if w.key == key {\n\t\t\tlist = append", put: "if true {\n\t\t\tlist = append", test: "TestKeysThatShareALockAreApart"},
	{what: "keys that share a lock share a limit", file: "hub/hub.go", find: "if other.key == w.key {", put: "if true {", test: "TestKeysThatShareALockAreApart"},
	{what: "a key is named once for each of its browsers", file: "hub/hub.go", find: "return before.key == w.key", put: "return false", test: "TestKeysThatShareALockAreApart"},
	{what: "the last event leaves the connection open", file: "hub/waiter.go", find: "if last {", put: "if last && false {", test: "TestPublishReachesOnlyItsKey"},
	{what: "no limit for one key", file: "hub/hub.go", find: "n >= w.hub.opts.PerKey", put: "n < 0", test: "TestLimitsAreCheckedBeforeTheUpgrade"},
	{what: "no limit for one address", file: "hub/limits.go", find: "int(l.byAddr[addr]) >= l.perAddr", put: "false", test: "TestLimitsAreCheckedBeforeTheUpgrade"},
	{what: "no limit in all", file: "hub/limits.go", find: "l.total >= l.max", put: "false", test: "TestLimitsAreCheckedBeforeTheUpgrade"},
	{what: "a slot is never freed", file: "hub/limits.go", find: "l.total--", put: "", test: "TestLimitsAreCheckedBeforeTheUpgrade"},
	{what: "an event before the join is not noted", file: "hub/waiter.go", find: "w.early || w.state == reserved", put: "w.early", test: "TestEarlyReportsAnEventBeforeJoin"},
	{what: "a slot is joined twice", file: "hub/waiter.go", find: "case w.state != reserved:", put: "case false:", test: "TestSlotIsUsedOnce", hang: 10 * time.Second},
	{what: "a dead socket is kept", file: "hub/pinger.go", find: "missed > w.hub.opts.MissedPongs", put: "false", test: "TestPongsKeepABrowserWaiting", hang: 10 * time.Second},
	{what: "an unused slot is kept", file: "hub/pinger.go", find: "if missed > 1 {", put: "if false {", test: "TestUnusedSlotExpires"},
	{what: "a wrapper that is reused is kept", file: "hub/conn.go", find: "conn = wrapper.UnsafeConn()", put: "_ = wrapper; return conn, tape", test: "TestJoinRemovesWrappers"},
	{what: "a slot of a closed hub is joined", file: "hub/waiter.go", find: "case w.hub.closed.Load():", put: "case false:", test: "TestAClosedHubTakesNobody"},
	{what: "a closed hub takes browsers", file: "hub/hub.go", find: "if w.hub.closed.Load() {", put: "if false {", test: "TestAClosedHubTakesNobody"},
	{what: "a closed descriptor keeps its number", file: "hub/descriptor_linux.go", find: "d.fd, d.slot = 0, 0", put: "d.slot = 0", test: "TestAClosedDescriptorReachesNobody"},
	{what: "a closed socket stays watched", file: "hub/watch_linux.go", find: "_ = unix.EpollCtl(int(p.epoll), unix.EPOLL_CTL_DEL, int(fd), nil)", put: "", test: "TestAClosedSocketIsNotWatched"},
	{what: "a late event means the next waiter of its slot", file: "hub/watch_linux.go", find: "s.turn == e.Pad", put: "s.turn >= e.Pad", test: "TestALateEventMeansNobody"},
	{what: "a hang-up with nothing to read is reported for ever", file: "hub/watch_linux.go", find: "events&(unix.EPOLLHUP|unix.EPOLLERR) == 0", put: "events > 0", test: "TestAHangUpWithNothingToReadIsTheEnd"},
	{what: "a reloaded page is refused for its own past", file: "hub/hub.go", find: "h.closeHungUp(key)", put: "", test: "TestHungUp"},
	{what: "the server's descriptor stays open", file: "hub/conn.go", find: "// The socket stays open, so it does not matter if this fails.\n\t_ = conn.Close()", put: "", test: "TestWhatWaitingTakes"},
	{what: "a wrapped socket is read past its wrapper", file: "hub/descriptor_linux.go", find: "	default:\n\t\treturn false", put: "	case interface {\n\t\tSyscallConn() (syscall.RawConn, error)\n\t}:\n\t\traw, err = c.SyscallConn()", test: "TestAWrappedConnectionIsRead"},
	{what: "the loop waits for OnEnd", file: "hub/waiter.go", find: "go w.reportEnd()", put: "w.reportEnd()", test: "TestASlowOnEndDelaysNobody", hang: 10 * time.Second},
	{what: "a browser may take for ever to answer a close", file: "hub/waiter.go", find: "time.AfterFunc(w.hub.opts.Grace, w.teardown)", put: "time.AfterFunc(time.Hour, w.teardown)", test: "TestABrowserThatDoesNotAnswerTheClose", hang: 10 * time.Second},
	{what: "a split frame loses its beginning", file: "hub/waiter.go", find: "w.seldom().rest = bytes.Clone(rest)", put: "_ = bytes.Clone(rest)", test: "TestConversations"},
	{what: "a hub whose watch the poller refuses is deaf", file: "hub/watch_linux.go", find: "_ = unix.SetNonblock(epoll, true) // tells NewFile to use the poller", put: "", test: "TestWhatWaitingTakes"},
	{what: "a slot of a socket that epoll refuses is kept", file: "hub/watch_linux.go", find: "p.freeSlot(slot)\n\t\treturn 0", put: "return 0", test: "TestASocketThatCannotBeWatchedIsRead"},
	{what: "a socket that epoll refuses counts as watched", file: "hub/watch_linux.go", find: "p.freeSlot(slot)\n\t\treturn 0", put: "return slot", test: "TestASocketThatCannotBeWatchedIsRead", hang: 10 * time.Second},
	{what: "who hung up before joining keeps a descriptor", file: "hub/conn.go", find: "if err := w.tryWrite(head, 0); err != nil {\n\t\tw.socket.close(w.hub.watch, false)", put: "if err := w.tryWrite(head, 0); err != nil {", test: "TestAHeadThatCannotBeWritten"},
	{what: "nobody notices that a stream's machine is gone", file: "hub/conn.go", find: "w.socket.setUserTimeout(w.hub.opts.PingInterval * time.Duration(w.hub.opts.MissedPongs+1))", put: "", test: "TestTheKernelGivesUpOnASilentMachine"},
	{what: "a stream may send what it likes", file: "hub/reader.go", find: "return nil, false // a stream client sends nothing after its request", put: "return nil, true", test: "TestAStreamThatSendsBytesIsEnded", hang: 10 * time.Second},
}
