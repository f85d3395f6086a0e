package server

import (
	"context"
	"fmt"
	"net"
	"time"

	"nod/authy"
	"nod/handlers"
	"nod/hub"
	"nod/locales"
	"nod/metrics"
	"nod/places"
	"nod/providers"
	"nod/signin"
	"nod/store"
	"nod/views"
	"nod/wire"
)

// rooms are the parts of the application that are started and stopped.
type rooms struct {
	flow     *signin.Flow
	handlers *handlers.Handlers
	hub      *hub.Hub
	metrics  *metrics.Metrics
}

// connect gives each room what it needs. key is the provider's.
func (s *site) connect(ctx context.Context, db *store.Store, sessions handlers.Sessions, key string) (rooms, error) {
	peers, err := s.peers()
	if err != nil {
		return rooms{}, err
	}
	var counts *metrics.Metrics
	waiting := hub.New(hub.Options{
		Total: waitingLimit(), PerAddr: s.WaitingPerAddress,
		OnEnd: func(kind hub.Kind, end hub.End) { counts.WaitEnded(kind.String(), end.String()) },
	})
	s.hub.Store(waiting)
	counts = metrics.New(waiting.Waiting, nil)
	s.watch(counts, db, sessions)
	words, err := locales.New()
	if err != nil {
		return rooms{}, err
	}
	provider := s.provider(key, words, counts)
	where, err := s.openPlaces()
	if err != nil {
		return rooms{}, err
	}
	browsers := handlers.Browsers{Hub: waiting, Now: s.now}
	if err := s.warnOfPhonesElsewhere(ctx, db); err != nil {
		return rooms{}, err
	}
	own, err := s.ownPhones(db, browsers, words, counts)
	if err != nil {
		return rooms{}, err
	}
	flow, err := signin.New(ctx, signin.Config{
		Store: db, Phones: provider, Codes: provider, Browsers: s.browsers(browsers), Own: ownOrNone(own), OwnOnly: s.OwnOnly(),
		Peers: peers, Withdrawals: s.withdrawals(key), Places: where, Site: hostname(s.PublicURL), Counter: counts, ApprovalTTL: s.ApprovalTTL, Now: s.now, Logger: s.logger,
	})
	if err != nil {
		return rooms{}, err
	}
	formKey, err := db.Secret(ctx, "csrf")
	if err != nil {
		return rooms{}, err
	}
	deviceKey, err := db.Secret(ctx, "device")
	if err != nil {
		return rooms{}, err
	}
	pages, err := views.Parse(words.Languages())
	if err != nil {
		return rooms{}, err
	}
	h, err := handlers.New(handlers.Config{
		Flow: flow, Hub: waiting, Pages: pages, Words: words, Provider: provider, SessionStorage: sessions, FormKey: formKey, DeviceKey: deviceKey,
		Phone: own, PublicURL: s.PublicURL, PhonesURL: s.phonesURL, PhonesReady: s.phonesReady, SessionMax: s.SessionMax,
		Demo: s.demo(), TrustedProxies: s.TrustedProxies, Version: s.Build.String(), Metrics: counts, Tracer: s.tracer, Now: s.now, Logger: s.logger,
	})
	if err != nil {
		return rooms{}, err
	}
	return rooms{flow: flow, handlers: h, hub: waiting, metrics: counts}, nil
}

// watch has the metrics tell of the build and of what is waited for.
func (s *site) watch(counts *metrics.Metrics, db *store.Store, sessions handlers.Sessions) {
	s.limited.Store(counts)
	counts.Build(s.Build.Release, s.Build.Commit)
	counts.Hashes(db.Hashes)
	for name, stats := range db.Pools() {
		counts.Pool(name, stats)
	}
	counts.Pool("sessions", sessions.Stats)
}

