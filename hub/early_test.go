package hub_test

import (
	"testing"

	"nod/hub"
)

// An event that is published to a slot before its browser has joined cannot be
// delivered; Early reports it, so that the caller reads the state again.
func TestEarlyReportsAnEventBeforeJoin(t *testing.T) {
	h := hub.New(hub.Options{})
	t.Cleanup(func() { h.Shutdown(t.Context(), 1012) })
	for name, send := range map[string]func(key string) int{
		"event": func(key string) int { return h.Publish(key, []byte(`{}`), true) },
		"close": func(key string) int { return h.CloseKey(key, 1008, "") },
	} {
		t.Run(name, func(t *testing.T) {
			quiet, err := h.Reserve("other", "")
			if err != nil {
				t.Fatal(err)
			}
			defer quiet.Release()
			slot, err := h.Reserve("key", "")
			if err != nil {
				t.Fatal(err)
			}
			defer slot.Release()
			if slot.Early() {
				t.Error("early before anything was sent")
			}
			if told := send("key"); told != 0 {
				t.Errorf("%d were told, but nobody has joined", told)
			}
			if !slot.Early() || quiet.Early() {
				t.Errorf("got early %v and %v, want only the slot of this key", slot.Early(), quiet.Early())
			}
		})
	}
}
