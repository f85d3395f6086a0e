package push

import "encoding/json"

// Notification is what a phone shows. Browsers that know declarative pushes show it
// without asking a script; the service worker of others reads the same.
type Notification struct {
	Title    string `json:"title"`
	Body     string `json:"body"`
	Navigate string `json:"navigate"` // what opens with a tap: an absolute URL
	Tag      string `json:"tag"`      // a later one with the same tag takes its place
	Lang     string `json:"lang"`     // BCP 47

	// Worker is for the worker of the page, as JSON: browsers that show the notification by
	// themselves do not read it.
	Worker any `json:"-"`
}

// declarative is the number by which browsers know the format: that of RFC 8030.
const declarative = 8030

// Payload is the notification as a message carries it.
func (n Notification) Payload() ([]byte, error) {
	return json.Marshal(struct {
		WebPush      int          `json:"web_push"`
		Notification Notification `json:"notification"`
		Worker       any          `json:"worker,omitempty"`
	}{declarative, n, n.Worker})
}
