package phone

import (
	"bytes"
	"context"
	"errors"
	"time"

	"nod/phone/push"
	"nod/signin"
	"nod/store"
)

// A phone whose page is closed is woken by the push service of its browser. A push only
// opens the page: it carries no number, no name and no amount, and grants nothing.

// ringFor bounds how long it may take to find out whom a request rings, and notePushFor
// how long the outcome of a push may take to be noted.
const (
	ringFor     = 5 * time.Second
	notePushFor = 5 * time.Second
)

// wake rings the phones of a request's user, and waits for none of them.
func (r *Room) wake(ctx context.Context, a store.Approval, q signin.Question) {
	if r.Push == nil {
		return
	}
	places, err := r.Store.PushSubscriptions(ctx, a.UserID)
	if err != nil {
		r.Logger.Error("it could not be read where phones are woken", "user", a.UserID, "error", err)
	}
	for _, p := range places {
		if err := r.ring(p, a, q); err != nil {
			r.Logger.Warn("a phone could not be woken", "phone", p.PhoneID, "error", err)
		}
	}
}

// ring hands a request to the push service of one phone.
func (r *Room) ring(p store.PushSubscription, a store.Approval, q signin.Question) error {
	topic := r.Store.PushTopic("pushes", a.UserID) // the next push takes the place of the one before
	words := r.Words.Reader(q.Language)
	n := push.Notification{
		Title: words.Text(titles[q.Kind]), Body: words.Text("push.body"), Navigate: r.Origin + "/phone", Tag: topic, Lang: words.Tag(),
		Worker: denial{
			Asked: moment(q.AskedAt), Deny: words.Text("push.deny"), Denied: words.Text("push.deny_done"),
			Ended: words.Text("push.ended"), Failed: words.Text("push.deny_failed"),
		},
	}
	return r.send(p, n, q.ExpiresAt)
}

// send hands a notification to the push service of one phone. Its tag is its topic.
func (r *Room) send(p store.PushSubscription, n push.Notification, until time.Time) error {
	payload, err := n.Payload()
	if err != nil {
		return err
	}
	return r.Push.Send(subscriptionOf(p), push.Message{Payload: payload, Topic: n.Tag, Expires: until}, func(o push.Outcome) { r.woken(p, o) })
}

// newsFor is how long a phone may be off and is told that another one was added.
const newsFor = 24 * time.Hour

// Added tells the phones of a user that there is a new one, also those whose page is
// closed: a request that waits is not replaced by it.
func (r *Room) Added(ctx context.Context, userID int64, language string) {
	r.Tell(ctx, userID)
	if r.Push == nil {
		return
	}
	places, err := r.Store.PushSubscriptions(ctx, userID)
	if err != nil {
		r.Logger.Error("it could not be read where phones are woken", "user", userID, "error", err)
	}
	words := r.Words.Reader(language)
	n := push.Notification{
		Title: words.Text("push.added"), Body: words.Text("push.added_body"), Navigate: r.Origin + "/phone",
		Tag: r.Store.PushTopic("news", userID), Lang: words.Tag(),
	}
	for _, p := range places {
		if err := r.send(p, n, r.Now().Add(newsFor)); err != nil {
			r.Logger.Warn("a phone could not be told of a new one", "phone", p.PhoneID, "error", err)
		}
	}
}

// denial is what it takes to deny by a button of the notification: when the request was
// asked, as the phone's page has it, which tells it from others, and words.
type denial struct {
	Asked  string `json:"asked"`
	Deny   string `json:"deny"`
	Denied string `json:"denied"`
	Ended  string `json:"ended"`
	Failed string `json:"failed"`
}

// titles are what a lock screen shows of a request.
var titles = map[store.Kind]string{
	store.KindLogin: "ring.login", store.KindConfirm: "ring.confirm", store.KindTransfer: "push.transfer",
}

// woken notes what became of a push.
func (r *Room) woken(p store.PushSubscription, o push.Outcome) {
	if r.Pushed != nil {
		r.Pushed(string(o))
	}
	ctx, cancel := context.WithTimeout(context.Background(), notePushFor)
	defer cancel()
	if err := r.Store.NotePush(ctx, p, store.PushOutcome(o)); err != nil {
		r.Logger.Error("the outcome of a push could not be noted", "phone", p.PhoneID, "error", err)
	}
}

func subscriptionOf(p store.PushSubscription) push.Subscription {
	return push.Subscription{Endpoint: p.Endpoint, P256dh: p.P256dh, Auth: p.Auth}
}

// Pushes is how a phone is woken, for its page.
type Pushes struct {
	Key     string            `json:"key"`     // that its browser subscribes for; "" where no phone is woken
	Known   bool              `json:"known"`   // a subscription is kept
	Outcome store.PushOutcome `json:"outcome"` // of the last push, "" before the first
}

// Pushes says how a phone is woken.
func (r *Room) Pushes(ctx context.Context, p store.OwnPhone) (now Pushes, err error) {
	if r.Push == nil {
		return Pushes{}, nil
	}
	if now.Key, err = r.Push.PublicKey(); err != nil {
		return Pushes{}, err
	}
	kept, err := r.Store.PushSubscriptionOf(ctx, p.ID)
	if errors.Is(err, store.ErrNotFound) {
		return now, nil
	}
	now.Known, now.Outcome = true, kept.Outcome
	return now, err
}

// Woken is what became of the last push to each phone of a user that is woken, by its
// id; nil where this site wakes no phones.
func (r *Room) Woken(ctx context.Context, userID int64) (map[string]store.PushOutcome, error) {
	if r.Push == nil {
		return nil, nil
	}
	places, err := r.Store.PushSubscriptions(ctx, userID)
	outcomes := map[string]store.PushOutcome{}
	for _, p := range places {
		outcomes[p.PhoneID] = p.Outcome
	}
	return outcomes, err
}

// PushHealth is a word for how the push services took the last push, and when that was.
// ok is false where this site wakes no phones.
func (r *Room) PushHealth() (state string, last time.Time, ok bool) {
	if r.Push == nil {
		return "", time.Time{}, false
	}
	state, last = r.Push.Health()
	return state, last, true
}

// KeepPushes keeps where a phone is woken; nowhere for the zero value. What is kept
// already is not written again. push.ErrSubscription; store.ErrNotFound for a phone that
// was revoked, and where no phone is woken.
func (r *Room) KeepPushes(ctx context.Context, p store.OwnPhone, to push.Subscription) error {
	switch {
	case r.Push == nil:
		return store.ErrNotFound
	case to.Endpoint == "":
		return r.Store.ForgetPushSubscription(ctx, p.ID)
	}
	if err := r.Push.Check(to); err != nil {
		return err
	}
	kept, err := r.Store.PushSubscriptionOf(ctx, p.ID)
	if err == nil && kept.Endpoint == to.Endpoint && bytes.Equal(kept.P256dh, to.P256dh) && bytes.Equal(kept.Auth, to.Auth) {
		return nil
	}
	return r.Store.KeepPushSubscription(ctx, store.PushSubscription{PhoneID: p.ID, Endpoint: to.Endpoint, P256dh: to.P256dh, Auth: to.Auth})
}
