package handlers

import (
	"context"
	"maps"
	"slices"
	"time"
)

// OpenSessions is NewSessionStorage with another limit on waiting for a lock.
var OpenSessions = openSessions

// Changing marks a request as every form that has passed the guards.
var Changing = changing

// Prune deletes what has expired at a time.
func (s *SessionFile) Prune(ctx context.Context, now time.Time) error { return s.prune(ctx, now) }

// PageOf is the page that has the form of a path.
func PageOf(path string) string { return pageOf(path) }

// Changes are the paths of the forms that change an account.
func Changes() []string { return slices.Sorted(maps.Keys(changes)) }
