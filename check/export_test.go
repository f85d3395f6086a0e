package check

import (
	"testing"
	"time"
)

// No check of the tests is meant to time out, however busy the machine is.
func init() { timeout, arrival, silence = 24*time.Hour, 24*time.Hour, 24*time.Hour }

// SetArrival is for messages that never arrive.
func SetArrival(t *testing.T, d time.Duration) {
	arrival = d
	t.Cleanup(func() { arrival = 24 * time.Hour })
}
