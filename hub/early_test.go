package hub_test

import (
	"testing"

	"nod/hub"
)

// What is published to a place before its browser has joined is not lost
// without a word: who read the state in between is told to read it again.
func TestAPlaceRemembersWhatNobodyHeard(t *testing.T) {
	h := hub.New(hub.Options{})
	t.Cleanup(func() { h.Shutdown(t.Context(), 1012) })
	for name, send := range map[string]func(key string) int{
		"an event": func(key string) int { return h.Publish(key, []byte(`{}`), true) },
		"a close":  func(key string) int { return h.CloseKey(key, 1008, "") },
	} {
		t.Run(name, func(t *testing.T) {
			quiet, err := h.Reserve("other", "")
			if err != nil {
				t.Fatal(err)
			}
			defer quiet.Release()
			place, err := h.Reserve("key", "")
			if err != nil {
				t.Fatal(err)
			}
			defer place.Release()
			if place.Early() {
				t.Error("early before anything was sent")
			}
			if told := send("key"); told != 0 {
				t.Errorf("%d were told, but nobody has joined", told)
			}
			if !place.Early() || quiet.Early() {
				t.Errorf("got early %v and %v, want only the place of this key", place.Early(), quiet.Early())
			}
		})
	}
}
