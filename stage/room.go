package stage

import (
	"context"
	"crypto/rand"
	"log/slog"
	"slices"
	"sync"

	"nod/simulator"
	"nod/wire"
)

// maxGuests bounds a room: with all of them asked, a laptop still answers.
const maxGuests = 150

// atOnce is how many guests are made, and how many sign in, at the same time. Each
// costs the hash of a password, for which the presenter queues as well.
const atOnce = 4

// room is the audience: people who came with phones of their own, and the wall, which
// is the browser of each of them. It lasts from one reset to the next.
type room struct {
	house  *House
	logger *slog.Logger
	secret string // of the address where people join
	bell   *wire.Bell
	places chan struct{} // for those who join

	open context.Context // ends with the room
	shut context.CancelFunc
	busy sync.WaitGroup // what is under way

	mu       sync.Mutex
	revision int64 // grows with each change of the wall
	seats    [maxGuests]bool
	guests   []*guest          // in the order in which they came
	phones   map[string]*guest // by the secrets of their phones
	sessions map[string]*guest
}

// joinSecret is how much of a random text people can still type: 50 bits.
const joinSecret = 10

func newRoom(h *House, b *wire.Bell, logger *slog.Logger) *room {
	r := &room{
		house: h, logger: logger, secret: rand.Text()[:joinSecret], bell: b, places: make(chan struct{}, atOnce),
		phones: map[string]*guest{}, sessions: map[string]*guest{},
	}
	r.open, r.shut = context.WithCancel(context.Background())
	return r
}

// close ends what is under way and waits for that. A room that is none closes as well.
func (r *room) close() {
	if r == nil {
		return
	}
	r.mu.Lock()
	r.shut()
	r.mu.Unlock()
	r.busy.Wait()
}

// run does something in the background, unless the room has closed. It needs the lock.
func (r *room) run(what func()) {
	if r.open.Err() == nil {
		r.busy.Go(what)
	}
}

// url is where people join.
func (r *room) url() string { return r.house.LAN + "/join/" + r.secret }

// join makes a guest, and returns the secret of the phone.
func (r *room) join(ctx context.Context) (phone string, err error) {
	seat, err := r.takeSeat()
	if err != nil {
		return "", err
	}
	defer r.busy.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(r.open, cancel)()
	g, err := r.newGuest(ctx, seat)
	r.seated(seat, g)
	if err != nil {
		return "", err
	}
	return g.secret, nil
}

// takeSeat returns a seat that nobody has. It counts as busy until the guest is there.
func (r *room) takeSeat() (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open.Err() != nil {
		return 0, simulator.ErrRoomClosed
	}
	seat := slices.Index(r.seats[:], false)
	if seat < 0 {
		return 0, simulator.ErrRoomFull
	}
	r.seats[seat] = true
	r.busy.Add(1)
	return seat, nil
}

// seated takes in a guest; nil gives the seat back.
func (r *room) seated(seat int, g *guest) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if g == nil {
		r.seats[seat] = false
		return
	}
	r.guests = append(r.guests, g)
	r.phones[g.secret] = g
	r.changed()
}

// changed needs the lock.
func (r *room) changed() {
	r.revision++
	r.bell.Ring()
}

// phone is the id of the phone with a secret; 0 without one.
func (r *room) phone(secret string) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if g := r.phones[secret]; g != nil {
		return g.phone
	}
	return 0
}

// tapped takes the time of the first tap on a phone: it may overtake the word that the
// phone was asked.
func (r *room) tapped(secret string) {
	now := r.house.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if g := r.phones[secret]; g != nil && g.attempt != "" && g.tapped.IsZero() {
		g.tapped = now
	}
}
