package stage

import (
	"errors"
	"time"

	"nod/signin"
	"nod/store"
)

// tileState is how the last sign-in of a guest stands.
type tileState string

const (
	idle    tileState = "ready"   // there is none
	asking  tileState = "asking"  // the password is checked, the phone not asked yet
	waiting tileState = "waiting" // for the tap
	in      tileState = "in"
	denied  tileState = "denied"
	late    tileState = "late"    // nobody has tapped in time
	limited tileState = "limited" // the phone was asked too often
	wrong   tileState = "failed"
)

// wall is what the audience sees of the room.
type wall struct {
	Revision int64  `json:"revision"`
	URL      string `json:"url"` // where people join; "" while the room is closed
	Tiles    []tile `json:"tiles"`
}

// tile is a guest.
type tile struct {
	Name   string    `json:"name"`
	State  tileState `json:"state"`
	Number string    `json:"number,omitempty"` // to compare with the one on the phone, while it waits
	MS     float64   `json:"ms,omitempty"`     // from the tap until the wall has shown it
}

func (r *room) wall() wall {
	if r == nil {
		return wall{Tiles: []tile{}}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	w := wall{Revision: r.revision, URL: r.url(), Tiles: make([]tile, len(r.guests))}
	for i, g := range r.guests {
		w.Tiles[i] = tile{g.name, g.state, g.number, g.ms}
	}
	return w
}

// seen takes the wall's own acknowledgement that a revision is on the screen: there a
// flip ends.
func (r *room) seen(revision int64) {
	if r == nil {
		return
	}
	now := r.house.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	news := false
	for _, g := range r.guests {
		if g.flipped > 0 && g.flipped <= revision && g.ms == 0 && !g.tapped.IsZero() {
			g.ms = max(ms(now.Sub(g.tapped)), 0.001)
			news = true
		}
	}
	if news {
		r.changed()
	}
}

// signInAll starts a sign-in for every guest but those who are amid one, and returns
// how many. c is the browser that shows the wall.
func (r *room) signInAll(c store.Client) int {
	if r == nil {
		return 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	queue := make(chan *guest, maxGuests)
	for _, g := range r.guests {
		if !g.busy {
			g.ask(c)
			queue <- g
		}
	}
	n := len(queue)
	close(queue)
	for range min(atOnce, n) {
		r.run(func() {
			for g := range queue {
				if err := r.signIn(g); err != nil {
					r.failed(g, err)
				}
			}
		})
	}
	r.changed()
	return n
}

// ask takes back what the tile has shown of the sign-in before.
func (g *guest) ask(c store.Client) {
	c.Device, c.NewDevice = g.device, g.device
	g.busy, g.browser, g.attempt = true, c, ""
	g.state, g.number, g.shown, g.tapped, g.flipped, g.ms = asking, "", 0, time.Time{}, 0, 0
}

// signIn goes the way of every sign-in up to the phone.
func (r *room) signIn(g *guest) error {
	flow := r.house.Flow
	user, err := flow.Authenticate(r.open, g.email, g.password, g.browser)
	if err != nil {
		return err
	}
	sess, err := flow.Begin(r.open, user, g.session, g.browser)
	if err != nil {
		return err
	}
	r.mu.Lock()
	g.attempt, r.sessions[sess.ID] = sess.ID, g // before the phone is asked: the answer may be faster
	r.mu.Unlock()
	if _, err := flow.SecondStep(r.open, signin.Visitor{Session: sess, User: user}); err != nil {
		return err
	}
	state, _, err := flow.State(r.open, sess.ID)
	r.told(sess.ID, state)
	return err
}

// told is what the browser of a session is told.
func (r *room) told(sessionID string, s signin.State) {
	r.mu.Lock()
	defer r.mu.Unlock()
	g := r.sessions[sessionID]
	if g == nil || g.attempt != sessionID || s.Revision < g.shown {
		return
	}
	g.shown = s.Revision
	switch s.Status {
	case signin.StatusPending:
		if s.Number == "" {
			return // the phone is not asked yet
		}
		g.state, g.number = waiting, s.Number
	case signin.Status(store.Approved):
		if g.state == in {
			return
		}
		r.flip(g, in)
		r.run(func() { r.confirm(g, sessionID) })
	case signin.StatusSignedIn:
		return // it was us
	default:
		r.flip(g, ended(s))
		r.over(g)
	}
	r.changed()
}

// ended is the tile of a sign-in that came to nothing.
func ended(s signin.State) tileState {
	switch {
	case s.Status == signin.Status(store.Denied):
		return denied
	case s.Status == signin.Status(store.Expired):
		return late
	case s.Reason == store.ReasonPushPaused:
		return limited
	}
	return wrong
}

// flip needs the lock, as does over.
func (r *room) flip(g *guest, to tileState) {
	g.state, g.number, g.flipped = to, "", r.revision+1
}

// over ends an attempt, of which nothing is told from then on.
func (r *room) over(g *guest) {
	delete(r.sessions, g.attempt)
	g.busy, g.attempt = false, ""
}

// confirm is what the waiting page of a browser does once it is approved.
func (r *room) confirm(g *guest, sessionID string) {
	flow := r.house.Flow
	v, err := flow.Visitor(r.open, sessionID)
	if err == nil {
		var sess store.Session
		if sess, err = flow.Confirm(r.open, v, g.browser); err == nil {
			flow.SignedIn(r.open, sessionID, sess)
			r.mu.Lock()
			defer r.mu.Unlock()
			g.session = sess.ID
			r.over(g)
			return
		}
	}
	r.failed(g, err)
}

// failed ends an attempt that went wrong.
func (r *room) failed(g *guest, err error) {
	state := wrong
	var limit *store.RateError
	if errors.As(err, &limit) {
		state = limited
	} else if r.open.Err() == nil {
		r.logger.Warn("a guest could not sign in", "error", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.flip(g, state)
	r.over(g)
	r.changed()
}
