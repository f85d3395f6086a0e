package simulator_test

import (
	"context"
	"errors"
	"testing"

	"nod/simulator"
)

// The limits are the application's: alone, the simulator knows of none.
func TestLimitsAreResetWhereThereAreSome(t *testing.T) {
	newAda(t).post("/limits/reset", "").wantStatus(404)

	resets := 0
	s := newSim(t, func(c *simulator.Config) {
		c.ResetLimits = func(context.Context) error {
			if resets++; resets > 1 {
				return errors.New("the file is full")
			}
			return nil
		}
	})
	s.post("/limits/reset", "").want(200, `{"reset":true}`+"\n")
	s.post("/limits/reset", "").wantStatus(500)
}
