package stage

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"nod/signin"
	"nod/store"
	"nod/wire"
)

// guest is a person of the audience. The fields of the second part are guarded by the
// lock of the room.
type guest struct {
	name, email string
	password    string // which nobody knows
	device      string // by which the wall, as the browser of this guest, is known
	secret      string // of the phone
	phone       int64  // the simulator's id

	busy    bool         // with a sign-in that is under way
	browser store.Client // that it is from
	attempt string       // the session that waits
	session string       // the one that is signed in; "" before the first
	shown   int64        // revision of the attempt's state
	state   tileState
	number  string // to compare, while it waits
	tapped  time.Time
	flipped int64   // revision of the wall that has the answer; 0 before
	ms      float64 // from the tap until the wall has shown the answer; 0 before
}

var (
	adjectives = strings.Fields("Amber Bold Brave Bright Calm Clever Cosy Eager Fair Fleet Gentle Glad Happy Jolly Keen Lucky Merry Proud Quick Witty")
	animals    = strings.Fields("Badger Crane Dolphin Falcon Hare Lynx Otter Panda Robin Tiger")
)

// guestName is that of the guest in a seat: neighbours share no word.
func guestName(seat int) string {
	return adjectives[seat%len(adjectives)] + " " + animals[(seat+seat/len(adjectives))%len(animals)]
}

// guestNumber is in the United States, where it belongs to nobody.
func guestNumber(seat int) string { return fmt.Sprintf("%d55501%02d", 202+seat/100, seat%100) }

// newGuest signs a guest up. The phone proves itself with the first sign-in, like
// everybody's.
func (r *room) newGuest(ctx context.Context, seat int) (*guest, error) {
	select {
	case r.places <- struct{}{}:
		defer func() { <-r.places }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	name := guestName(seat)
	g := &guest{
		name: name, email: strings.ToLower(strings.ReplaceAll(name, " ", ".")) + "@example.com",
		password: rand.Text(), device: rand.Text(), secret: rand.Text(), state: idle,
	}
	user, err := r.house.Flow.SignUp(ctx, signin.NewAccount{
		Name: g.name, Email: g.email, Password: g.password,
		Phone: signin.TypedPhone{Region: "US", CountryCode: 1, Number: guestNumber(seat)},
	}, presenter)
	if err != nil {
		return nil, err
	}
	if g.phone, err = r.house.phoneOf(ctx, user.ID); err != nil {
		return nil, err
	}
	return g, nil
}

// leaveOut leaves out of the wire what is about guests: it tells of the presenter's
// sign-in.
func (r *room) leaveOut(hops []wire.Hop) []wire.Hop {
	if r == nil {
		return hops
	}
	theirs := r.exchanges(hops)
	kept := make([]wire.Hop, 0, len(hops))
	for _, h := range hops {
		if !theirs[h.Exchange] {
			kept = append(kept, h)
		}
	}
	return kept
}

// exchanges are those about guests: about their phones, their requests, or the making
// of a phone.
func (r *room) exchanges(hops []wire.Hop) map[int64]bool {
	phones, uuids, theirs := map[string]bool{}, map[string]bool{}, map[int64]bool{}
	r.mu.Lock()
	for _, g := range r.guests {
		phones[strconv.FormatInt(g.phone, 10)] = true
	}
	r.mu.Unlock()
	for _, h := range hops {
		if phones[h.Phone] {
			uuids[h.UUID] = true
		}
	}
	delete(uuids, "")
	for _, h := range hops {
		if phones[h.Phone] || uuids[h.UUID] || makesGuest(h) {
			theirs[h.Exchange] = true
		}
	}
	return theirs
}

// makesGuest says whether Nod makes the phone of a guest known.
func makesGuest(h wire.Hop) bool {
	if h.Route != "/protected/json/users/new" || h.Kind != wire.Request {
		return false
	}
	form, err := url.ParseQuery(h.Body)
	number := form.Get("user[cellphone]")
	return err == nil && (strings.HasPrefix(number, "20255501") || strings.HasPrefix(number, "20355501"))
}
