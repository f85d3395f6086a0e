package hub_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	fastws "github.com/fasthttp/websocket"
	"github.com/gofiber/fiber/v2"

	"nod/hub"
)

// keep remembers the waiters that joined, with the descriptors they had.
type keep struct {
	mu          sync.Mutex
	waiters     []*hub.Waiter
	descriptors map[int]int
}

func (k *keep) greet(t testing.TB) greeting {
	return func(place *hub.Waiter, conn net.Conn, kind hub.Kind, head, key string) {
		number := descriptor(t, conn.(interface{ UnsafeConn() net.Conn }).UnsafeConn())
		k.mu.Lock()
		k.waiters = append(k.waiters, place)
		k.descriptors[number]++
		k.mu.Unlock()
		greetPending(place, conn, kind, head, key)
	}
}

func (k *keep) soFar() []*hub.Waiter {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.waiters)
}

func (k *keep) numbers() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.descriptors)
}

// 200 waiters have ended, and 200 others have their descriptors and whatever
// the server pools: what is still said to the first must reach nobody.
func TestLateWritesReachNobody(t *testing.T) {
	const n = 200
	h, ends := open(t, hub.Options{})
	kept := &keep{descriptors: make(map[int]int)}
	addr := serve(t, h, kept.greet(t))
	for i := range n {
		victim := dial(t, addr, fmt.Sprint("victim-", i))
		next(t, victim)
		must(t, victim.Close())
		wantEnd(t, ends, hub.Gone)
	}
	late := kept.soFar()
	var attackers [n]*fastws.Conn
	clean := 0
	for i := range attackers {
		attackers[i] = dial(t, addr, fmt.Sprint("attacker-", i))
		next(t, attackers[i])
		if err := late[i].Send([]byte(`{"secret":true}`), i%2 == 0); errors.Is(err, hub.ErrGone) {
			clean++
		}
		wantTold(t, h.Publish(fmt.Sprint("victim-", i), []byte(`{"secret":true}`), true), 0)
	}
	if clean != n {
		t.Errorf("got %d clean errors, want %d", clean, n)
	}
	if kept.numbers() >= 2*n {
		t.Error("no descriptor was used twice: the test shows nothing")
	}
	for i, attacker := range attackers {
		own := fmt.Sprintf(`{"for":%d}`, i)
		wantTold(t, h.Publish(fmt.Sprint("attacker-", i), []byte(own), true), 1)
		wantEvent(t, next(t, attacker), own)
	}
}

// Browsers come and go under other keys while one key is published to without
// pause: none ever sees an event that is not its own.
func TestReuseUnderFire(t *testing.T) {
	h, _ := open(t, hub.Options{PerKey: 1000})
	addr := serve(t, h, greetPending)
	stop := make(chan struct{})
	var fire, browsers sync.WaitGroup
	fire.Go(func() {
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
			for j := range lives(t, 800) / 8 {
				key := []string{"victim", fmt.Sprintf("other-%d-%d", i, j)}[j%2]
				wantOwnEvents(t, dial(t, addr, key), key)
			}
		})
	}
	browsers.Wait()
	close(stop)
	fire.Wait()
}

func wantOwnEvents(t *testing.T, browser *fastws.Conn, key string) {
	for got := ""; got != pending; {
		_, data, err := browser.ReadMessage()
		if err != nil {
			t.Error(err)
			return
		}
		got = string(data)
		if got != pending && key != "victim" {
			t.Errorf("%s got %q", key, got)
		}
	}
	_ = browser.Close()
}

// lives is how often a life is lived: fewer when time is short.
func lives(t testing.TB, n int) int {
	if testing.Short() {
		return n / 5
	}
	return n
}

// steps of a greeting between which a decision may fall.
const (
	beforeDial = iota
	beforeJoin
	beforeRead
	beforeSend
	afterSend
	anywhere // beside it all
	stepsOfALife
)

// decisions is a store, and a publisher that decides at the step of each key.
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

func (d *decisions) greet(place *hub.Waiter, conn net.Conn, kind hub.Kind, head, key string) {
	d.at(beforeJoin, key)
	if place.Join(conn, kind, []byte(head)) != nil {
		return
	}
	d.at(beforeRead, key)
	state, last := pending, false
	if _, ok := d.decided.Load(key); ok {
		state, last = approved, true
	}
	d.at(beforeSend, key)
	_ = place.Send([]byte(state), last)
	d.at(afterSend, key)
}

// live is one browser from its connection to the decision.
func (d *decisions) live(t testing.TB, addr, key string) {
	d.at(beforeDial, key)
	if strings.HasPrefix(key, fmt.Sprint(anywhere, "-")) {
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

func TestNoDecisionIsLostInALife(t *testing.T) {
	h, ends := open(t, hub.Options{})
	d := &decisions{h: h}
	addr := serve(t, h, d.greet)
	const workers = 8
	n := lives(t, 2000)
	var all sync.WaitGroup
	for worker := range workers {
		all.Go(func() {
			for i := worker; i < n; i += workers {
				d.live(t, addr, fmt.Sprintf("%d-%d", i%stepsOfALife, i))
			}
		})
	}
	all.Wait()
	for range n {
		wantEnd(t, ends, hub.Told)
	}
}

// A client that hangs up before its 101 is written never comes to be joined,
// and the server tells nobody.
func TestUpgradeThatNeverEndsGivesItsPlaceBack(t *testing.T) {
	h, _ := open(t, hub.Options{PerKey: 1, PingInterval: 50 * time.Millisecond})
	var asked, joined atomic.Bool
	afterTheReset := func(c *fiber.Ctx) error {
		readable(t, c.Context().Conn().(*net.TCPConn))
		err := c.Next()
		asked.Store(true)
		return err
	}
	addr := serve(t, h, func(place *hub.Waiter, conn net.Conn, kind hub.Kind, head, key string) {
		joined.Store(true)
		greetPending(place, conn, kind, head, key)
	}, afterTheReset)
	conn, err := net.Dial("tcp", addr)
	must(t, err)
	_, err = io.WriteString(conn, request("ws", addr, "a"))
	must(t, err)
	must(t, conn.(*net.TCPConn).SetLinger(0))
	must(t, conn.Close())
	for !asked.Load() {
		runtime.Gosched()
	}
	if _, err := h.Reserve("a", "x"); !errors.Is(err, hub.ErrTooManyForKey) {
		t.Errorf("before it lapses: got %v, want %v", err, hub.ErrTooManyForKey)
	}
	for place := (*hub.Waiter)(nil); place == nil; runtime.Gosched() {
		if place, err = h.Reserve("a", "x"); err != nil && !errors.Is(err, hub.ErrTooManyForKey) {
			t.Fatal(err)
		}
	}
	if joined.Load() {
		t.Error("the browser joined: the test shows nothing")
	}
}
