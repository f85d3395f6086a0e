package server

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"nod/authy"
	"nod/handlers"
	"nod/hub"
	"nod/metrics"
	"nod/store"
)

// rooms are the parts of the application that are started and stopped.
type rooms struct {
	handlers *handlers.Handlers
	hub      *hub.Hub
	metrics  *metrics.Metrics
}

// connect opens the databases and gives each room what it needs. key is the
// provider's.
func (s *site) connect(ctx context.Context, key string) (rooms, error) {
	db, sessions, err := s.openDatabases(ctx)
	if err != nil {
		return rooms{}, err
	}
	waiting := hub.New(hub.Options{Total: waitingLimit(), PerAddr: s.WaitingPerAddress})
	counts := metrics.New(waiting.Waiting, nil)
	client := authy.NewClient(s.apiURL, key)
	h, err := handlers.New(handlers.Config{
		Store: db, Hub: waiting, Authy: client, SessionStorage: sessions,
		PublicURL: s.PublicURL, APIKey: key, PhonesURL: s.phonesURL,
		ApprovalTTL: s.ApprovalTTL, SessionMax: s.SessionMax,
		TrustedProxies: s.TrustedProxies, Metrics: counts, Logger: s.logger,
	})
	if err != nil {
		return rooms{}, err
	}
	client.Observe = h.ObserveProvider
	return rooms{handlers: h, hub: waiting, metrics: counts}, nil
}

// openDatabases opens the application's database and the session storage
// beside it. They are closed last, and may take what time is left.
func (s *site) openDatabases(ctx context.Context) (*store.Store, fiber.Storage, error) {
	db, err := store.Open(ctx, s.Database, store.Options{SessionIdle: s.SessionIdle, SessionMax: s.SessionMax})
	if err != nil {
		return nil, nil, err
	}
	s.running.add("the database", stopLimit, closing(db.Close))
	sessions, err := handlers.NewSessionStorage(beside(s.Database, "sessions"))
	if err != nil {
		return nil, nil, err
	}
	s.running.add("the sessions", stopLimit, closing(sessions.Close))
	return db, sessions, nil
}
