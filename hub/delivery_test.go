package hub_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	fastws "github.com/fasthttp/websocket"
	"github.com/gofiber/fiber/v2"

	"nod/hub"
)

// While events are published to one key without pause, browsers join and leave
// under others: none of them ever sees an event that is not its own.
func TestReusedConnectionsGetOnlyTheirEvents(t *testing.T) {
	h, _ := open(t, hub.Options{PerKey: 1000})
	addr := serve(t, h, greetPending)
	stop := make(chan struct{})
	var publisher, browsers sync.WaitGroup
	publisher.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				h.Publish("victim", []byte("for the victim"), false)
			}
		}
	})
	for i := range 8 {
		browsers.Go(func() {
			for j := range iterations(800) / 8 {
				key := []string{"victim", fmt.Sprintf("other-%d-%d", i, j)}[j%2]
				wantOwnEvents(t, dial(t, addr, key), key)
			}
		})
	}
	browsers.Wait()
	close(stop)
	publisher.Wait()
}

func wantOwnEvents(t *testing.T, browser *fastws.Conn, key string) {
	for got := ""; got != pending; {
		_, data, err := browser.ReadMessage()
		if err != nil {
			// Events may come faster than this one reads; then the hub closes it.
			if key != "victim" {
				t.Error(err)
			}
			return
		}
		got = string(data)
		if got != pending && key != "victim" {
			t.Errorf("%s got %q", key, got)
		}
	}
	_ = browser.Close()
}

// iterations returns n, or fewer with -short.
func iterations(n int) int {
	if testing.Short() {
		return n / 5
	}
	return n
}

// The steps of a browser's connection at which the decision may come.
const (
	beforeDial = iota
	beforeJoin
	beforeRead
	beforeSend
	afterSend
	concurrently
	steps // how many there are
)

// decisions stands in for the store and the publisher. A key starts with the step
// at which it is decided.
type decisions struct {
	h       *hub.Hub
	decided sync.Map
}

func (d *decisions) decide(key string) {
	d.decided.Store(key, true) // committed first
	d.h.Publish(key, []byte(approved), true)
}

func (d *decisions) at(step int, key string) {
	if strings.HasPrefix(key, fmt.Sprint(step, "-")) {
		d.decide(key)
	}
}

func (d *decisions) greet(slot *hub.Waiter, conn net.Conn, kind hub.Kind, head, key string) {
	d.at(beforeJoin, key)
	if slot.Join(conn, kind, []byte(head)) != nil {
		return
	}
	d.at(beforeRead, key)
	state, last := pending, false
	if _, ok := d.decided.Load(key); ok {
		state, last = approved, true
	}
	d.at(beforeSend, key)
	_ = slot.Send([]byte(state), last)
	d.at(afterSend, key)
}

// wait is one browser, from connecting to receiving the decision.
func (d *decisions) wait(t testing.TB, addr, key string) {
	d.at(beforeDial, key)
	if strings.HasPrefix(key, fmt.Sprint(concurrently, "-")) {
		go d.decide(key)
	}
	browser := dial(t, addr, key)
	got := next(t, browser)
	if got == pending {
		got = next(t, browser)
	}
	wantEvent(t, got, approved)
	if code := closedWith(t, browser); code != 1000 {
		t.Errorf("%s: got close code %d, want 1000", key, code)
	}
	_ = browser.Close()
}

func TestNoDecisionIsLost(t *testing.T) {
	h, ends := open(t, hub.Options{})
	d := &decisions{h: h}
	addr := serve(t, h, d.greet)
	const workers = 8
	n := iterations(2000)
	var all sync.WaitGroup
	for worker := range workers {
		all.Go(func() {
			for i := worker; i < n; i += workers {
				d.wait(t, addr, fmt.Sprintf("%d-%d", i%steps, i))
			}
		})
	}
	all.Wait()
	for range n {
		wantEnd(t, ends, hub.Delivered)
	}
}

// hangUpDuringUpgrade lets a client hang up before its 101 is written, after its
// slot was reserved under the key "a".
func hangUpDuringUpgrade(t *testing.T, o hub.Options) (h *hub.Hub, joined *atomic.Bool) {
	t.Helper()
	h, _ = open(t, o)
	joined = new(atomic.Bool)
	upgraded := make(chan struct{})
	afterTheReset := func(c *fiber.Ctx) error {
		readable(t, c.Context().Conn().(*net.TCPConn))
		defer close(upgraded)
		return c.Next()
	}
	addr := serve(t, h, func(slot *hub.Waiter, conn net.Conn, kind hub.Kind, head, key string) {
		joined.Store(true)
		greetPending(slot, conn, kind, head, key)
	}, afterTheReset)
	conn, err := net.Dial("tcp", addr)
	must(t, err)
	_, err = io.WriteString(conn, request("ws", addr, "a"))
	must(t, err)
	must(t, conn.(*net.TCPConn).SetLinger(0))
	must(t, conn.Close())
	<-upgraded
	return h, joined
}

// The server does not report such a client, so its slot stays taken.
func TestAbortedUpgradeKeepsItsSlot(t *testing.T) {
	h, _ := hangUpDuringUpgrade(t, hub.Options{PerKey: 1, PingInterval: time.Hour})
	if _, err := h.Reserve("a", "x"); !errors.Is(err, hub.ErrTooManyForKey) {
		t.Errorf("before it lapses: got %v, want %v", err, hub.ErrTooManyForKey)
	}
}

// The pinger frees it.
func TestSlotOfAnAbortedUpgradeExpires(t *testing.T) {
	h, joined := hangUpDuringUpgrade(t, hub.Options{PerKey: 1, PingInterval: 50 * time.Millisecond})
	for slot := (*hub.Waiter)(nil); slot == nil; runtime.Gosched() {
		var err error
		if slot, err = h.Reserve("a", "x"); err != nil && !errors.Is(err, hub.ErrTooManyForKey) {
			t.Fatal(err)
		}
	}
	if joined.Load() {
		t.Error("the browser joined: the test shows nothing")
	}
}
