package hub_test

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"

	fastws "github.com/fasthttp/websocket"

	"nod/hub"
)

// recorder remembers the waiters that joined and the hub's own descriptors they had.
type recorder struct {
	mu          sync.Mutex
	waiters     []*hub.Waiter
	descriptors map[int]int
}

func (r *recorder) greet(t testing.TB) greeting {
	return func(slot *hub.Waiter, conn net.Conn, kind hub.Kind, head, key string) {
		must(t, slot.Join(conn, kind, []byte(head)))
		r.mu.Lock()
		r.waiters = append(r.waiters, slot)
		r.descriptors[slot.Descriptor()]++
		r.mu.Unlock()
		_ = slot.Send([]byte(pending), false)
	}
}

func (r *recorder) joined() []*hub.Waiter {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.waiters)
}

func (r *recorder) distinct() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.descriptors)
}

// 200 waiters have ended, and 200 others have got their descriptors and the
// server's pooled objects: late writes to the first must reach nobody.
func TestLateWritesReachNobody(t *testing.T) {
	const n = 200
	h, ends := open(t, hub.Options{})
	recorded := &recorder{descriptors: make(map[int]int)}
	addr := serve(t, h, recorded.greet(t))
	for i := range n {
		victim := dial(t, addr, fmt.Sprint("victim-", i))
		next(t, victim)
		must(t, victim.Close())
		wantEnd(t, ends, hub.Gone)
	}
	late := recorded.joined()
	var attackers [n]*fastws.Conn
	clean := 0
	for i := range attackers {
		attackers[i] = dial(t, addr, fmt.Sprint("attacker-", i))
		next(t, attackers[i])
		if err := late[i].Send([]byte(`{"secret":true}`), i%2 == 0); errors.Is(err, hub.ErrGone) {
			clean++
		}
		wantDelivered(t, h.Publish(fmt.Sprint("victim-", i), []byte(`{"secret":true}`), true), 0)
	}
	if clean != n {
		t.Errorf("got %d clean errors, want %d", clean, n)
	}
	if recorded.distinct() >= 2*n {
		t.Error("no descriptor was reused: the test shows nothing")
	}
	for i, attacker := range attackers {
		own := fmt.Sprintf(`{"for":%d}`, i)
		wantDelivered(t, h.Publish(fmt.Sprint("attacker-", i), []byte(own), true), 1)
		wantEvent(t, next(t, attacker), own)
	}
}
