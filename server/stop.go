package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// stopLimit is the longest that stopping takes, all steps together.
const stopLimit = 5 * time.Second

// step is one thing to end, and how long it may take.
type step struct {
	name  string
	limit time.Duration
	end   func(context.Context) error
}

// steps end in the reverse order in which they were added.
type steps struct {
	list   []step
	factor int // how many times longer than its limit each may take; 0 = 1
}

func (s *steps) add(name string, limit time.Duration, end func(context.Context) error) {
	s.list = append(s.list, step{name, s.stretched(limit), end})
}

func (s *steps) stretched(limit time.Duration) time.Duration {
	return limit * time.Duration(max(s.factor, 1))
}

// stop ends all steps, even if one fails or takes too long, and returns all
// errors.
func (s *steps) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), s.stretched(stopLimit))
	defer cancel()
	var problems []error
	for _, step := range slices.Backward(s.list) {
		if err := step.run(ctx); err != nil {
			problems = append(problems, fmt.Errorf("stopping %s: %w", step.name, err))
		}
	}
	s.list = nil
	return errors.Join(problems...)
}

// run stops waiting at the limit: what hangs ends with the process.
func (s step) run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- s.end(ctx) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	// The step watches the same context and may be about to return.
	select {
	case err := <-ended:
		return err
	case <-time.After(s.limit / 10):
		return ctx.Err()
	}
}

// closing makes the end of a step from a Close.
func closing(end func() error) func(context.Context) error {
	return func(context.Context) error { return end() }
}