// openPlaces opens what says where an address is; nil where nothing does.
func (s *site) openPlaces() (signin.Places, error) {
	if s.GeoIP == "" {
		return nil, nil
	}
	file, err := places.Open(s.GeoIP)
	if err != nil {
		return nil, fmt.Errorf("GEOIP_DB: %w", err)
	}
	return file, nil
}

// provider is who reaches phones that have a number.
type provider interface {
	signin.Phones
	signin.Codes
	handlers.Provider
}

// provider reaches the phones: Authy, or the simulator, which speaks its wire.
func (s *site) provider(key string, words *locales.Catalogue, counts *metrics.Metrics) provider {
	if s.OwnOnly() {
		return providers.None{}
	}
	client := s.authyClient(key)
	provider := &providers.Authy{
		API: client, Words: words, APIKey: key, CallbackURL: s.PublicURL + callbackPath,
		LogoURL: s.PublicURL + logoPath, Counter: counts, Now: s.Now,
	}
	client.Observe = provider.Observe
	return provider
}

// withdrawals is what tells simulated phones that nobody waits any more; nil for
// real ones, which cannot be told.
func (s *site) withdrawals(key string) signin.Withdrawals {
	if !s.Simulated() {
		return nil
	}
	return providers.Simulated{API: s.authyClient(key)}
}

func (s *site) authyClient(key string) *authy.Client {
	client := authy.NewClient(s.apiURL, key)
	if s.tracer != nil {
		client.Trace = s.tracer.Call
	}
	if s.recorder != nil {
		client.Wrap = func(conn net.Conn) net.Conn { return s.recorder.Conn(conn, wire.Provider) }
	}
	return client
}

// openDatabases opens the application's database and the session storage
// beside it. They are closed last, and may take what time is left.
func (s *site) openDatabases(ctx context.Context) (*store.Store, handlers.Sessions, error) {
	db, err := store.Open(ctx, s.database(), s.storeOptions())
	if err != nil {
		return nil, nil, err
	}
	s.running.add("the database", stopLimit, closing(db.Close))
	if err := s.refuseForeignFactors(ctx, db); err != nil {
		return nil, nil, err
	}
	if s.onPostgres() {
		s.now = db.Now // the same for all processes on the database
		// Each would sign and seal what the others cannot check and open.
		if err := db.NoteKey(ctx); err != nil {
			return nil, nil, err
		}
	}
	sessions, err := s.openSessions(ctx)
	if err != nil {
		return nil, nil, err
	}
	s.running.add("the sessions", stopLimit, closing(sessions.Close))
	problem := func(err error) { s.logger.Error("old rows could not be pruned", "error", err) }
	unsigned := func(err error) { s.logger.Error("the audit trail could not be signed", "error", err) }
	s.inBackground("signing the audit trail", func(ctx context.Context) { db.KeepTrailSigned(ctx, unsigned) })
	s.inBackground("the clock", func(ctx context.Context) {
		db.KeepTime(ctx, func(err error) { s.logger.Error("the clock of the database could not be read", "error", err) })
	})
	s.inBackground("pruning", func(ctx context.Context) { db.KeepPruned(ctx, problem) })
	s.inBackground("pruning the sessions", func(ctx context.Context) { sessions.KeepPruned(ctx, problem) })
	return db, sessions, nil
}

func (s *site) storeOptions() store.Options {
	return store.Options{
		Provider: s.providerName(), LegacyProvider: s.legacyProvider(), SecretKey: []byte(s.SecretKey),
		SessionIdle: s.SessionIdle, SessionMax: s.SessionMax,
		CodesPerCountry: s.CodesPerCountry, CodesPerSite: s.CodesPerSite, Demo: s.Demo, OneSource: s.Demo, Now: s.storeClock(),
		Logger: s.logger, OnLimit: func(limit string) { s.limited.Load().Limited(limit) },
	}
}

// storeClock is the clock of this process, nil where the database's is to be used.
func (s *site) storeClock() func() time.Time {
	if s.onPostgres() {
		return nil
	}
	return s.now
}
