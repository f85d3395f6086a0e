package server

import (
	"context"
	"crypto/rand"

	"nod/handlers"
	"nod/nudges"
	"nod/signin"
	"nod/store"
)

// database is what the store opens: a path or a URL.
func (s *site) database() string {
	if s.Postgres != "" {
		return string(s.Postgres)
	}
	return s.Database
}

// onPostgres says whether other processes may serve the same database.
func (s *site) onPostgres() bool { return s.Postgres != "" }

// openSessions opens Fiber's sessions beside the database, or in it.
func (s *site) openSessions(ctx context.Context) (handlers.Sessions, error) {
	if s.onPostgres() {
		return handlers.NewSessionTable(ctx, s.database())
	}
	return handlers.NewSessionStorage(beside(s.Database, "sessions"))
}

// peers are the other processes on the database; nil where there can be none. What is
// heard before the application is put together concerns nobody.
func (s *site) peers() (signin.Peers, error) {
	if !s.onPostgres() {
		return nil, nil
	}
	connect, err := store.ServerConfig(s.database())
	if err != nil {
		return nil, err
	}
	n := nudges.New(nudges.Options{
		Connect: connect,
		Heard: func(ctx context.Context, word string) {
			if flow := s.flow.Load(); flow != nil {
				flow.Heard(ctx, word)
			}
		},
		Missed: func(ctx context.Context) {
			if flow := s.flow.Load(); flow != nil {
				flow.Missed(ctx)
			}
		},
		Logger: s.logger,
	}, rand.Text())
	s.inBackground("the nudges", n.Run)
	return n, nil
}
