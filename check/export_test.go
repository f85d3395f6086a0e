package check

import "time"

// No check of the tests is meant to time out, however busy the machine is.
func init() { timeout = 24 * time.Hour }
