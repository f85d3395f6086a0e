package providers

import "nod/authy"

// noticeLine is the newest notice, and how many more there are; nothing without
// one. It only tells: what is approved is the request that it stands in.
func (a asker) noticeLine() []authy.Detail {
	notices := a.q.Notices
	if len(notices) == 0 {
		return nil
	}
	n := notices[0]
	text := a.Text("ring.told", "what", a.Text("ring.told."+string(n.Kind)), "time", a.Minute(n.At))
	if more := len(notices) - 1; more > 0 {
		text = a.Text("ring.told_more", "told", text, "count", more)
	}
	return []authy.Detail{a.detail("ring.notice", text)}
}
